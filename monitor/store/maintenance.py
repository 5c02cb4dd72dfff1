"""What an operator does to a store: look whether it is sound, give space back, remove what is past its time."""

import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, Subquery, func, select, text

from monitor.errors import StoreError
from monitor.store import engine as engines
from monitor.store import schema, sums
from monitor.store.folding import DAY_NS
from monitor.store.live_tables import SENSORS, TOTALS
from monitor.store.pruning import Pruner
from monitor.store.retention import Retention, sensors
from monitor.store.sums import LIVE_SPAN_S, S_NS
from monitor.store.tables import DESTINATIONS, EVIDENCE, FLOWS, METADATA

LATEST_FLOWS = 10_000
LATEST_HOURS = 24
PAGES_AT_ONCE = 2_000
"""Pages of SQLite given back in one transaction: 8 MB."""

T = TypeVar("T")


class Sensor(NamedTuple):
    """A sensor that writes, or wrote, to the store."""

    name: str
    version: str
    seen_ns: int


class State(NamedTuple):
    """What was found out about a store."""

    bytes: int
    free_bytes: int
    """Of the file, to be written again or given back; 0 with PostgreSQL, which keeps count itself."""

    flows: int
    first_ns: int | None
    last_ns: int | None
    sensors: tuple[Sensor, ...]
    faults: tuple[str, ...]
    """What is not as it should be, each in one line; empty: all that was looked at is sound."""


class Maintenance:
    """A store in the hands of an operator; a sensor may go on writing to it meanwhile."""

    def __init__(self, url: str) -> None:
        """Open a store.

        Raises:
            StoreError: The URL is not one of a store, or there is no such file.
        """
        self.url = engines.parse(url)
        self._is_sqlite = self.url.get_backend_name() == "sqlite"
        self._engine = engines.connect(self.url)

    def close(self) -> None:
        """Let go of the store."""
        self._engine.dispose()

    def upgrade(self) -> tuple[str, str]:
        """Create the schema or bring it up to date; return the revisions before (empty: none) and after.

        Raises:
            StoreError: It cannot be done; nothing is changed.
        """
        with engines.explained(self.url):
            before = self.read(lambda c: schema.revision(c, self.url))
            schema.upgrade(self._engine, self.url)
            return before, self.read(lambda c: schema.revision(c, self.url))

    def require(self) -> str:
        """Return the revision of the schema, which is the newest.

        Raises:
            StoreError: There is no store, or its schema is another one.
        """
        path = self.url.database or ""
        if self._is_sqlite and path and not path.startswith("file:") and not Path(path).exists():
            raise StoreError(f"store {self.url}: there is no such file; name another one")
        present, newest = self.read(lambda c: schema.revision(c, self.url)), schema.newest()
        if present != newest:
            raise StoreError(
                f"store {self.url}: its schema is {present or 'not there yet'}, this camwatch's is "
                f"{newest}; run 'camwatch db upgrade'"
            )
        return present

    def read(self, question: Callable[[Connection], T]) -> T:
        """Return the answer to a question that writes nothing."""
        with engines.explained(self.url), self._engine.connect() as connection:
            return question(connection.execution_options(**engines.READS))

    def write(self, work: Callable[[Connection], T]) -> T:
        """Do a piece of work in a transaction of its own."""
        with engines.explained(self.url), self._engine.begin() as connection:
            return work(connection)

    def check(self, *, is_full: bool = False) -> State:
        """Look whether the file, what flows refer to, and the sums are sound.

        Args:
            is_full: Look at every page, flow and sum: minutes for millions of flows. Otherwise at the
                structure of the pages, the latest flows, and the sums of the last day with flows.
        """
        with engines.explained(self.url), self._engine.connect() as connection:
            # Flows and sums as they are at one moment, while a sensor writes; SQLite always does so.
            once = {} if self._is_sqlite else {"isolation_level": "REPEATABLE READ"}
            reading = connection.execution_options(**engines.READS, **once)
            return self._state(reading, is_full=is_full)

    def vacuum(self) -> tuple[int, int]:
        """Give back space that is free; return the bytes before and after.

        PostgreSQL renews its statistics, too; SQLite's are fixed, see `statistics`.
        """
        before = self.read(self._sizes)[0]
        if not self._is_sqlite:
            with engines.explained(self.url), self._engine.connect() as connection:
                plain = connection.execution_options(isolation_level="AUTOCOMMIT")
                for table in METADATA.tables:
                    plain.execute(text(f"VACUUM (ANALYZE) {table}"))
        else:
            while self.write(_give_back):
                pass
        return before, self.read(self._sizes)[0]

    def backup(self, path: Path) -> int:
        """Copy an SQLite store as it is at one moment, while a sensor goes on writing; return the bytes.

        Raises:
            StoreError: It is not SQLite, the file is there already or cannot be written.
        """
        if not self._is_sqlite:
            raise StoreError(f"store {self.url}: 'db backup' copies SQLite; use pg_dump")
        if path.exists():
            raise StoreError(f"backup {path}: it is there already; name a new file")
        raw: Any = self._engine.raw_connection().driver_connection
        part = path.with_name(f"{path.name}.part")
        try:
            target = sqlite3.connect(part)
            try:
                # In one go: copied page by page it would begin again at each write of the sensor.
                raw.backup(target)
            finally:
                target.close()
            part.rename(path)
        except (OSError, sqlite3.Error) as error:
            part.unlink(missing_ok=True)
            raise StoreError(f"backup {path}: {error}; name a file that can be written") from error
        return path.stat().st_size

    def prune(self, kept: Retention, now_ns: int) -> Counter[str]:
        """Remove what is past its time; return rows removed by table."""
        pruner = Pruner(kept)
        while pruner.piece(self, now_ns):
            pass
        return +pruner.removed

    def _state(self, connection: Connection, *, is_full: bool) -> State:
        faults = [*self._page_faults(connection, is_full=is_full)]
        if not faults:
            faults += _reference_faults(connection, None if is_full else LATEST_FLOWS)
        if not faults:
            for run_no in sensors(connection):
                faults += _sum_faults(connection, run_no, None if is_full else LATEST_HOURS)
        flows, first_ns, last_ns = connection.execute(
            select(func.count(), func.min(FLOWS.c.start_ns), func.max(FLOWS.c.end_ns))
        ).one()
        s = SENSORS.c
        known = connection.execute(select(s.name, s.version, s.seen_ns).order_by(s.name))
        size, free = self._sizes(connection)
        return State(
            size,
            free,
            flows,
            first_ns,
            last_ns,
            tuple(Sensor._make(row) for row in known),
            tuple(faults),
        )

    def _sizes(self, connection: Connection) -> tuple[int, int]:
        if self._is_sqlite:
            page, pages, free = (
                int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one())
                for name in ("page_size", "page_count", "freelist_count")
            )
            return page * pages, page * free
        size = text("SELECT pg_database_size(current_database())")
        return int(connection.execute(size).scalar_one()), 0

    def _page_faults(self, connection: Connection, *, is_full: bool) -> list[str]:
        if not self._is_sqlite:
            # PostgreSQL's own pg_amcheck is for that.
            return []
        pragma = "integrity_check" if is_full else "quick_check"
        found = connection.exec_driver_sql(f"PRAGMA {pragma}(10)").scalars().all()
        if found == ["ok"]:
            return []
        return [f"SQLite finds its file damaged: {line}; restore a copy" for line in found]


