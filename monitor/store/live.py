"""The live sensor's writer: what one step of the keeper gives is one transaction, once and altogether.

    store = LiveStore.open(url, "gate-1", version="1.2.0", started_ns=now_ns)
    backlog = Backlog(store)                       # `backlog`: a thread; never blocks, never raises
    backlog.put(Step(
        now_ns=now_ns, records=[batch, ...], devices=[...], learnt=engine.dirty(), status={...},
        writes=[lambda c: alerts.write(c, changes), lambda c: outbox.enqueue(c, messages, targets)],
    ))
    ...
    lost = backlog.close(timeout_s=20)             # writes the rest

A step is a value, not a ``with`` block, because a store that is locked, full or gone makes it wait
and be tried again: so functions in `writes` may be called more than once, and must take everything
that they write from their own values. A step is never half in the store, and never in it twice.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias, TypeVar

import numpy as np
from sqlalchemy import Connection, Engine, delete, select, update
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from monitor.errors import StoreError
from monitor.model.arrays import VLAN_NONE
from monitor.model.records import Device
from monitor.model.rows import RecordBatch, selected
from monitor.store import engine as engines
from monitor.store import rows, schema, sums, upsert
from monitor.store.alert_tables import LEARNT
from monitor.store.batch_rows import flow_rows
from monitor.store.live_tables import SENSORS, TOTALS
from monitor.store.shared import Shared
from monitor.store.tables import CAMERAS, FLOWS, RUNS

LIVE = "live"
"""State of a sensor's row in `runs`: it has no end."""

MOST_DEVICES = 1 << 16
"""Devices that are remembered as written. When full, all are forgotten and written again as they come."""

ASKED_AT_ONCE = 500

T = TypeVar("T")

Learnt: TypeAlias = tuple[str, str, Any, int, int]
"""One thing that was learnt: kind, key, value (JSON; None: forget it), first and last seen in ns."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What the keeper has to write at one time."""

    now_ns: int
    """The keeper's clock, ns since 1970."""

    records: Sequence[RecordBatch] = ()
    devices: Sequence[Device] = ()
    """Devices that changed without a flow; those of the records are written by themselves."""

    learnt: Sequence[Learnt] = ()
    status: Mapping[str, Any] | None = None
    """For `sensors.status`; None leaves what stands there."""

    writes: Sequence[Callable[[Connection], None]] = ()
    """What others write in the same transaction: alerts, deliveries."""

    @property
    def flows(self) -> int:
        """How many flows it holds."""
        return sum(len(batch) for batch in self.records)


class RefusedError(StoreError):
    """The database will never take this step: a value, not the state of the database, is at fault."""


