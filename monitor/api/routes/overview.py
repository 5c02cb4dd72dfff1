"""Overview, operators, purposes over time."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import Connection, RowMapping
from starlette.responses import Response

from monitor.api import listing, summing
from monitor.api.access import AnyReader
from monitor.api.context import Context, Ctx
from monitor.api.coverage import FRESH_NS, coverage_of
from monitor.api.listing import Part, answer
from monitor.api.params import InPages, InScope, Wanted
from monitor.api.shapes.common import CameraName, Shape, group_of
from monitor.api.shapes.overview import (
    OpenAlerts,
    Operator,
    Overview,
    SensorBrief,
    Series,
    SeriesPoint,
)
from monitor.model.clock import utc_text
from monitor.store.reading import alerts, parties, state, sums
from monitor.store.reading.paging import after_row, row_cursor
from monitor.store.reading.scope import Scope, bounded

router = APIRouter(tags=["overview"])

Step = Annotated[
    int | None,
    Query(
        ge=1, le=604_800, description="Wanted step in seconds; made coarser where there are many."
    ),
]


@router.get("/overview", summary="What leaves, and why, at a glance", response_model=Overview)
def get_overview(context: Ctx, _: AnyReader, wanted: InScope) -> Response:
    """Sum up a time: verdicts of VLANs, purposes, talkers, countries, alerts, sensors.

    Without a time it is the last day of the sensors, or all of a replay. Sums are kept by spans of
    some minutes; a span counts whole. For `api.keep_s` the same question gets the same answer.
    """
    made = context.kept.get(
        ("overview", wanted), lambda: _json(_overview(context, wanted)), wanted.days
    )
    return Response(made, media_type="application/json")


@router.get("/purposes", summary="Purposes over time", response_model=Series)
def get_purposes(context: Ctx, _: AnyReader, wanted: InScope, step_s: Step = None) -> Response:
    """Return flows outside the site by purpose and step of time, for a chart."""
    key = ("purposes", wanted, step_s)
    made = context.kept.get(key, lambda: _json(_series(context, wanted, step_s)), wanted.days)
    return Response(made, media_type="application/json")


def _json(shape: Shape) -> bytes:
    return shape.model_dump_json(by_alias=True).encode()


def _overview(context: Context, wanted: Wanted) -> Overview:
    now_ns = context.now_ns()
    with context.reader.connect() as connection:
        scope = bounded(connection, wanted.resolve(connection), now_ns)
        found = sums.sums(connection, scope)
        sensors = state.sensors(connection)
        counts = alerts.open_by_severity(connection, scope)
        out = summing.outside(found)
        talkers = summing.talkers(out, lambda ips: camera_names(connection, scope, ips))
    return Overview(
        **{"from": utc_text(scope.from_ns)},
        to=utc_text(scope.to_ns),
        runs=list(scope.ids),
        vlans=summing.vlans(found, coverage_of(sensors, now_ns)),
        totals=summing.totals(found),
        purposes=summing.purposes(out),
        talkers=talkers,
        map=summing.countries(out),
        operators=summing.operators(out)[: summing.TOP],
        alerts=OpenAlerts(**counts),
        sensors=[brief(row, now_ns) for row in sensors],
        attribution=attribution(context),
    )


def _series(context: Context, wanted: Wanted, step_s: int | None) -> Series:
    now_ns = context.now_ns()
    with context.reader.connect() as connection:
        scope = bounded(connection, wanted.resolve(connection), now_ns)
        found = sums.series(connection, scope, step_s)
    return Series(
        **{"from": utc_text(scope.from_ns)},
        to=utc_text(scope.to_ns),
        runs=list(scope.ids),
        step_s=found.step_ns // 1_000_000_000,
        points=points(found.points),
    )


@router.get("/operators", summary="Companies behind the services", **listing.documented(Operator))
def list_operators(context: Ctx, _: AnyReader, wanted: InScope, paging: InPages) -> Response:
    """List operators of services outside the site, most bytes first."""

    def fetch(connection: Connection, after: str | None, limit: int) -> Part:
        scope = bounded(connection, wanted.resolve(connection), context.now_ns())
        found = summing.operators(summing.outside(sums.sums(connection, scope)))
        begin = after_row(after, "operators")
        rest = found[begin : begin + limit]
        has_more = begin + limit < len(found)
        return Part(rest, row_cursor("operators", begin + limit) if has_more else None)

    return answer(context, paging, "operators", Operator, fetch)


def points(found: Sequence[sums.Point]) -> list[SeriesPoint]:
    """Return a series."""
    return [
        SeriesPoint(
            at=utc_text(one.at_ns), purpose=one.purpose, group=group_of(one.purpose),
            flows=one.flows, bytes_out=one.out_bytes, bytes_in=one.in_bytes, cameras=one.cameras,
        )
        for one in found
    ]  # fmt: skip


def brief(row: RowMapping, now_ns: int) -> SensorBrief:
    """Return a sensor, in short."""
    return SensorBrief(
        name=row["name"], run=row["run"], version=row["version"], seen=utc_text(row["seen_ns"]),
        is_fresh=now_ns - row["seen_ns"] <= FRESH_NS,
    )  # fmt: skip


def camera_names(connection: Connection, scope: Scope, ips: list[str]) -> dict[str, CameraName]:
    """Return what people and the wire call some cameras."""
    labels = parties.labels(connection, ips)
    makers = parties.makers(connection, scope, ips)
    return {
        ip: CameraName(
            ip=ip,
            label=labels.get(ip),
            maker=(makers[ip]["maker"] or None) if ip in makers else None,
            brand=(makers[ip]["brand"] or None) if ip in makers else None,
        )
        for ip in ips
    }


def attribution(context: Context) -> list[str]:
    """Return the lines that belong beside countries and makers."""
    return [
        f"{one['attribution']} ({one['licence']}{', of ' + one['date'] if one['date'] else ''})"
        for one in context.knowledge.data_sets()
    ]
