"""Of which runs and of what time a question is."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from monitor.store.live_tables import SENSORS, TOTALS
from monitor.store.tables import FLOWS, RUNS

DAY_NS = 86_400_000_000_000
EVER = (-(1 << 62), 1 << 62)
SENSOR_PREFIX = "sensor:"
"""How the ids of the runs of live sensors begin."""

MOST_RUNS = 500
"""Runs that one question is about; the newest, where there are more."""


class Scope(NamedTuple):
    """Runs and a time that a question is about."""

    runs: tuple[int, ...]
    """Numbers of runs; empty where there are none."""

    ids: tuple[str, ...]
    """Their ids, in the same order."""

    from_ns: int
    to_ns: int
    """The first moment that does not count."""


def resolve(
    connection: Connection,
    run: str | None,
    from_ns: int | None,
    to_ns: int | None,
) -> Scope | None:
    """Return the scope of a list: everything, where no time is asked for.

    Args:
        connection: Of a `Reader`.
        run: Id of a run. None: the runs of live sensors, or every run where there is no sensor.
        from_ns: First moment. None: no bound.
        to_ns: First moment that does not count. None: no bound.

    Returns:
        The scope; None where there is no such run.
    """
    found = _runs(connection, run)
    if run is not None and not found:
        return None
    return Scope(
        tuple(no for no, _ in found),
        tuple(name for _, name in found),
        EVER[0] if from_ns is None else from_ns,
        EVER[1] if to_ns is None else to_ns,
    )


def bounded(connection: Connection, scope: Scope, now_ns: int) -> Scope:
    """Return a scope whose time has two ends, for sums over time.

    Without a time asked for it is the last day of live sensors, and all of a replay.
    """
    from_ns, to_ns = scope.from_ns, scope.to_ns
    is_live = any(name.startswith(SENSOR_PREFIX) for name in scope.ids)
    if is_live:
        if to_ns == EVER[1]:
            to_ns = max(now_ns, from_ns + 1)
        if from_ns == EVER[0]:
            from_ns = to_ns - DAY_NS
    elif from_ns == EVER[0] or to_ns == EVER[1]:
        first, last = span(connection, scope.runs)
        if first is None or last is None:
            first, last = now_ns - DAY_NS, now_ns - 1
        if from_ns == EVER[0]:
            from_ns = min(first, to_ns)
        if to_ns == EVER[1]:
            to_ns = max(last + 1, from_ns + 1)
    return scope._replace(from_ns=from_ns, to_ns=to_ns)


def span(connection: Connection, runs: Sequence[int]) -> tuple[int | None, int | None]:
    """Return the first and the last moment of the flows of some runs; None without flows."""
    chosen = FLOWS.c.run_no.in_(runs)
    first, last = connection.execute(
        select(func.min(FLOWS.c.start_ns), func.max(FLOWS.c.end_ns)).where(chosen)
    ).one()
    return first, last


def with_totals(connection: Connection, runs: Sequence[int]) -> tuple[int, ...]:
    """Return those of the runs that keep sums, so that flows need not be read."""
    has = select(TOTALS.c.run_no).where(TOTALS.c.run_no == RUNS.c.no).exists()
    return tuple(connection.execute(select(RUNS.c.no).where(RUNS.c.no.in_(runs), has)).scalars())


def _runs(connection: Connection, run: str | None) -> list[tuple[int, str]]:
    query = select(RUNS.c.no, RUNS.c.id).order_by(RUNS.c.no.desc()).limit(MOST_RUNS)
    if run is not None:
        return [(no, name) for no, name in connection.execute(query.where(RUNS.c.id == run))]
    live = connection.execute(query.where(RUNS.c.id.startswith(SENSOR_PREFIX, autoescape=True)))
    found = [(no, name) for no, name in live]
    if not found and not connection.execute(select(SENSORS.c.name).limit(1)).first():
        found = [(no, name) for no, name in connection.execute(query)]
    return found
