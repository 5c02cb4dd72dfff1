"""Alerts, what happened to them, and silences."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, RowMapping, func, literal, or_, select

from monitor.store.alert_tables import ALERT_EVENTS, ALERTS, SILENCES
from monitor.store.reading.elements import elements
from monitor.store.reading.paging import Cut, Sort, cut
from monitor.store.reading.scope import EVER, Scope

SEVERITIES = ("info", "low", "medium", "high", "critical")
MOST_EVENTS = 500


def alerts(  # noqa: PLR0913  # what can be asked for
    connection: Connection,
    scope: Scope,
    *,
    state: str | None = None,
    severity: str | None = None,
    is_acknowledged: bool | None = None,
    rule: str | None = None,
    where: ColumnElement[bool] | None = None,
    after: str | None = None,
    limit: int = 100,
) -> Cut:
    """Return alerts, newest first.

    Args:
        connection: Of a `Reader`.
        scope: Runs, and when the alerts were opened.
        state: ``open`` or ``resolved``; None: both.
        severity: This one and worse.
        is_acknowledged: Whether somebody has seen it; None: both.
        rule: Only of this rule.
        where: Further condition.
        after: Cursor.
        limit: Most rows.
    """
    c = ALERTS.c
    query = select(ALERTS).where(c.run_no.in_(scope.runs))
    if scope.from_ns != EVER[0]:
        # One that was open for a part of the time is of that time.
        query = query.where(or_(c.resolved_ns.is_(None), c.resolved_ns >= scope.from_ns))
    if scope.to_ns != EVER[1]:
        query = query.where(c.opened_ns < scope.to_ns)
    if state is not None:
        query = query.where(c.state == state)
    if severity is not None:
        query = query.where(c.severity.in_(SEVERITIES[SEVERITIES.index(severity) :]))
    if is_acknowledged is not None:
        is_null = c.acknowledged_ns.is_(None)
        query = query.where(~is_null if is_acknowledged else is_null)
    if rule is not None:
        query = query.where(c.rule == rule)
    if where is not None:
        query = query.where(where)
    order = Sort("alerts", (c.opened_ns, c.id), is_descending=True)
    return cut(connection, query, order, after, limit)


def alert(connection: Connection, alert_id: str) -> RowMapping | None:
    """Return one alert."""
    return connection.execute(select(ALERTS).where(ALERTS.c.id == alert_id)).mappings().first()


def of_camera(
    connection: Connection, scope: Scope, ip: str, limit: int = 20
) -> Sequence[RowMapping]:
    """Return the newest alerts that name a camera."""
    listed, address = elements(ALERTS.c.subjects, "ip", is_number=False)
    names = select(literal(1)).select_from(listed).where(address == ip).exists()
    query = select(ALERTS).where(ALERTS.c.run_no.in_(scope.runs), names)
    return (
        connection.execute(query.order_by(ALERTS.c.opened_ns.desc()).limit(limit)).mappings().all()
    )


def events(connection: Connection, alert_id: str) -> Sequence[RowMapping]:
    """Return what happened to an alert, oldest first; the newest `MOST_EVENTS`."""
    newest = (
        select(ALERT_EVENTS)
        .where(ALERT_EVENTS.c.alert_id == alert_id)
        .order_by(ALERT_EVENTS.c.id.desc())
        .limit(MOST_EVENTS)
    )
    return list(reversed(connection.execute(newest).mappings().all()))


def events_after(connection: Connection, number: int, limit: int = 100) -> Sequence[RowMapping]:
    """Return what happened to any alert after an event, oldest first."""
    query = (
        select(ALERT_EVENTS, ALERTS.c.severity, ALERTS.c.title, ALERTS.c.rule, ALERTS.c.state)
        .join(ALERTS, ALERTS.c.id == ALERT_EVENTS.c.alert_id)
        .where(ALERT_EVENTS.c.id > number)
        .order_by(ALERT_EVENTS.c.id)
        .limit(limit)
    )
    return connection.execute(query).mappings().all()


def open_by_severity(connection: Connection, scope: Scope) -> dict[str, int]:
    """Return how many alerts are open, by severity, worst first."""
    query = (
        select(ALERTS.c.severity, func.count())
        .where(ALERTS.c.state == "open", ALERTS.c.run_no.in_(scope.runs))
        .group_by(ALERTS.c.severity)
    )
    found: dict[str, int] = dict(connection.execute(query).all())
    return {severity: found.get(severity, 0) for severity in reversed(SEVERITIES)}


def silences(
    connection: Connection,
    *,
    now_ns: int,
    with_ended: bool = False,
    after: str | None = None,
    limit: int = 100,
) -> Cut:
    """Return silences, the newest first."""
    query = select(SILENCES)
    if not with_ended:
        query = query.where(SILENCES.c.until_ns > now_ns)
    order = Sort("silences", (SILENCES.c.created_ns, SILENCES.c.id), is_descending=True)
    return cut(connection, query, order, after, limit)


def silence(connection: Connection, silence_id: str) -> RowMapping | None:
    """Return one silence."""
    query = select(SILENCES).where(SILENCES.c.id == silence_id)
    return connection.execute(query).mappings().first()
