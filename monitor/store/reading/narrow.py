"""Finds flows by their destination where few destinations fit: the newest of each, by an index.

Otherwise a page of flows to a name that is seldom asked for reads flows from the newest back to the
oldest until it is full, ten million of them where it never is.
"""

from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, select, union_all

from monitor.language import All, Expression, Where
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
"""Destinations that are looked up one by one. Where more fit, flows to them are rarely far apart;
and SQLite joins no more than 500 parts."""


class Narrowed(NamedTuple):
    """A filter in two parts."""

    destinations: tuple[int, ...] | None
    """Ids of the destinations that fit; None: more than `MOST`, or it asks for none."""

    rest: ColumnElement[bool] | None
    """What is left to ask of a flow; None: nothing."""


def narrow(connection: Connection, tree: Expression) -> Narrowed:
    """Return a filter with what it asks of the destination answered, where few of them fit."""
    parts = tree.parts if isinstance(tree, All) else (tree,)
    told = [part for part in parts if all(leaf.field.name in FIELDS for leaf in leaves(part))]
    if told:
        fitting = and_(*(condition(part, Where.FLOW) for part in told))
        query = select(DESTINATIONS.c.id).where(fitting).limit(MOST + 1)
        found = tuple(connection.execute(query).scalars())
        if len(found) <= MOST:
            rest = [condition(part, Where.FLOW) for part in parts if part not in told]
            return Narrowed(found, and_(*rest) if rest else None)
    return Narrowed(None, condition(tree, Where.FLOW))


def newest(
    ids: tuple[int, ...],
    conditions: list[ColumnElement[bool]],
    sort: Sort,
    after: str | None,
    limit: int,
) -> Any:
    """Return the keys of flows to some destinations: of each those that a page could need.

    Args:
        ids: At least one.
        conditions: What else holds for the flows.
        sort: An order by time.
        after: Cursor.
        limit: Most flows of the page.
    """
    tables = FLOWS.join(DESTINATIONS, DESTINATIONS.c.id == FLOWS.c.destination_id).outerjoin(
        CAMERAS, (CAMERAS.c.run_no == FLOWS.c.run_no) & (CAMERAS.c.ip == FLOWS.c.camera_ip)
    )
    order = [key.desc() if sort.is_descending else key.asc() for key in sort.keys]
    parts = [
        select(
            select(FLOWS.c.run_no, FLOWS.c.start_ns, FLOWS.c.flow_id)
            .select_from(tables)
            .where(FLOWS.c.destination_id == number, *conditions, *bounds(sort, after))
            .order_by(*order)
            .limit(limit + 1)
            .subquery(f"to_{at}")
        )
        for at, number in enumerate(ids)
    ]
    # mypy 2.4 ends with an internal error on the overloads of `union_all`.
    unite: Any = union_all
    return (parts[0] if len(parts) == 1 else unite(*parts)).subquery("newest")
