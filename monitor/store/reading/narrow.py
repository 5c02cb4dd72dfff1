"""Finds flows by camera or destination where few of them fit: the newest of each, by an index.

Otherwise a page of flows to a name that is seldom asked for reads flows from the newest back to the
oldest until it is full, ten million of them where it never is.
"""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, FromClause, and_, select, union_all

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
"""Cameras or destinations whose flows are merged. Where more fit, their flows are rarely far apart."""

MOST_PARTS: Final = 400
"""Of what is merged; SQLite takes no more than 500."""


class Narrowed(NamedTuple):
    """A filter in two parts."""

    column: ColumnElement[Any] | None
    """Camera or destination of a flow, whichever few fit; None: neither."""

    values: tuple[Any, ...]
    """Those that fit."""

    rest: ColumnElement[bool] | None
    """What is left to ask of a flow; None: nothing."""


NOT_NARROWED: Final = Narrowed(None, (), None)
"""No filter."""


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


def newest(
    runs: Sequence[int],
    narrowed: Narrowed,
    conditions: Sequence[ColumnElement[bool]],
    sort: Sort,
    after: str | None,
    limit: int,
) -> Any:
    """Return the keys of the flows of a page: those of each run and camera, or destination, merged by time.

    Each part comes in the order of an index, so no more flows are read than stand on the page or do
    not fit the rest: neither database reads a part beyond what it merges. Where there would be too many
    parts, runs are not taken apart, and their flows are sorted.

    Args:
        runs: Numbers of the runs; at least one.
        narrowed: Filter, as `narrow` gives it; with at least one value where it has a column.
        conditions: What else holds for the flows.
        sort: An order by time.
        after: Cursor.
        limit: Most flows of the page.
    """
    tables: FromClause = FLOWS
    if narrowed.rest is not None:
        tables = FLOWS.join(DESTINATIONS, DESTINATIONS.c.id == FLOWS.c.destination_id).outerjoin(
            CAMERAS, (CAMERAS.c.run_no == FLOWS.c.run_no) & (CAMERAS.c.ip == FLOWS.c.camera_ip)
        )
        conditions = [*conditions, narrowed.rest]
    keys = FLOWS.c.run_no, FLOWS.c.start_ns, FLOWS.c.flow_id
    of_values = [[narrowed.column == value] for value in narrowed.values] or [[]]
    of_runs = [FLOWS.c.run_no == run_no for run_no in runs]
    if len(of_runs) * len(of_values) > MOST_PARTS:
        of_runs = [FLOWS.c.run_no.in_(runs)]
    rest = [*conditions, *bounds(sort, after)]
    parts = [
        select(*keys).select_from(tables).where(of_run, *of_value, *rest)
        for of_run in of_runs
        for of_value in of_values
    ]
    if len(parts) == 1:
        return parts[0].order_by(*sort.order).limit(limit + 1).subquery("newest")
    # mypy 2.4 ends with an internal error on the overloads of `union_all`.
    unite: Any = union_all
    merged = unite(*parts)
    order = [merged.selected_columns[key.name] for key in sort.keys]
    if sort.is_descending:
        order = [key.desc() for key in order]
    return merged.order_by(*order).limit(limit + 1).subquery("newest")
