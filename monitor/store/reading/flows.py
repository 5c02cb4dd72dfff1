"""Flows: a page of them, and one."""

from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, literal_column, select

from monitor.language import Expression
from monitor.store.reading.elements import BYTES_IN, BYTES_OUT
from monitor.store.reading.narrow import NOT_NARROWED, Narrowed, narrow, newest
from monitor.store.reading.paging import Cut, Sort, cut
from monitor.store.reading.scope import EVER, Scope
from monitor.store.reading.search import Found, search
from monitor.store.tables import CAMERAS, DESTINATIONS, EVIDENCE, FLOWS, RUNS, SLICE

SLICES_AT_ONCE: Final = 500
"""Of the index of flow ids: six days."""

MOST_SLICES: Final = 100_000
"""Three and a half years of one run."""

SORTS: Final[dict[str, ColumnElement[int]]] = {
    "start": FLOWS.c.start_ns,
    "bytes_out": BYTES_OUT,
    "bytes_in": BYTES_IN,
    "duration": FLOWS.c.end_ns - FLOWS.c.start_ns,
}
"""What flows can be sorted by; only ``start`` has an index, the others read all that is asked for."""

_FROM: Final = (
    FLOWS.join(DESTINATIONS, DESTINATIONS.c.id == FLOWS.c.destination_id)
    .join(RUNS, RUNS.c.no == FLOWS.c.run_no)
    .outerjoin(EVIDENCE, EVIDENCE.c.id == FLOWS.c.evidence_id)
    .outerjoin(CAMERAS, (CAMERAS.c.run_no == FLOWS.c.run_no) & (CAMERAS.c.ip == FLOWS.c.camera_ip))
)


def sort_of(name: str) -> Sort:
    """Return the order of a name of `SORTS`, with a minus in front for the largest first."""
    key = SORTS[name.removeprefix("-")]
    return Sort(name, (key, FLOWS.c.run_no, FLOWS.c.flow_id), name.startswith("-"))


def flows(
    connection: Connection,
    scope: Scope,
    *,
    tree: Expression | None = None,
    sort: str = "-start",
    after: str | None = None,
    limit: int = 100,
    seconds: float = 2.5,
) -> Found:
    """Return a page of flows.

    Args:
        connection: Of a `Reader`.
        scope: Runs, and when the flows began.
        tree: Filter, as `monitor.language.parse` gives it.
        sort: A name of `SORTS`, with a minus in front for the largest first.
        after: Cursor.
        limit: Most rows.
        seconds: Time to search for what no index finds, in an order by time; then the page is what was
            found so far.

    Raises:
        BadCursorError: The cursor is of another order, or damaged.
    """
    order = sort_of(sort)
    narrowed = NOT_NARROWED if tree is None else narrow(connection, tree)
    if narrowed.column is not None and not narrowed.values:
        return Found([], None, None)

    def part(here: Scope, most: int) -> Cut:
        return _part(connection, here, narrowed, order, after, most)

    if order.keys[0] is FLOWS.c.start_ns and narrowed.rest is not None:
        return search(connection, scope, order, after, limit, seconds, part)
    found = part(scope, limit)
    return Found(list(found.rows), found.next, None)


def _part(
    connection: Connection,
    scope: Scope,
    narrowed: Narrowed,
    order: Sort,
    after: str | None,
    limit: int,
) -> Cut:
    query = _select()
    is_merged = narrowed.column is not None or len(scope.runs) > 1
    if order.keys[0] is FLOWS.c.start_ns and is_merged and scope.runs:
        chosen = newest(scope.runs, narrowed, _during(scope), order, after, limit).c
        query = query.where(
            FLOWS.c.run_no == chosen.run_no,
            FLOWS.c.start_ns == chosen.start_ns,
            FLOWS.c.flow_id == chosen.flow_id,
        )
        return cut(connection, query, order, after, limit)
    asked = _in(scope)
    if narrowed.column is not None:
        asked.append(narrowed.column.in_(narrowed.values))
    if narrowed.rest is not None:
        asked.append(narrowed.rest)
    return cut(connection, query.where(*asked), order, after, limit)


