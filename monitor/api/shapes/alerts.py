"""Alerts, what happened to them, and silences."""

from pydantic import Field
from sqlalchemy import RowMapping

from monitor.api.shapes.common import EvidenceItem, Moment, Shape, evidence_items, moment
from monitor.model.clock import utc_text


class Subject(Shape):
    """A camera that an alert names."""

    ip: str
    mac: str | None
    name: str | None
    maker: str | None
    brand: str | None
    vlan: int | None


class Alert(Shape):
    """Something that is going on."""

    id: str
    fingerprint: str = Field(description="The same whenever this is opened again")
    sensor: str
    rule: str
    severity: str = Field(description="`info`, `low`, `medium`, `high`, `critical`")
    title: str
    explanation: str = Field(description="What it means, and what to do")
    state: str = Field(description="`open` or `resolved`")
    cameras: list[Subject]
    operator: str | None
    operator_country: str | None
    destinations: list[str]
    opened: Moment
    updated: Moment
    last: Moment = Field(description="Last flow or event that showed it")
    resolved: Moment | None
    times: int = Field(description="Flows or events that showed it")
    evidence: list[EvidenceItem]
    flow_ids: list[str] = Field(description="A few of the flows")
    runbook: str | None = Field(description="Page that says how to look into it")
    acknowledged_by: str | None
    acknowledged: Moment | None


class AlertEvent(Shape):
    """Something that happened to an alert."""

    id: int
    at: Moment
    kind: str = Field(description="`opened`, `updated`, `resolved`, `acknowledged`, `note`, ...")
    author: str | None = Field(description="Null: the sensor")
    text: str


class Silence(Shape):
    """What is kept quiet, by whom, why, and until when."""

    id: str
    matches: dict[str, str]
    author: str
    reason: str
    created: Moment
    until: Moment
    is_in_force: bool


class AlertDetail(Shape):
    """One alert with its history."""

    alert: Alert
    run: str | None = Field(description="Run that its flows are of")
    events: list[AlertEvent] = Field(description="Oldest first")


def alert(row: RowMapping) -> Alert:
    """Return an alert as the store keeps it."""
    return Alert(
        id=row["id"],
        fingerprint=row["fingerprint"],
        sensor=row["sensor"],
        rule=row["rule"],
        severity=row["severity"],
        title=row["title"],
        explanation=row["explanation"],
        state=row["state"],
        cameras=[
            Subject(
                ip=one["ip"],
                mac=one.get("mac") or None,
                name=one.get("name") or None,
                maker=one.get("maker") or None,
                brand=one.get("brand") or None,
                vlan=one.get("vlan"),
            )
            for one in row["subjects"]
        ],
        operator=row["operator"] or None,
        operator_country=row["operator_country"] or None,
        destinations=list(row["destinations"]),
        opened=utc_text(row["opened_ns"]),
        updated=utc_text(row["updated_ns"]),
        last=utc_text(row["last_ns"]),
        resolved=moment(row["resolved_ns"]),
        times=row["times"],
        evidence=evidence_items(row["evidence"]),
        flow_ids=list(row["flow_ids"]),
        runbook=row["runbook"] or None,
        acknowledged_by=row["acknowledged_by"] or None,
        acknowledged=moment(row["acknowledged_ns"]),
    )


def event(row: RowMapping) -> AlertEvent:
    """Return an event as the store keeps it."""
    return AlertEvent(
        id=row["id"],
        at=utc_text(row["at_ns"]),
        kind=row["kind"],
        author=row["author"] or None,
        text=row["text"],
    )


def silence(row: RowMapping, now_ns: int) -> Silence:
    """Return a silence as the store keeps it."""
    return Silence(
        id=row["id"],
        matches={str(key): str(value) for key, value in row["matches"].items()},
        author=row["author"],
        reason=row["reason"],
        created=utc_text(row["created_ns"]),
        until=utc_text(row["until_ns"]),
        is_in_force=row["until_ns"] > now_ns,
    )
