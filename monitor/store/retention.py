"""What is removed when: in small pieces, so that nobody waits for long, and the same on both databases.

PostgreSQL's partitions would make removal free, but flows of replays lie at any time, sums and alerts
would still be deleted row by row, and somebody would have to make tomorrow's partition: a sensor that
could not would lose flows. Pieces remove some ten thousand rows a second, far more than comes.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import Column, ColumnElement, Connection, Table, delete, func, select

from monitor.model.alerts import AlertState
from monitor.store.access_tables import AUDIT, JOBS, SESSIONS
from monitor.store.alert_tables import ALERT_EVENTS, ALERTS, SILENCES, UPDATES
from monitor.store.delivery_tables import DELIVERIES
from monitor.store.live import LIVE
from monitor.store.live_tables import TOTALS
from monitor.store.tables import CAMERAS, DESTINATIONS, EVIDENCE, FINDINGS, FLOWS, RUNS

PIECE = 2_000
"""Rows removed in one transaction."""

DAY_NS = 86_400_000_000_000

MARGIN_NS = DAY_NS
"""How far the clock of a writer and the time of its packets may be apart."""

END_OF_TIME = (1 << 63) - 1

Work: TypeAlias = Callable[[Connection], int]
"""Removes up to about `PIECE` rows and returns how many; 0: there are no more."""


class Retention(NamedTuple):
    """For how many days what is kept."""

    flows_days: float = 30
    totals_days: float = 800
    alerts_days: float = 400
    deliveries_days: float = 30
    audit_days: float = 400
    replays_days: float = 400


def works(kept: Retention, now_ns: int) -> Iterator[tuple[str, Work]]:
    """Yield, by table, what removes rows that are past their time.

    Open alerts, pending deliveries, tokens, labels and what was learnt are never removed. Flows and
    sums of a sensor go by their own time; a replay goes as a whole, by the time of its end, since
    its packets may be of any year.
    """

    def before(days: float) -> int:
        return now_ns - round(days * DAY_NS)

    flows_ns, alerts_ns = before(kept.flows_days), before(kept.alerts_days)
    replays_ns, totals_ns = before(kept.replays_days), before(kept.totals_days)
    ended = func.coalesce(JOBS.c.finished_ns, JOBS.c.created_ns) < replays_ns
    is_open = select(ALERTS.c.id).where(ALERTS.c.state == AlertState.OPEN)
    rows: tuple[tuple[Table, ColumnElement[bool]], ...] = (
        (DELIVERIES, (DELIVERIES.c.state != "pending")
         & (DELIVERIES.c.created_ns < before(kept.deliveries_days))
         # Who was told of an alert is known for as long as it is open (`told`).
         & DELIVERIES.c.alert_id.not_in(is_open)),
        (AUDIT, AUDIT.c.at_ns < before(kept.audit_days)),
        (SILENCES, SILENCES.c.until_ns < alerts_ns),
        (SESSIONS, SESSIONS.c.expires_ns < now_ns),
        (JOBS, ended),
    )  # fmt: skip
    yield "flows", lambda c: _of_sensors(c, FLOWS.c.start_ns, flows_ns)
    yield "totals", lambda c: _of_sensors(c, TOTALS.c.bucket_ns, totals_ns)
    yield "runs", lambda c: _replay(c, replays_ns)
    yield "alerts", lambda c: _alerts(c, alerts_ns)
    yield "updates", lambda c: _of_sensors(c, UPDATES.c.at_ns, alerts_ns)
    for table, is_over in rows:
        yield table.name, lambda c, t=table, w=is_over: _where(c, t, w)  # type: ignore[misc]
    yield "cameras", lambda c: _cameras(c, min(flows_ns, totals_ns))
    for table in (DESTINATIONS, EVIDENCE):
        yield table.name, lambda c, t=table: _unused(c, t, flows_ns)  # type: ignore[misc]


def sensors(connection: Connection) -> list[int]:
    """Return the numbers of the runs of sensors."""
    return list(connection.scalars(select(RUNS.c.no).where(RUNS.c.state == LIVE)))


def _of_sensors(connection: Connection, time: Column[int], before_ns: int) -> int:
    return sum(_of_run(connection, time, run_no, before_ns) for run_no in sensors(connection))


def _of_run(connection: Connection, time: Column[int], run_no: int, before_ns: int) -> int:
    """Remove the oldest rows of a run, as far as they lie before a time."""
    table: Any = time.table
    past = (table.c.run_no == run_no) & (time < before_ns)
    # A border in time and a range delete need no list of keys, and work the same on both databases.
    border = connection.scalar(select(time).where(past).order_by(time).limit(1).offset(PIECE))
    if border is None:
        return connection.execute(delete(table).where(past)).rowcount
    own = table.c.run_no == run_no
    removed = connection.execute(delete(table).where(own & (time < border))).rowcount
    # All the oldest ones may have one and the same time.
    return removed or connection.execute(delete(table).where(own & (time <= border))).rowcount


def _replay(connection: Connection, before_ns: int) -> int:
    """Remove a piece of the replay that ended first, if its time is over; at last the run itself."""
    at_ns = func.coalesce(RUNS.c.finished_ns, RUNS.c.started_ns)
    is_over = (RUNS.c.state != LIVE) & (at_ns < before_ns)
    run_no = connection.scalar(select(RUNS.c.no).where(is_over).order_by(at_ns).limit(1))
    if run_no is None:
        return 0
    for time in (FLOWS.c.start_ns, TOTALS.c.bucket_ns):
        removed = _of_run(connection, time, run_no, END_OF_TIME)
        if removed:
            return removed
    for table in (CAMERAS, FINDINGS, UPDATES):
        connection.execute(delete(table).where(table.c.run_no == run_no))
    alerts = select(ALERTS.c.id).where(ALERTS.c.run_no == run_no)
    connection.execute(delete(ALERT_EVENTS).where(ALERT_EVENTS.c.alert_id.in_(alerts)))
    connection.execute(delete(ALERTS).where(ALERTS.c.run_no == run_no))
    return connection.execute(delete(RUNS).where(RUNS.c.no == run_no)).rowcount


def _alerts(connection: Connection, before_ns: int) -> int:
    """Remove alerts that were resolved before a time, with what happened to them."""
    c = ALERTS.c
    past = select(c.id).where(c.resolved_ns < before_ns).order_by(c.resolved_ns).limit(PIECE // 10)
    ids = list(connection.scalars(past))
    if ids:
        connection.execute(delete(ALERT_EVENTS).where(ALERT_EVENTS.c.alert_id.in_(ids)))
        connection.execute(delete(ALERTS).where(c.id.in_(ids)))
    return len(ids)


def _where(connection: Connection, table: Table, is_over: ColumnElement[bool]) -> int:
    (key,) = table.primary_key
    some = select(key).where(is_over).limit(PIECE)
    return connection.execute(delete(table).where(key.in_(some))).rowcount


def _cameras(connection: Connection, before_ns: int) -> int:
    """Remove cameras of sensors that were not seen for as long as flows or sums of them are kept."""
    removed = 0
    for run_no in sensors(connection):
        c = CAMERAS.c
        mine = c.run_no == run_no
        some = select(c.ip).where(mine & (c.used_ns < before_ns - MARGIN_NS)).limit(PIECE)
        removed += connection.execute(delete(CAMERAS).where(mine & c.ip.in_(some))).rowcount
    return removed


def _unused(connection: Connection, table: Table, flows_ns: int) -> int:
    """Remove what no flow can refer to any more.

    Every writer says by the hour when it last referred to a row. So none was referred to by a flow
    of a sensor that is still there, nor by a replay that began later. Until the oldest replay goes
    some stay that nobody needs; to look at every flow instead would take minutes.
    """
    oldest = connection.scalar(select(func.min(RUNS.c.started_ns)).where(RUNS.c.state != LIVE))
    floor_ns = flows_ns if oldest is None else min(flows_ns, oldest)
    return _where(connection, table, table.c.used_ns < floor_ns - MARGIN_NS)
