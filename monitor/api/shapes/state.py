"""Runs, sensors, deliveries, jobs, the audit log, health, catalogue and about."""

from typing import Any

from pydantic import Field
from sqlalchemy import RowMapping

from monitor.api.shapes.common import EvidenceItem, Moment, Shape, moment
from monitor.model.clock import utc_text


class RunInput(Shape):
    """A capture that was read."""

    name: str = Field(description="File name, as uploaded where it was")
    sha256: str | None
    frames: int | None
    fault: str | None = Field(description="Why it could not be read to its end")


class Run(Shape):
    """A replay, or the flows of a sensor."""

    id: str
    kind: str = Field(description="`sensor` or `replay`")
    state: str = Field(description="`running` (or broken off), `finished`")
    started: Moment
    finished: Moment | None
    inputs: list[RunInput]
    versions: dict[str, str]


class Finding(Shape):
    """A fact worth keeping that a replay found."""

    rule: str
    severity: str
    title: str
    camera: str | None = Field(description="Null: all")
    explanation: str
    first: Moment
    last: Moment
    flows: int
    evidence: list[EvidenceItem]
    flow_ids: list[str] = Field(description="A few of the flows")


class RunDetail(Shape):
    """One run in numbers."""

    run: Run
    first: Moment | None = Field(description="Begin of the earliest flow; null: no flows")
    last: Moment | None = Field(description="End of the last flow")
    flows: int
    cameras: int
    counters: dict[str, Any] = Field(description="Every counter at the end")
    findings: list[Finding]


class Sensor(Shape):
    """A live sensor, by its own words."""

    name: str
    run: str | None
    version: str
    started: Moment
    seen: Moment = Field(description="When it last wrote to the store")
    age_s: float = Field(description="How long ago that was")
    is_fresh: bool = Field(description="Whether that was within two minutes")
    status: dict[str, Any] = Field(description="Interfaces, counters, losses, coverage")


class Sensors(Shape):
    """Live sensors."""

    items: list[Sensor]


class Delivery(Shape):
    """A message to a target."""

    id: int
    message_id: str
    target: str
    type: str
    alert_id: str | None
    state: str = Field(description="`pending`, `delivered`, `dead`")
    created: Moment
    due: Moment
    attempts: int
    settled: Moment | None = Field(description="When it was acknowledged or given up")
    status: int | None = Field(description="Status of the last answer; null: none came")
    error: str | None


class Target(Shape):
    """Where messages go."""

    name: str
    failures: int = Field(description="In a row")
    paused_until: Moment | None = Field(description="Not tried before; null: it is tried")
    is_gone: bool
    last_success: Moment | None
    last_error: str | None


class Targets(Shape):
    """Where messages go."""

    items: list[Target]


class Job(Shape):
    """An uploaded capture and its replay."""

    id: str
    file_name: str
    bytes: int
    sha256: str
    state: str = Field(description="`waiting`, `running`, `finished`, `failed`, `cancelled`")
    progress: int = Field(description="Percent of the capture")
    error: str | None
    run: str | None = Field(description="Run of the result")
    author: str
    created: Moment
    finished: Moment | None


class AuditEntry(Shape):
    """Something that somebody wrote."""

    id: int
    at: Moment
    author: str
    action: str
    subject: str
    detail: dict[str, Any]


class Entry(Shape):
    """An entry of the catalogue."""

    id: str
    maker: str
    match: str = Field(description="When it fits")
    usual: list[str] = Field(description="Hosts that are usual for it")
    purpose: str
    also: list[str]
    confidence: str
    side: str | None
    about: str
    source: list[str]
    seen: str = Field(description="When the source was looked at")
    file: str


class Explanation(Shape):
    """What a name or an address alone would be taken for."""

    asked: str
    host: str
    answers: dict[str, Any] = Field(description="By transport: purpose, confidence, evidence")
    entries: list[dict[str, Any]]


class DataSet(Shape):
    """Data that answers rest on."""

    name: str
    about: str
    date: str | None
    licence: str
    attribution: str
    url: str | None
    is_bundled: bool


class Contact(Shape):
    """Something that camwatch itself contacts."""

    what: str
    where: str
    when: str


class About(Shape):
    """The program, its data, and whom it contacts."""

    version: str
    python: str
    store: str = Field(description="Kind of database")
    licence: str
    data_sets: list[DataSet]
    contacts: list[Contact] = Field(
        description="Everything that this program contacts by its settings; empty: nothing"
    )
    contacts_note: str


class Health(Shape):
    """How the parts are."""

    status: str = Field(description="`ok` or `degraded`")
    store: str
    sensors: int
    stale_sensors: list[str]
    event_clients: int
    waiting_jobs: int
    kept_captures: int = Field(description="Uploaded captures in the directory")
    kept_bytes: int = Field(description="Their size")
    removed_captures: int = Field(description="Given up for newer ones or by age, since the start")


class Alive(Shape):
    """That the process answers."""

    status: str


class Session(Shape):
    """Who asks."""

    name: str
    role: str
    is_session: bool = Field(description="By the cookie of the page")


def run(row: RowMapping, uploaded: str | None) -> Run:
    """Return a run as the store keeps it; `uploaded` is the file name of an upload."""
    is_sensor = row["id"].startswith("sensor:")
    return Run(
        id=row["id"],
        kind="sensor" if is_sensor else "replay",
        state=row["state"],
        started=utc_text(row["started_ns"]),
        finished=moment(row["finished_ns"]),
        inputs=[
            RunInput(
                # The path of a file tells about the machine; its name is enough.
                name=uploaded or str(one.get("name", "")).rpartition("/")[2],
                sha256=one.get("sha256") or None,
                frames=one.get("frames"),
                fault=one.get("fault") or None,
            )
            for one in row["inputs"]
        ],
        versions={str(key): str(value) for key, value in row["versions"].items()},
    )


def job(row: RowMapping) -> Job:
    """Return a job as the store keeps it."""
    return Job(
        id=row["id"],
        file_name=row["file_name"],
        bytes=row["bytes"],
        sha256=row["sha256"],
        state=row["state"],
        progress=row["progress"],
        error=row["error"] or None,
        run=row["run_id"] or None,
        author=row["author"],
        created=utc_text(row["created_ns"]),
        finished=moment(row["finished_ns"]),
    )