def _give_back(connection: Connection) -> bool:
    """Cut free pages off an SQLite file; return whether there are more."""

    def free() -> int:
        return int(connection.exec_driver_sql("PRAGMA freelist_count").scalar_one())

    before = free()
    # The pragma does its work while its rows are fetched; they are empty, so SQLAlchemy would not.
    raw: Any = connection.connection.driver_connection
    raw.execute(f"PRAGMA incremental_vacuum({PAGES_AT_ONCE})").fetchall()
    after = free()
    return 0 < after < before


def _reference_faults(connection: Connection, latest: int | None) -> list[str]:
    flows = select(FLOWS.c.destination_id, FLOWS.c.evidence_id)
    if latest is not None:
        flows = flows.order_by(FLOWS.c.run_no.desc(), FLOWS.c.start_ns.desc()).limit(latest)
    some = flows.subquery("some")
    faults = []
    for table, column in ((DESTINATIONS, some.c.destination_id), (EVIDENCE, some.c.evidence_id)):
        lost = (
            select(func.count())
            .select_from(some.outerjoin(table, table.c.id == column))
            .where(table.c.id.is_(None))
        )
        many = connection.execute(lost).scalar_one()
        if many:
            faults.append(
                f"{many} flows refer to rows of {table.name} that are not there; "
                "keep a copy and report it"
            )
    return faults


def _sum_faults(connection: Connection, run_no: int, latest: int | None) -> list[str]:
    """Compare a sensor's sums with its flows, hour by hour, where both are there whole."""
    f, t = FLOWS.c, TOTALS.c
    span_ns = LIVE_SPAN_S * S_NS
    first_ns, last_ns = connection.execute(
        select(func.min(f.start_ns), func.max(f.start_ns)).where(f.run_no == run_no)
    ).one()
    if first_ns is None:
        return []
    # Retention may have taken a part of the first hour.
    begin_ns = first_ns - first_ns % span_ns + span_ns
    if latest is not None:
        begin_ns = max(begin_ns, last_ns - last_ns % span_ns - (latest - 1) * span_ns)
    # Days that were joined lie before hours, and can be compared no more.
    joined = func.max(t.bucket_ns)
    day_ns = connection.scalar(select(joined).where(t.run_no == run_no, t.span_s > LIVE_SPAN_S))
    if day_ns is not None:
        begin_ns = max(begin_ns, day_ns + DAY_NS)
    made = sums.summing(LIVE_SPAN_S)[1].where((f.run_no == run_no) & (f.start_ns >= begin_ns))
    by_flows = _by_hour(connection, made.subquery("made"))
    kept = select(TOTALS).where((t.run_no == run_no) & (t.bucket_ns >= begin_ns))
    by_sums = _by_hour(connection, kept.subquery("kept"))
    different = {hour for hour, _ in by_flows.items() ^ by_sums.items()}
    if not different:
        return []
    many = f"{len(different)} hours, of {len(by_flows)} that were compared,"
    return [f"the sums of {many} differ from their flows; keep a copy and report it"]


def _by_hour(connection: Connection, rows: Subquery) -> dict[int, tuple[int, int, int]]:
    c = rows.c
    amounts = (func.sum(c.flows), func.sum(c.out_bytes), func.sum(c.in_bytes))
    query = select(c.bucket_ns, *amounts).group_by(c.bucket_ns)
    # PostgreSQL sums bigint as numeric.
    return {
        int(hour): (int(flows), int(out), int(into))
        for hour, flows, out, into in connection.execute(query)
    }
