"""The one writer of a store."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Engine, Table, delete, select, update
from sqlalchemy.engine import URL

from monitor.model.records import Device, Finding, FlowRecord
from monitor.store import engine as engines
from monitor.store import queries, rows, schema, sums, upsert
from monitor.store.live_tables import TOTALS
from monitor.store.shared import Shared
from monitor.store.tables import CAMERAS, FINDINGS, FLOWS, RUNS

BATCH_ROWS = 10_000
"""Flows in one transaction. More is hardly faster, and more is lost when a run is broken off."""

RUNNING, FINISHED = "running", "finished"

OF_A_RUN = (FLOWS, TOTALS, CAMERAS, FINDINGS)
"""Tables whose rows go with their run."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RunStart:
    """What is known of a run when it begins."""

    id: str
    """Follows from inputs and settings: SHA-256 in hex."""

    started_ns: int
    inputs: Sequence[Mapping[str, Any]] = ()
    versions: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Program, catalogue, databases: what else the results depend on."""


class Store:
    """A database that runs are written to, by one thread at a time.

    Every method raises `StoreError` when the database does not do its part. What was written up
    to then stays; to repeat the run is to complete it. As a context manager it closes at the end;
    after an exception, flows that were taken but not written yet are dropped.
    """

    def __init__(self, engine: Engine, url: URL) -> None:
        self.url = url
        self._engine = engine
        self._run_no = 0
        self._flows: list[tuple[Any, ...]] = []
        self._insert_flows = upsert.FastUpsert(FLOWS, engine.dialect, upsert.replacing(FLOWS))
        self._shared = Shared()
        self._vlans: dict[str, int | None] = {}

    @classmethod
    def open(cls, url: str, busy_timeout_s: float = engines.BUSY_TIMEOUT_S) -> "Store":
        """Open a database, and create or upgrade its schema.

        Args:
            url: ``sqlite:///FILE`` or ``postgresql://USER:PASSWORD@HOST/NAME``.
            busy_timeout_s: How long to wait for another writer (SQLite).

        Raises:
            StoreError: It cannot be reached or written, or its schema is newer or not ours.
        """
        parsed = engines.parse(url)
        engine = engines.connect(parsed, busy_timeout_s)
        try:
            with engines.explained(parsed):
                schema.upgrade(engine, parsed)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine, parsed)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self._engine.dispose()

    def begin_run(self, start: RunStart) -> None:
        """Start a run, or the repetition of one.

        A repetition by the same versions writes the same rows over the old ones. Where a version
        differs the old rows go first, because the new ones may be other rows.
        """
        values: rows.Row = {
            "id": start.id,
            "state": RUNNING,
            "started_ns": start.started_ns,
            "finished_ns": None,
            "inputs": [dict(item) for item in start.inputs],
            "versions": dict(start.versions),
            "counters": {},
        }
        self._flows, self._vlans = [], {}
        self._shared.at(start.started_ns)
        with engines.explained(self.url), self._engine.begin() as connection:
            same = RUNS.c.id == start.id
            known = connection.execute(select(RUNS.c.no, RUNS.c.versions).where(same)).first()
            if known is not None:
                if known.versions != dict(start.versions):
                    for table in OF_A_RUN:
                        connection.execute(delete(table).where(table.c.run_no == known.no))
                connection.execute(update(RUNS).where(same).values(values))
            else:
                connection.execute(RUNS.insert().values(values))
            self._run_no = connection.execute(select(RUNS.c.no).where(same)).scalar_one()

    def write(self, records: Iterable[FlowRecord]) -> None:
        """Take flows; they are in the database after `BATCH_ROWS` of them, `flush` or `finish_run`."""
        run_no = self._begun()
        flows = self._flows
        vlans = self._vlans
        shared = self._shared
        for record in records:
            destination_id = shared.destination(record.destination)
            evidence_id = shared.evidence(record.verdict.evidence)
            flows.append(rows.flow_row(record, run_no, destination_id, evidence_id))
            ip = record.camera.ip
            if ip not in vlans:
                vlans[ip] = record.vlan
            if len(flows) >= BATCH_ROWS:
                self.flush()

    def flush(self) -> None:
        """Write what was taken, in one transaction."""
        if not self._flows:
            return
        with engines.explained(self.url), self._engine.begin() as connection:
            self._shared.write(connection)
            self._insert_flows.write(connection, self._flows)
        self._shared.written()
        self._flows.clear()

    def write_devices(self, devices: Iterable[Device]) -> None:
        """Put these in the place of the run's cameras."""
        run_no = self._begun()
        made = [
            rows.camera_row(d, run_no, self._vlans.get(d.ip), self._shared.used_ns) for d in devices
        ]
        self._replace(CAMERAS, made)

    def write_findings(self, findings: Iterable[Finding]) -> None:
        """Put these in the place of the run's findings."""
        run_no = self._begun()
        made = [rows.finding_row(f, run_no, at) for at, f in enumerate(findings)]
        self._replace(FINDINGS, made)

    def finish_run(
        self,
        *,
        finished_ns: int,
        counters: Mapping[str, Any],
        inputs: Sequence[Mapping[str, Any]] = (),
        run_id: str = "",
    ) -> None:
        """Write the rest and mark the run as finished.

        Args:
            finished_ns: When, ns since 1970.
            counters: What was counted.
            inputs: What is known of the inputs now that they were read; empty leaves them.
            run_id: The id that follows from the inputs, where they could not be read before the
                run (standard input). An earlier run of that id makes room for this one.
        """
        run_no = self._begun()
        self.flush()
        values: rows.Row = {
            "state": FINISHED,
            "finished_ns": finished_ns,
            "counters": dict(counters),
        }
        if inputs:
            values["inputs"] = [dict(item) for item in inputs]
        with engines.explained(self.url), self._engine.begin() as connection:
            if run_id:
                values["id"] = run_id
                earlier = (RUNS.c.id == run_id) & (RUNS.c.no != run_no)
                for old in connection.execute(select(RUNS.c.no).where(earlier)).scalars().all():
                    for table in OF_A_RUN:
                        connection.execute(delete(table).where(table.c.run_no == old))
                    connection.execute(delete(RUNS).where(RUNS.c.no == old))
            sums.of_run(connection, run_no)
            connection.execute(update(RUNS).where(RUNS.c.no == run_no).values(values))
        self._run_no = 0

    def summary(self, run_id: str) -> queries.RunSummary | None:
        """Return a run in numbers, or None where there is no such run."""
        with engines.explained(self.url), self._engine.connect() as connection:
            reading = connection.execution_options(**engines.READS)
            return queries.summarise(reading, run_id)

    def close(self) -> None:
        """Write what was taken and let go of the database."""
        try:
            self.flush()
        finally:
            self._engine.dispose()

    def _begun(self) -> int:
        if not self._run_no:
            raise ValueError("no run was begun")
        return self._run_no

    def _replace(self, table: Table, made: list[rows.Row]) -> None:
        self.flush()
        with engines.explained(self.url), self._engine.begin() as connection:
            connection.execute(delete(table).where(table.c.run_no == self._run_no))
            if made:
                connection.execute(table.insert(), made)