def _in(scope: Scope) -> list[ColumnElement[bool]]:
    """Return the conditions of a scope."""
    run_no = FLOWS.c.run_no
    # With one run the primary key gives the order, and nothing is sorted.
    is_one = len(scope.runs) == 1
    return [run_no == scope.runs[0] if is_one else run_no.in_(scope.runs), *_during(scope)]


def _during(scope: Scope) -> list[ColumnElement[bool]]:
    """Return the conditions of the time of a scope."""
    conditions: list[ColumnElement[bool]] = []
    if scope.from_ns != EVER[0]:
        conditions.append(FLOWS.c.start_ns >= scope.from_ns)
    if scope.to_ns != EVER[1]:
        conditions.append(FLOWS.c.start_ns < scope.to_ns)
    return conditions


def flow(connection: Connection, run: str | None, flow_id: str) -> RowMapping | None:
    """Return one flow; of several runs that have it, the newest one's.

    The index of ids has slices of time, which are asked from the newest back.
    """
    numbers = select(RUNS.c.no)
    if run is not None:
        numbers = numbers.where(RUNS.c.id == run)
    runs = connection.execute(numbers.order_by(RUNS.c.no.desc())).scalars().all()
    # One run at a time: the key of `flows` gives the first and the last moment of each.
    wanted = FLOWS.c.flow_id == flow_id
    found: list[tuple[int, int]] = []
    numbers_of: set[int] = set()
    for run_no in runs:
        first, last = _span(connection, run_no)
        if last - first < MOST_SLICES:
            numbers_of.update(range(first, last + 1))
            continue
        # The clock of a capture may jump over years: its flows are read one by one.
        mine = select(FLOWS.c.run_no, FLOWS.c.start_ns).where(FLOWS.c.run_no == run_no, wanted)
        found += [(no, start_ns) for no, start_ns in connection.execute(mine)]
    slices = sorted(numbers_of, reverse=True)
    for at in range(0, len(slices), SLICES_AT_ONCE):
        asked = slices[at : at + SLICES_AT_ONCE]
        here = select(FLOWS.c.run_no, FLOWS.c.start_ns).where(
            literal_column(f"(flows.{SLICE})").in_(asked), wanted, FLOWS.c.run_no.in_(runs)
        )
        found += [(run_no, start_ns) for run_no, start_ns in connection.execute(here)]
        if found and len(runs) == 1:
            break
    if not found:
        return None
    run_no, start_ns = max(found)
    f = FLOWS.c
    query = _select().where(f.run_no == run_no, f.start_ns == start_ns, wanted)
    return connection.execute(query).mappings().first()


def _span(connection: Connection, run_no: int) -> tuple[int, int]:
    """Return the first and the last slice of a run; of one without flows, none."""
    ends = [
        connection.execute(
            select(FLOWS.c.start_ns).where(FLOWS.c.run_no == run_no).order_by(order).limit(1)
        ).scalar()
        for order in (FLOWS.c.start_ns, FLOWS.c.start_ns.desc())
    ]
    first, last = ends
    return (0, -1) if first is None or last is None else (first >> 40, last >> 40)


def _select() -> Select[Any]:
    c, d = CAMERAS.c, DESTINATIONS.c
    return select(
        FLOWS,
        RUNS.c.id.label("run"),
        EVIDENCE.c["items"].label("evidence"),
        c.mac.label("camera_mac"),
        c.maker.label("camera_maker"),
        c.brand.label("camera_brand"),
        c.kind.label("camera_kind"),
        d.ip.label("destination_ip"),
        d.port.label("destination_port"),
        d.name.label("destination_name"),
        d.name_source,
        d.country,
        d.asn,
        d.as_org,
        d.operator,
        d.operator_country,
    ).select_from(_FROM)
