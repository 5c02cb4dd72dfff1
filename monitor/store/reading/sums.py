"""Sums over flows: from the table of totals where a run keeps it, else from the flows themselves."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    Connection,
    Subquery,
    case,
    distinct,
    func,
    literal,
    select,
    union_all,
)

from monitor.store.live_tables import TOTALS
from monitor.store.reading.scope import Scope, with_totals
from monitor.store.tables import DESTINATIONS, FLOWS

FINE_SPAN_NS: Final = 3 * 3_600_000_000_000
FINE_FLOWS: Final = 50_000
"""Of a time this short with no more flows than this, a series is made from the flows themselves: the
spans of `totals` would be a few bars of it. Reading so many takes a fifth of a second."""

SUMMED_STEP_NS: Final = 600_000_000_000
"""A series from `totals` has no finer step than their spans."""

UNTAGGED: Final = -1
"""How `totals` writes that there is no VLAN tag."""

LONGEST_SPAN_NS: Final = 86_400_000_000_000
"""Of `totals`: a day."""

MOST_POINTS: Final = 500
"""Points of a series; a finer step than that is made coarser."""

USUAL_POINTS: Final = 150

STEPS_NS: Final = tuple(
    seconds * 1_000_000_000 for seconds in (1, 10, 60, 600, 1800, 3600, 10_800, 86_400, 604_800)
)


class Sum(NamedTuple):
    """Flows of one kind."""

    camera_ip: str
    vlan: int
    scope: str
    purpose: str
    operator: str
    operator_country: str
    country: str
    outcome: str
    initiated_by: str
    flows: int
    out_bytes: int
    in_bytes: int
    last_ns: int


KINDS: Final = (
    "camera_ip",
    "vlan",
    "scope",
    "purpose",
    "operator",
    "operator_country",
    "country",
    "outcome",
    "initiated_by",
)


def sums(connection: Connection, scope: Scope, cameras: Sequence[str] | None = None) -> list[Sum]:
    """Return the sums of a scope, or of some cameras in it, one for each combination that there is.

    A span of `totals` that has a part in the time counts whole.
    """
    if not scope.runs:
        return []
    source = _source(scope, with_totals(connection, scope.runs))
    kinds = [source.c[name] for name in KINDS]
    query = select(
        *kinds,
        func.sum(source.c.flows),
        func.sum(source.c.out_bytes),
        func.sum(source.c.in_bytes),
        func.max(source.c.last_ns),
    ).group_by(*kinds)
    if cameras is not None:
        query = query.where(source.c.camera_ip.in_(cameras))
    # PostgreSQL sums bigint as numeric.
    return [
        Sum._make((*row[:9], *(int(amount) for amount in row[9:])))
        for row in connection.execute(query)
    ]


class Point(NamedTuple):
    """One kind of flows in one step of time."""

    at_ns: int
    purpose: str
    flows: int
    out_bytes: int
    in_bytes: int
    cameras: int


class Series(NamedTuple):
    """Purposes over time."""

    step_ns: int
    points: list[Point]


def series(
    connection: Connection,
    scope: Scope,
    wanted_s: int | None = None,
    camera_ip: str | None = None,
) -> Series:
    """Return purposes over time, of flows that leave the site, oldest first.

    Args:
        connection: Of a `Reader`.
        scope: With a time that has two ends.
        wanted_s: Step in seconds; made coarser where that gives too many, or flows are not read one by one.
        camera_ip: Of one camera only.
    """
    step_ns = step_for(scope.to_ns - scope.from_ns, wanted_s)
    if not scope.runs:
        return Series(step_ns, [])
    summed = with_totals(connection, scope.runs)
    if summed and _are_few(connection, scope):
        summed = ()
    if summed:
        step_ns = max(step_ns, SUMMED_STEP_NS)
    source = _source(scope, summed)
    return Series(step_ns, _points(connection, source, step_ns, camera_ip))


def _are_few(connection: Connection, scope: Scope) -> bool:
    """Return whether so few flows began in a time that they can be read one by one."""
    if scope.to_ns - scope.from_ns > FINE_SPAN_NS:
        return False
    f = FLOWS.c
    began = (f.start_ns >= scope.from_ns) & (f.start_ns < scope.to_ns)
    some = select(f.run_no).where(f.run_no.in_(scope.runs), began).limit(FINE_FLOWS + 1)
    found = connection.execute(select(func.count()).select_from(some.subquery())).scalar_one()
    return found <= FINE_FLOWS


def _points(
    connection: Connection, source: Subquery, step_ns: int, camera_ip: str | None
) -> list[Point]:
    step = literal(step_ns, BigInteger)
    at = source.c.bucket_ns - source.c.bucket_ns % step
    query = (
        select(
            at.label("at_ns"),
            source.c.purpose,
            func.sum(source.c.flows),
            func.sum(source.c.out_bytes),
            func.sum(source.c.in_bytes),
            func.count(distinct(source.c.camera_ip)),
        )
        .where(source.c.scope == "outside")
        .group_by("at_ns", source.c.purpose)
        .order_by("at_ns", source.c.purpose)
    )
    if camera_ip is not None:
        query = query.where(source.c.camera_ip == camera_ip)
    return [
        Point(int(at_ns), purpose, int(flows), int(out_bytes), int(in_bytes), cameras)
        for at_ns, purpose, flows, out_bytes, in_bytes, cameras in connection.execute(query)
    ]


def step_for(span_ns: int, wanted_s: int | None = None) -> int:
    """Return the step of a series: as wanted, or about a hundred, but never more than `MOST_POINTS`."""
    least = max(1, span_ns // MOST_POINTS)
    if wanted_s is not None and wanted_s * 1_000_000_000 >= least:
        return wanted_s * 1_000_000_000
    aim = least if wanted_s is not None else max(1, span_ns // USUAL_POINTS)
    for step in STEPS_NS:
        if step >= aim:
            return step
    longest = STEPS_NS[-1]
    return (aim + longest - 1) // longest * longest


def _source(scope: Scope, summed: Sequence[int]) -> Subquery:
    """Return rows with the columns of `totals`, from it for the runs that are summed, else from flows."""
    others = tuple(no for no in scope.runs if no not in set(summed))
    parts: list[Any] = []
    if summed or not others:
        parts.append(_from_totals(summed, scope))
    if others:
        parts.append(_from_flows(others, scope))
    # mypy 2.4 ends with an internal error on the overloads of `union_all`.
    unite: Any = union_all
    query = parts[0] if len(parts) == 1 else unite(*parts)
    source: Subquery = query.subquery("source")
    return source


def _from_totals(runs: Sequence[int], scope: Scope) -> Any:
    t = TOTALS.c
    return select(
        *(t[name] for name in KINDS), t.bucket_ns, t.flows, t.out_bytes, t.in_bytes, t.last_ns
    ).where(
        t.run_no.in_(runs),
        # The first is for the index, the second is what is meant.
        t.bucket_ns > scope.from_ns - LONGEST_SPAN_NS,
        t.bucket_ns + t.span_s * literal(1_000_000_000, BigInteger) > scope.from_ns,
        t.bucket_ns < scope.to_ns,
    )


def _from_flows(runs: Sequence[int], scope: Scope) -> Any:
    f, d = FLOWS.c, DESTINATIONS.c
    is_ours = f.initiated_by == "camera"
    return (
        select(
            f.camera_ip,
            func.coalesce(f.vlan, UNTAGGED).label("vlan"),
            f.scope,
            f.purpose,
            d.operator,
            d.operator_country,
            d.country,
            f.outcome,
            f.initiated_by,
            f.start_ns.label("bucket_ns"),
            literal(1, BigInteger).label("flows"),
            case((is_ours, f.orig_bytes), else_=f.resp_bytes).label("out_bytes"),
            case((is_ours, f.resp_bytes), else_=f.orig_bytes).label("in_bytes"),
            f.end_ns.label("last_ns"),
        )
        .select_from(FLOWS.join(DESTINATIONS, d.id == f.destination_id))
        .where(f.run_no.in_(runs), f.start_ns >= scope.from_ns, f.start_ns < scope.to_ns)
    )
