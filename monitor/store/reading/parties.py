"""Cameras, destinations and operators: each with the sums of its flows."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, RowMapping, Subquery, case, distinct, func, select

from monitor.store.access_tables import LABELS
from monitor.store.alert_tables import UPDATES
from monitor.store.reading.elements import BYTES_IN, BYTES_OUT
from monitor.store.reading.paging import Cut, Sort, cut
from monitor.store.reading.scope import EVER, Scope
from monitor.store.tables import CAMERAS, DESTINATIONS, FLOWS, RUNS

DESTINATION_SORTS: Final = ("flows", "bytes_out", "bytes_in", "cameras", "last")
_AT_ONCE: Final = 500


def cameras(
    connection: Connection,
    scope: Scope,
    *,
    where: ColumnElement[bool] | None = None,
    after: str | None = None,
    limit: int = 100,
    ip: str | None = None,
) -> Cut:
    """Return devices, by address; what several runs say of one is told by the newest."""
    newest = (
        select(CAMERAS.c.ip, func.max(CAMERAS.c.run_no).label("no"))
        .where(CAMERAS.c.run_no.in_(scope.runs))
        .group_by(CAMERAS.c.ip)
        .subquery("newest")
    )
    query = (
        select(
            CAMERAS,
            RUNS.c.id.label("run"),
            LABELS.c.label,
            LABELS.c.note,
            LABELS.c.author.label("label_author"),
            LABELS.c.at_ns.label("label_at_ns"),
        )
        .select_from(
            CAMERAS.join(newest, (newest.c.ip == CAMERAS.c.ip) & (newest.c.no == CAMERAS.c.run_no))
            .join(RUNS, RUNS.c.no == CAMERAS.c.run_no)
            .outerjoin(LABELS, LABELS.c.camera_ip == CAMERAS.c.ip)
        )
        .where(CAMERAS.c.run_no.in_(scope.runs))
    )
    if where is not None:
        query = query.where(where)
    if ip is not None:
        query = query.where(CAMERAS.c.ip == ip)
    return cut(connection, query, Sort("cameras", (CAMERAS.c.ip,)), after, limit)


def is_known(connection: Connection, ip: str) -> bool:
    """Return whether any run knows a device of this address."""
    query = select(CAMERAS.c.ip).where(CAMERAS.c.ip == ip).limit(1)
    return connection.execute(query).first() is not None


def firmware(
    connection: Connection, scope: Scope, ip: str, limit: int = 50
) -> Sequence[RowMapping]:
    """Return the firmware that a camera fetched, newest first."""
    query = (
        select(UPDATES)
        .where(UPDATES.c.run_no.in_(scope.runs), UPDATES.c.camera_ip == ip)
        .order_by(UPDATES.c.at_ns.desc(), UPDATES.c.flow_id)
        .limit(limit)
    )
    return connection.execute(query).mappings().all()


def destinations(
    connection: Connection,
    scope: Scope,
    *,
    where: ColumnElement[bool] | None = None,
    camera_ip: str | None = None,
    sort: str = "-bytes_out",
    after: str | None = None,
    limit: int = 100,
) -> Cut:
    """Return destinations outside the site with the sums of their flows.

    A destination is an address and port under a name; flows that began in the time count.
    """
    summed = _summed(scope, where, camera_ip)
    columns = {
        "flows": summed.c.flows,
        "bytes_out": summed.c.bytes_out,
        "bytes_in": summed.c.bytes_in,
        "cameras": summed.c.cameras,
        "last": summed.c.last_ns,
    }
    query = select(DESTINATIONS, *summed.c).select_from(
        summed.join(DESTINATIONS, DESTINATIONS.c.id == summed.c.destination_id)
    )
    key = columns[sort.removeprefix("-")]
    order = Sort(sort, (key, summed.c.destination_id), sort.startswith("-"))
    return cut(connection, query, order, after, limit)


def purposes_of(
    connection: Connection, scope: Scope, ids: Sequence[int], camera_ip: str | None = None
) -> dict[int, list[str]]:
    """Return the purposes of flows to each of some destinations, most flows first."""
    if not ids:
        return {}
    query = (
        select(FLOWS.c.destination_id, FLOWS.c.purpose, func.count())
        .where(FLOWS.c.destination_id.in_(ids), *_times(scope))
        .group_by(FLOWS.c.destination_id, FLOWS.c.purpose)
        .order_by(func.count().desc(), FLOWS.c.purpose)
    )
    if camera_ip is not None:
        query = query.where(FLOWS.c.camera_ip == camera_ip)
    told: dict[int, list[str]] = {}
    for destination_id, purpose, _ in connection.execute(query):
        told.setdefault(destination_id, []).append(purpose)
    return told


def labels(connection: Connection, ips: Sequence[str]) -> dict[str, str]:
    """Return the names that people gave to cameras."""
    told: dict[str, str] = {}
    for at in range(0, len(ips), _AT_ONCE):
        part = ips[at : at + _AT_ONCE]
        query = select(LABELS.c.camera_ip, LABELS.c.label).where(LABELS.c.camera_ip.in_(part))
        told.update((ip, label) for ip, label in connection.execute(query))
    return told


def makers(connection: Connection, scope: Scope, ips: Sequence[str]) -> dict[str, RowMapping]:
    """Return maker, brand and kind of cameras; of several runs the newest one's."""
    told: dict[str, RowMapping] = {}
    for at in range(0, len(ips), _AT_ONCE):
        query = (
            select(CAMERAS.c.ip, CAMERAS.c.maker, CAMERAS.c.brand, CAMERAS.c.kind)
            .where(CAMERAS.c.run_no.in_(scope.runs), CAMERAS.c.ip.in_(ips[at : at + _AT_ONCE]))
            .order_by(CAMERAS.c.run_no)
        )
        told.update((row["ip"], row) for row in connection.execute(query).mappings())
    return told


def _times(scope: Scope) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [FLOWS.c.run_no.in_(scope.runs)]
    if scope.from_ns != EVER[0]:
        conditions.append(FLOWS.c.start_ns >= scope.from_ns)
    if scope.to_ns != EVER[1]:
        conditions.append(FLOWS.c.start_ns < scope.to_ns)
    return conditions


def _summed(scope: Scope, where: ColumnElement[bool] | None, camera_ip: str | None) -> Subquery:
    f = FLOWS.c
    answered: Any = case((f.outcome == "answered", 1), else_=0)
    query = (
        select(
            f.destination_id,
            func.count().label("flows"),
            func.sum(answered).label("answered"),
            func.sum(BYTES_OUT).label("bytes_out"),
            func.sum(BYTES_IN).label("bytes_in"),
            func.count(distinct(f.camera_ip)).label("cameras"),
            func.min(f.start_ns).label("first_ns"),
            func.max(f.end_ns).label("last_ns"),
        )
        .where(f.scope == "outside", *_times(scope))
        .group_by(f.destination_id)
    )
    if where is not None:
        query = query.select_from(
            FLOWS.join(DESTINATIONS, DESTINATIONS.c.id == f.destination_id).outerjoin(
                CAMERAS, (CAMERAS.c.run_no == f.run_no) & (CAMERAS.c.ip == f.camera_ip)
            )
        ).where(where)
    if camera_ip is not None:
        query = query.where(f.camera_ip == camera_ip)
    return query.subquery("summed")
