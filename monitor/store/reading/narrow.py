"""Finds flows by camera or destination where few of them fit: the newest of each, by an index.

Otherwise a page of flows to a name that is seldom asked for reads flows from the newest back to the
oldest until it is full, ten million of them where it never is.
"""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, FromClause, and_, func, select, union_all

from monitor.language import All, Compare, Expression, OneOf, Op, Value, Where
from monitor.language.tree import leaves
from monitor.store.reading.paging import Sort, bounds
from monitor.store.reading.where import condition
from monitor.store.tables import CAMERAS, DESTINATIONS, FLOWS

FIELDS: Final = frozenset(
    {
        "name",
        "name_source",
        "destination",
        "port",
        "country",
        "asn",
        "as_org",
        "operator",
        "operator_country",
    }
)
"""Fields of the language that tell of the destination alone."""

MOST: Final = 100
"""Cameras or destinations that are looked up one by one. Where more fit, their flows are rarely far
apart; and SQLite joins no more than 500 parts."""


LOOKED: Final = 5000
FREQUENT: Final = 20
"""Flows that are looked at to see how frequent some are, and how many of them make them frequent: then
a page of a hundred is full after some 25,000."""


class Narrowed(NamedTuple):
    """A filter in two parts."""

    column: ColumnElement[Any] | None
    """Camera or destination of a flow, whichever few fit; None: neither."""

    values: tuple[Any, ...]
    """Those that fit."""

    rest: ColumnElement[bool] | None
    """What is left to ask of a flow; None: nothing."""


def narrow(connection: Connection, tree: Expression) -> Narrowed:
    """Return a filter with what it asks of camera or destination answered, where few of them fit."""
    parts = tree.parts if isinstance(tree, All) else (tree,)
    for part in parts:
        addresses = cameras(part)
        if addresses is not None:
            return Narrowed(FLOWS.c.camera_ip, addresses, _rest(parts, [part]))
    told = [part for part in parts if all(leaf.field.name in FIELDS for leaf in leaves(part))]
    if told:
        fitting = and_(*(condition(part, Where.FLOW) for part in told))
        query = select(DESTINATIONS.c.id).where(fitting).limit(MOST + 1)
        found = tuple(connection.execute(query).scalars())
        if len(found) <= MOST:
            return Narrowed(FLOWS.c.destination_id, found, _rest(parts, told))
    return Narrowed(None, (), condition(tree, Where.FLOW))


def cameras(part: Expression) -> tuple[str, ...] | None:
    """Return the addresses that a part asks for; None where it asks for more, or something else."""
    if isinstance(part, Compare) and part.field.name == "camera" and part.op is Op.EQ:
        networks: tuple[Value, ...] = (part.value,)
    elif isinstance(part, OneOf) and part.field.name == "camera":
        networks = part.values
    else:
        return None
    found: dict[str, None] = {}
    for network in networks:
        if not isinstance(network, IPv4Network | IPv6Network) or network.num_addresses > MOST:
            return None
        found.update((str(address), None) for address in network)
    return tuple(found) if len(found) <= MOST else None


def _rest(
    parts: Sequence[Expression], answered: Sequence[Expression]
) -> ColumnElement[bool] | None:
    rest = [condition(part, Where.FLOW) for part in parts if part not in answered]
    return and_(*rest) if rest else None


def are_frequent(
    connection: Connection,
    column: ColumnElement[Any],
    values: tuple[Any, ...],
    conditions: list[ColumnElement[bool]],
    order: Sequence[ColumnElement[Any]],
) -> bool:
    """Return whether flows of these are so frequent that a page is soon full without an index of theirs.

    Args:
        connection: Of a `Reader`.
        column: Camera or destination of a flow.
        values: Which.
        conditions: Of the flows that a page is taken from, without the filter.
        order: Of the page.
    """
    looked = (
        select(column.label("value")).where(*conditions).order_by(*order).limit(LOOKED)
    ).subquery("looked")
    found = select(func.count()).select_from(looked).where(looked.c.value.in_(values))
    return connection.execute(found).scalar_one() >= FREQUENT


def newest(
    column: ColumnElement[Any],
    values: tuple[Any, ...],
    conditions: list[ColumnElement[bool]],
    sort: Sort,
    after: str | None,
    limit: int,
    *,
    is_joined: bool,
) -> Any:
    """Return the keys of flows of some cameras, or to some destinations: of each those that a page may need.

    Args:
        column: Which.
        values: At least one.
        conditions: What else holds for the flows.
        sort: An order by time.
        after: Cursor.
        limit: Most flows of the page.
        is_joined: Whether conditions ask for camera or destination.
    """
    tables: FromClause = FLOWS
    if is_joined:
        tables = FLOWS.join(DESTINATIONS, DESTINATIONS.c.id == FLOWS.c.destination_id).outerjoin(
            CAMERAS, (CAMERAS.c.run_no == FLOWS.c.run_no) & (CAMERAS.c.ip == FLOWS.c.camera_ip)
        )
    order = sort.order
    parts = [
        select(
            select(FLOWS.c.run_no, FLOWS.c.start_ns, FLOWS.c.flow_id)
            .select_from(tables)
            .where(column == value, *conditions, *bounds(sort, after))
            .order_by(*order)
            .limit(limit + 1)
            .subquery(f"part_{at}")
        )
        for at, value in enumerate(values)
    ]
    # mypy 2.4 ends with an internal error on the overloads of `union_all`.
    unite: Any = union_all
    return (parts[0] if len(parts) == 1 else unite(*parts)).subquery("newest")