class LiveStore:
    """A database that one live sensor writes to, by one thread at a time."""

    def __init__(self, engine: Engine, url: URL, sensor: str, started_ns: int) -> None:
        self.url = url
        self.sensor = sensor
        self.run_no = 0
        """Row of `runs` that the sensor's flows belong to."""

        self.duplicates = 0
        """Flows that were in the store already, and so were not written or summed up again."""

        self._engine = engine
        self._started_ns = started_ns
        self._number = 0
        self._tried: Step | None = None
        self._shared = Shared()
        self._insert_flows = upsert.FastUpsert(FLOWS, engine.dialect, upsert.KEEPING)
        self._add_totals = upsert.FastUpsert(TOTALS, engine.dialect, sums.RULES)
        self._devices: dict[str, tuple[Device, int | None]] = {}

    @classmethod
    def open(
        cls,
        url: str,
        sensor: str,
        *,
        version: str,
        started_ns: int,
        busy_timeout_s: float = engines.BUSY_TIMEOUT_S,
    ) -> "LiveStore":
        """Open a database, bring its schema up to date, and enter the sensor.

        Args:
            url: ``sqlite:///FILE`` or ``postgresql://USER:PASSWORD@HOST/NAME``.
            sensor: Its name in the settings: its flows of yesterday and of today are one run.
            version: Of the program.
            started_ns: When the process began, ns since 1970. Whoever began last may write.
            busy_timeout_s: How long to wait for another writer (SQLite).

        Raises:
            StoreError: It cannot be reached or written, or its schema is newer or not ours.
        """
        parsed = engines.parse(url)
        engine = engines.connect(parsed, busy_timeout_s, is_durable=True)
        try:
            with engines.explained(parsed):
                schema.upgrade(engine, parsed)
                store = cls(engine, parsed, sensor, started_ns)
                with engine.begin() as connection:
                    store._enter(connection, version)
        except BaseException:
            engine.dispose()
            raise
        return store

    def commit(self, step: Step) -> None:
        """Write a step, unless an earlier try of the same object did reach the database after all.

        After an error the same step may be tried again, or given up for another one. To try a
        changed copy instead might write it twice.

        Raises:
            RefusedError: The database does not take a value of it, and never will.
            StoreError: It is locked, full or gone, or another process writes for this sensor.
        """
        if step is not self._tried:
            self._tried = step
            self._number += 1
        if self._shared.at(step.now_ns):
            self._devices.clear()
        made = [flow_rows(batch, self.run_no, self._shared) for batch in step.records]
        devices = self._changed_devices(step)
        with self._refusals(), engines.explained(self.url), self._engine.begin() as connection:
            if not self._claim(connection, step):
                return
            self._shared.write(connection)
            again = self._write_flows(connection, step.records, made)
            upsert.write(
                connection,
                CAMERAS,
                [
                    rows.camera_row(device, self.run_no, vlan, self._shared.used_ns)
                    for device, vlan in devices.values()
                ],
                upsert.replacing(CAMERAS),
            )
            self._write_learnt(connection, step.learnt)
            for write in step.writes:
                write(connection)
        self.duplicates += again
        self._shared.written()
        if len(self._devices) + len(devices) > MOST_DEVICES:
            self._devices.clear()
        self._devices.update(devices)

    def learnt(self) -> list[Learnt]:
        """Return all that the sensor has learnt, as it was last written.

        Raises:
            StoreError: The store cannot be read.
        """
        c = LEARNT.c
        query = select(c.kind, c.key, c.value, c.first_ns, c.last_ns).where(c.sensor == self.sensor)
        with engines.explained(self.url), self._engine.connect() as connection:
            reading = connection.execution_options(**engines.READS)
            return [tuple(row) for row in reading.execute(query)]

    def read(self, question: Callable[[Connection], T]) -> T:
        """Return the answer to a question that writes nothing, such as which alerts are open.

        Raises:
            StoreError: The store cannot be read.
        """
        with engines.explained(self.url), self._engine.connect() as connection:
            return question(connection.execution_options(**engines.READS))

    def write(self, work: Callable[[Connection], T]) -> T:
        """Do a short piece of work, such as retention, in a transaction of its own.

        Raises:
            StoreError: The store does not do its part.
        """
        with engines.explained(self.url), self._engine.begin() as connection:
            return work(connection)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def _enter(self, connection: Connection, version: str) -> None:
        run_id = f"sensor:{self.sensor}"
        known = connection.execute(select(RUNS.c.no).where(RUNS.c.id == run_id)).scalar()
        if known is None:
            run: rows.Row = {
                "id": run_id, "state": LIVE, "started_ns": self._started_ns, "finished_ns": None,
                "inputs": [], "counters": {}, "versions": {"camwatch": version},
            }  # fmt: skip
            connection.execute(RUNS.insert().values(run))
            known = connection.execute(select(RUNS.c.no).where(RUNS.c.id == run_id)).scalar_one()
        else:
            versions = {"camwatch": version}
            connection.execute(update(RUNS).where(RUNS.c.no == known).values(versions=versions))
        self.run_no = known
        sensor: rows.Row = {
            "name": self.sensor, "run_no": known, "version": version, "step": 0, "status": {},
            "started_ns": self._started_ns, "seen_ns": self._started_ns,
        }  # fmt: skip
        upsert.write(connection, SENSORS, [sensor], upsert.replacing(SENSORS))

    def _claim(self, connection: Connection, step: Step) -> bool:
        """Number the step in the sensor's row; return False where it bears that number already."""
        own = (SENSORS.c.name == self.sensor) & (SENSORS.c.started_ns == self._started_ns)
        values: rows.Row = {"step": self._number, "seen_ns": step.now_ns}
        if step.status is not None:
            values["status"] = dict(step.status)
        fresh = update(SENSORS).where(own & (SENSORS.c.step < self._number)).values(values)
        if connection.execute(fresh).rowcount:
            return True
        if connection.execute(select(SENSORS.c.step).where(own)).first() is not None:
            return False
        raise StoreError(
            f"store {self.url}: another process has begun to write as sensor {self.sensor}; "
            "stop one, or give each sensor a name of its own"
        )

    def _write_flows(
        self,
        connection: Connection,
        batches: Sequence[RecordBatch],
        made: Sequence[list[tuple[Any, ...]]],
    ) -> int:
        """Write flows and add their sums; return how many were there before."""
        flows = [row for part in made for row in part]
        if not flows:
            return 0
        with connection.begin_nested() as attempt:
            if self._insert_flows.write(connection, flows) == len(flows):
                self._add_totals.write(connection, sums.of_batches(batches, self.run_no))
                return 0
            attempt.rollback()
        kept = self._new_only(connection, batches)
        fresh = [row for batch in kept for row in flow_rows(batch, self.run_no, self._shared)]
        self._insert_flows.write(connection, fresh)
        self._add_totals.write(connection, sums.of_batches(kept, self.run_no))
        return len(flows) - len(fresh)

    def _new_only(
        self, connection: Connection, batches: Sequence[RecordBatch]
    ) -> list[RecordBatch]:
        """Return the batches without flows that the store has, or that came before in them."""
        known: set[tuple[int, str]] = set()
        kept = []
        for batch in batches:
            keys = [
                (start_ns, f"{flow_id:016x}")
                for start_ns, flow_id in zip(
                    batch.start_ns.tolist(), batch.flow_id.tolist(), strict=True
                )
            ]
            for at in range(0, len(keys), ASKED_AT_ONCE):
                # By the key; other flows of the same moment do no harm.
                starts = [start_ns for start_ns, _ in keys[at : at + ASKED_AT_ONCE]]
                mine = (FLOWS.c.run_no == self.run_no) & FLOWS.c.start_ns.in_(starts)
                found = connection.execute(select(FLOWS.c.start_ns, FLOWS.c.flow_id).where(mine))
                known.update((start_ns, flow_id) for start_ns, flow_id in found)
            is_new = np.zeros(len(batch), np.bool_)
            for row, key in enumerate(keys):
                is_new[row] = key not in known
                known.add(key)
            kept.append(selected(batch, is_new))
        return kept

    def _changed_devices(self, step: Step) -> dict[str, tuple[Device, int | None]]:
        """Return the devices of a step that are not in the store as they are now, by address."""
        changed: dict[str, tuple[Device, int | None]] = {}
        for batch in step.records:
            indices, first = np.unique(batch.camera, return_index=True)
            for index, row in zip(indices.tolist(), first.tolist(), strict=True):
                tag = int(batch.vlan[row])
                device = batch.words.cameras[index]
                self._note(changed, device, None if tag == VLAN_NONE else tag)
        for device in step.devices:
            self._note(changed, device, None)
        return changed

    def _note(
        self, changed: dict[str, tuple[Device, int | None]], device: Device, vlan: int | None
    ) -> None:
        known = changed.get(device.ip) or self._devices.get(device.ip)
        if known is None:
            changed[device.ip] = (device, vlan)
        elif known[0] is not device and known[0] != device:
            changed[device.ip] = (device, vlan if known[1] is None else known[1])

    def _write_learnt(self, connection: Connection, learnt: Iterable[Learnt]) -> None:
        made: dict[tuple[str, str], rows.Row] = {}
        for kind, key, value, first_ns, last_ns in learnt:
            made[kind, key] = {
                "sensor": self.sensor, "kind": kind, "key": rows.clean(key), "value": value,
                "first_ns": first_ns, "last_ns": last_ns,
            }  # fmt: skip
        kept = [row for row in made.values() if row["value"] is not None]
        upsert.write(connection, LEARNT, kept, upsert.replacing(LEARNT))
        for row in made.values():
            if row["value"] is None:
                same = [LEARNT.c[name] == row[name] for name in ("sensor", "kind", "key")]
                connection.execute(delete(LEARNT).where(*same))

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        """Tell errors that come again at every try from those that go away."""
        dbapi = self._engine.dialect.loaded_dbapi
        try:
            yield
        except StoreError as error:
            cause = error.__cause__
            if isinstance(cause, DBAPIError) and isinstance(
                cause.orig, (dbapi.DataError, dbapi.IntegrityError)
            ):
                message = " ".join(str(cause.orig).split())
                raise RefusedError(
                    f"store {self.url}: it does not take a value: {message}; please report this"
                ) from cause
            raise
