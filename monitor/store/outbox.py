"""The outbox: deliveries that commit with their alert, and are worked off with leases.

A delivery is ``pending`` until a target acknowledged it (``delivered``) or it was given up
(``dead``: kept, listed, re-sendable). Whoever tries one leases it first, for longer than a try can
take; a lease that its holder did not end, because it was killed, runs out by itself, and the
delivery is tried again with the same message id. At least once, therefore, never at most once.

Messages of one alert go to a target in the order in which they were written: ``resolved`` waits
for ``opened``. Messages of other alerts do not wait for them.

Bounds: `PENDING_BOUND` for each target, the oldest are given up beyond it, and `HORIZON_NS` of age;
what came to an end is removed by `retention`.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    FromClause,
    and_,
    delete,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL

from monitor.store import engine as engines
from monitor.store import schema
from monitor.store.delivery_tables import DELIVERIES, TARGETS

PENDING, DELIVERED, DEAD = "pending", "delivered", "dead"

HOUR_NS = 3_600_000_000_000
DAY_NS = 24 * HOUR_NS
HORIZON_NS = 4 * DAY_NS
"""Age at which a pending delivery is given up: the ten tries of `notify.schedule` take up to 83 h."""

FAR_NS = 30 * HOUR_NS
"""No wait is longer than this. A time further ahead was written by a clock that was wrong: it counts as past."""

PENDING_BOUND = 50_000

ERROR_CHARS = 300


class Outgoing(NamedTuple):
    """One message to one target, to be written."""

    message_id: str
    target: str
    type: str
    alert_id: str
    """Empty where the message is of no alert."""

    body: str
    due_ns: int
    is_replacing: bool = False
    """It takes the place of pending messages of its type: of heartbeats only the newest matters."""


class Leased(NamedTuple):
    """One delivery that is ours to try until its lease ends."""

    id: int
    message_id: str
    type: str
    alert_id: str
    body: str
    attempts: int
    """Tries in vain so far."""

    expires_ns: int


class TargetState(NamedTuple):
    """What is remembered of a target between tries."""

    failures: int = 0
    open_until_ns: int = 0
    is_gone: bool = False
    last_success_ns: int | None = None
    last_error: str = ""


class Failure(NamedTuple):
    """How a try failed, and what follows from it."""

    error: str
    status: int | None
    due_ns: dict[int, int | None]
    """By id of the delivery: when it is tried again; None: it is given up."""

    open_until_ns: int = 0
    """The target is not tried before; 0: it is."""

    is_gone: bool = False


def enqueue(connection: Connection, outgoing: Sequence[Outgoing], now_ns: int) -> int:
    """Write deliveries in the transaction of `connection`; return how many are new.

    A message that is there already for its target stays as it is, so a step that is repeated
    after a crash sends nothing twice.
    """
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(DELIVERIES)
    row = DELIVERIES.c
    statement = insert.on_conflict_do_nothing(
        index_elements=[row.message_id, row.target]
    ).returning(row.id)
    added = 0
    for item in outgoing:
        if item.is_replacing:
            connection.execute(
                delete(DELIVERIES).where(
                    row.target == item.target,
                    row.state == PENDING,
                    row.type == item.type,
                    row.leased_until_ns <= now_ns,
                )
            )
        values = item._asdict() | {
            "state": PENDING,
            "created_ns": now_ns,
            "expires_ns": now_ns + HORIZON_NS,
            "attempts": 0,
            "leased_until_ns": 0,
            "error": "",
        }
        del values["is_replacing"]
        added += len(connection.execute(statement.values(values)).all())
    return added


class Outbox:
    """The side of the outbox that sends: any number of threads, one short transaction a call.

    It has a connection of its own, beside that of the store's writer. Every method raises
    `StoreError` when the database does not do its part; nothing is then lost or settled.
    """

    def __init__(self, engine: Engine, url: URL) -> None:
        self._engine = engine
        self._url = url
        self._lock = threading.Lock()
        # SQLite's engine holds one connection; threads take turns on it.

    @classmethod
    def open(cls, url: str) -> "Outbox":
        """Open a database by URL, and create or upgrade its schema.

        Raises:
            StoreError: It cannot be reached, or its schema is newer or not ours.
        """
        parsed = engines.parse(url)
        engine = engines.connect(parsed)
        try:
            with engines.explained(parsed):
                schema.upgrade(engine, parsed)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine, parsed)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def enqueue(self, outgoing: Sequence[Outgoing], now_ns: int) -> int:
        """Write deliveries in a transaction of their own: heartbeats, which no alert goes with."""
        with self.writing() as connection:
            return enqueue(connection, outgoing, now_ns)

    def lease(
        self, target: str, now_ns: int, *, lease_ns: int, limit: int, is_batch: bool = False
    ) -> list[Leased]:
        """Take deliveries of a target that are due.

        Args:
            target: Name of the target.
            now_ns: The time.
            lease_ns: For how long they are ours; longer than a try can take.
            limit: How many at most.
            is_batch: They go out together, in order. Otherwise one at a time, the least tried
                first, so that one that is refused for what it says does not hold up the rest.
        """
        row = DELIVERIES.c
        with self.reading() as connection:
            due = select(row.id).where(row.target == target, _eligible(DELIVERIES, now_ns)).limit(1)
            # Most of the time nothing is due, and a reader does not take SQLite's write lock.
            if connection.execute(due).first() is None:
                return []
        earlier = DELIVERIES.alias("earlier")
        ahead = select(earlier.c.id).where(
            earlier.c.target == target,
            earlier.c.state == PENDING,
            row.alert_id != "",
            earlier.c.alert_id == row.alert_id,
            earlier.c.id < row.id,
        )
        if is_batch:
            ahead = ahead.where(not_(_eligible(earlier, now_ns)))
        query = (
            select(*(row[name] for name in Leased._fields))
            .where(row.target == target, _eligible(DELIVERIES, now_ns), ~ahead.exists())
            .order_by(*((row.id,) if is_batch else (row.attempts, row.id)))
            .limit(limit)
            .with_for_update(skip_locked=True, of=DELIVERIES)
        )
        with self.writing() as connection:
            leased = [Leased(*found) for found in connection.execute(query)]
            if leased:
                ours = row.id.in_([item.id for item in leased])
                until = {"leased_until_ns": now_ns + lease_ns}
                connection.execute(update(DELIVERIES).where(ours).values(until))
        return leased

    def target(self, name: str) -> TargetState:
        """Return what is remembered of a target; of one that was never tried, the defaults."""
        with self.reading() as connection:
            return _target(connection, name)

    def settle(self, target: str, ids: Sequence[int], now_ns: int, status: int | None) -> None:
        """Note that deliveries were acknowledged. What waited for a target that was down is due now."""
        row = DELIVERIES.c
        with self.writing() as connection:
            connection.execute(
                update(DELIVERIES)
                .where(row.id.in_(ids))
                .values(
                    state=DELIVERED, settled_ns=now_ns, leased_until_ns=0, status=status, error=""
                )
            )
            was = _target(connection, target)
            if was.open_until_ns or was.is_gone:
                connection.execute(
                    update(DELIVERIES)
                    .where(row.target == target, row.state == PENDING, row.attempts > 0)
                    .values(due_ns=now_ns)
                )
            _put_target(connection, target, TargetState(last_success_ns=now_ns))

    def fail(self, target: str, failure: Failure, now_ns: int) -> None:
        """Note that deliveries were not acknowledged."""
        error = failure.error[:ERROR_CHARS]
        row = DELIVERIES.c
        with self.writing() as connection:
            for number, due_ns in failure.due_ns.items():
                values = {"leased_until_ns": 0, "status": failure.status, "error": error}
                values |= (
                    {"state": DEAD, "settled_ns": now_ns} if due_ns is None else {"due_ns": due_ns}
                )
                connection.execute(
                    update(DELIVERIES)
                    .where(row.id == number, row.state == PENDING)
                    .values(**values, attempts=row.attempts + 1)
                )
            was = _target(connection, target)
            _put_target(
                connection,
                target,
                TargetState(
                    was.failures + 1,
                    failure.open_until_ns,
                    failure.is_gone,
                    was.last_success_ns,
                    error,
                ),
            )

    def release(self, ids: Sequence[int]) -> None:
        """Give back deliveries that were leased but not tried."""
        with self.writing() as connection:
            connection.execute(
                update(DELIVERIES).where(DELIVERIES.c.id.in_(ids)).values(leased_until_ns=0)
            )

    def tidy(self, target: str, now_ns: int) -> int:
        """Give up what is too old or too much; return how many were given up.

        Age counts for every target, also for one that the settings do not name any more.
        """
        row = DELIVERIES.c
        free = (row.state == PENDING) & (row.leased_until_ns <= now_ns)
        newest = select(row.id).where(row.target == target, row.state == PENDING)
        edge = newest.order_by(row.id.desc()).offset(PENDING_BOUND).limit(1).scalar_subquery()
        given_up = 0
        with self.writing() as connection:
            for which, why in (
                (row.expires_ns <= now_ns, "it was not delivered in four days"),
                ((row.target == target) & (row.id <= edge), "too many messages waited"),
            ):
                values = {"state": DEAD, "settled_ns": now_ns, "error": why}
                done = connection.execute(update(DELIVERIES).where(free, which).values(values))
                given_up += done.rowcount
        return given_up

    def switch_on(self, target: str) -> None:
        """Forget failures of a target, and that it was gone: it answered a test."""
        with self.writing() as connection:
            was = _target(connection, target)
            _put_target(connection, target, TargetState(last_success_ns=was.last_success_ns))

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection within a transaction that may write."""
        with self._lock, engines.explained(self._url), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that does not write."""
        with self._lock, engines.explained(self._url), self._engine.connect() as connection:
            yield connection.execution_options(**engines.READS)


def _eligible(table: FromClause, now_ns: int) -> ColumnElement[bool]:
    """Return the condition under which a delivery may be tried now."""
    row, far_ns = table.c, now_ns + FAR_NS
    return and_(
        row.state == PENDING,
        or_(row.due_ns <= now_ns, row.due_ns > far_ns),
        or_(row.leased_until_ns <= now_ns, row.leased_until_ns > far_ns),
    )


def _target(connection: Connection, name: str) -> TargetState:
    row = TARGETS.c
    query = select(*(row[field] for field in TargetState._fields)).where(row.name == name)
    found = connection.execute(query).first()
    return TargetState() if found is None else TargetState(*found)


def _put_target(connection: Connection, name: str, state: TargetState) -> None:
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(TARGETS)
    values = state._asdict()
    connection.execute(
        insert.values(name=name, **values).on_conflict_do_update(
            index_elements=[TARGETS.c.name], set_=values
        )
    )
