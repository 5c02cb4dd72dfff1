"""What people ask of the outbox: what waits, what was given up, what became of an alert's messages."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, func, select, update

from monitor.store.delivery_tables import DELIVERIES
from monitor.store.outbox import DEAD, HORIZON_NS, PENDING


class Tally(NamedTuple):
    """Deliveries of one target, by state."""

    pending: int = 0
    delivered: int = 0
    dead: int = 0
    oldest_pending_ns: int | None = None


class Listed(NamedTuple):
    """A delivery as it is shown to people."""

    id: int
    message_id: str
    target: str
    type: str
    alert_id: str
    state: str
    created_ns: int
    settled_ns: int | None
    attempts: int
    """Tries in vain."""

    status: int | None
    error: str


def of_alert(connection: Connection, alert_id: str) -> list[Listed]:
    """Return what was, or is to be, sent of one alert, in the order of writing."""
    query = _listing().where(DELIVERIES.c.alert_id == alert_id).order_by(DELIVERIES.c.id)
    return [Listed(*row) for row in connection.execute(query)]


def dead(connection: Connection, target: str | None = None, limit: int = 1000) -> list[Listed]:
    """Return deliveries that were given up, of one target or all, the newest first."""
    row = DELIVERIES.c
    query = _listing().where(row.state == DEAD).order_by(row.id.desc()).limit(limit)
    if target is not None:
        query = query.where(row.target == target)
    return [Listed(*found) for found in connection.execute(query)]


def resend(
    connection: Connection, now_ns: int, *, target: str | None = None, ids: Sequence[int] = ()
) -> int:
    """Make dead deliveries pending again, of a target, by id, or all; return how many.

    They begin anew, with all their tries and the same message ids.
    """
    row = DELIVERIES.c
    statement = update(DELIVERIES).where(row.state == DEAD)
    if target is not None:
        statement = statement.where(row.target == target)
    if ids:
        statement = statement.where(row.id.in_(ids))
    values = {
        "state": PENDING,
        "settled_ns": None,
        "due_ns": now_ns,
        "attempts": 0,
        "expires_ns": now_ns + HORIZON_NS,
    }
    return connection.execute(statement.values(values)).rowcount


def tallies(connection: Connection) -> dict[str, Tally]:
    """Return the number of deliveries by target, of targets that have any."""
    row = DELIVERIES.c
    query = select(row.target, row.state, func.count(), func.min(row.created_ns))
    found: dict[str, Tally] = {}
    for target, state, many, first_ns in connection.execute(query.group_by(row.target, row.state)):
        tally = found.get(target, Tally())._replace(**{state: many})
        if state == PENDING:
            tally = tally._replace(oldest_pending_ns=first_ns)
        found[target] = tally
    return found


def _listing() -> Select[Any]:
    return select(*(DELIVERIES.c[name] for name in Listed._fields))
