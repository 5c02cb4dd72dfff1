"""Cameras and destinations."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection, RowMapping
from starlette.responses import Response

from monitor.api import listing, summing
from monitor.api.access import Analyst, AnyReader
from monitor.api.context import Ctx
from monitor.api.listing import Part, answer
from monitor.api.params import CameraFilter, CameraIp, FlowFilter, InPages, InScope, compiled
from monitor.api.problems import not_found
from monitor.api.routes.overview import points
from monitor.api.shapes.common import moment
from monitor.api.shapes.parties import (
    Camera,
    CameraAlert,
    CameraDetail,
    Destination,
    Firmware,
    Label,
    SignalItem,
)
from monitor.language import Where
from monitor.model.clock import utc_text
from monitor.store import edits
from monitor.store.reading import alerts, parties, sums
from monitor.store.reading.scope import Scope, bounded
from monitor.store.reading.sums import Sum

router = APIRouter(tags=["cameras and destinations"])


class LabelText(BaseModel):
    """What to write about a camera; both empty takes it away."""

    model_config = ConfigDict(extra="forbid", strict=True)

    label: str = Field(default="", max_length=100, examples=["Gate, north side"])
    note: str = Field(default="", max_length=2000, examples=["Replaced in March."])


class DestinationSort(StrEnum):
    """Orders of destinations; a minus is for the largest first."""

    FLOWS = "flows"
    FLOWS_DOWN = "-flows"
    BYTES_OUT = "bytes_out"
    BYTES_OUT_DOWN = "-bytes_out"
    BYTES_IN = "bytes_in"
    BYTES_IN_DOWN = "-bytes_in"
    CAMERAS = "cameras"
    CAMERAS_DOWN = "-cameras"
    LAST = "last"
    LAST_DOWN = "-last"


@router.get("/cameras", summary="Devices of the site", **listing.documented(Camera))
def list_cameras(
    context: Ctx,
    _: AnyReader,
    wanted: InScope,
    paging: InPages,
    filter_: CameraFilter = None,
) -> Response:
    """List devices by address, with the sums of their flows in a time.

    Without a time it is the last day of the sensors, or all of a replay.
    """
    where = compiled(filter_, Where.CAMERA)

    def fetch(connection: Connection, after: str | None, limit: int) -> Part:
        scope = bounded(connection, wanted.resolve(connection), context.now_ns())
        found = parties.cameras(connection, scope, where=where, after=after, limit=limit)
        ips = [row["ip"] for row in found.rows]
        by_camera = summing.groups(
            sums.sums(connection, scope, cameras=ips), lambda one: one.camera_ip
        )
        items = [camera(row, by_camera.get(row["ip"], [])) for row in found.rows]
        return Part(items, found.next)

    return answer(context, paging, "cameras", Camera, fetch)


@router.get("/cameras/{ip}", summary="One camera: what it said, to whom, and who made it")
def get_camera(context: Ctx, _: AnyReader, ip: CameraIp, wanted: InScope) -> CameraDetail:
    """Return a camera with its purposes over time, destinations, signs of its maker, firmware, alerts."""
    with context.reader.connect() as connection:
        scope = bounded(connection, wanted.resolve(connection), context.now_ns())
        row = next(iter(parties.cameras(connection, scope, ip=ip, limit=1).rows), None)
        if row is None:
            raise not_found(f"camera {ip}")
        found = sums.sums(connection, scope, cameras=[ip])
        series = sums.series(connection, scope, camera_ip=ip)
        to = parties.destinations(connection, scope, camera_ip=ip, limit=20).rows
        destinations = shaped(connection, scope, to, ip)
        firmware = parties.firmware(connection, scope, ip)
        named = alerts.of_camera(connection, scope, ip)
    out = summing.outside(found)
    return CameraDetail(
        **{"from": utc_text(scope.from_ns)},
        to=utc_text(scope.to_ns),
        camera=camera(row, found),
        signals=[SignalItem(**one) for one in row["signals"]],
        purposes=summing.purposes(out),
        operators=summing.operators(out),
        destinations=destinations,
        step_s=series.step_ns // 1_000_000_000,
        timeline=points(series.points),
        firmware=[
            Firmware(
                at=utc_text(one["at_ns"]), flow_id=one["flow_id"], name=one["name"] or None,
                url=one["url"] or None, bytes=one["bytes"], sha256=one["sha256"] or None,
            )
            for one in firmware
        ],
        alerts=[
            CameraAlert(
                id=one["id"], rule=one["rule"], severity=one["severity"], state=one["state"],
                title=one["title"], opened=utc_text(one["opened_ns"]),
            )
            for one in named
        ],
    )  # fmt: skip


@router.put("/cameras/{ip}/label", summary="Name a camera")
def put_label(context: Ctx, who: Analyst, ip: CameraIp, text: LabelText) -> LabelText:
    """Give a camera a name and a remark, in the place of those before."""
    with context.edits.transaction() as connection:
        if not parties.is_known(connection, ip):
            raise not_found(f"camera {ip}")
        edits.label(
            connection, ip, text=text.label, remark=text.note,
            author=who.name, now_ns=context.now_ns(),
        )  # fmt: skip
    return text


@router.get("/destinations", summary="Services outside the site", **listing.documented(Destination))
def list_destinations(
    context: Ctx,
    _: AnyReader,
    wanted: InScope,
    paging: InPages,
    filter_: FlowFilter = None,
    sort: Annotated[DestinationSort, Query(description="Order.")] = DestinationSort.BYTES_OUT_DOWN,
) -> Response:
    """List destinations of flows that began in a time and fit a filter of flows.

    Without a time it is the last day of the sensors, or all of a replay. Flows are read for it:
    a long time of a large store takes long.
    """
    where = compiled(filter_, Where.FLOW)

    def fetch(connection: Connection, after: str | None, limit: int) -> Part:
        scope = bounded(connection, wanted.resolve(connection), context.now_ns())
        found = parties.destinations(
            connection, scope, where=where, sort=str(sort), after=after, limit=limit
        )
        return Part(shaped(connection, scope, found.rows), found.next)

    return answer(context, paging, "destinations", Destination, fetch)


def camera(row: RowMapping, found: list[Sum]) -> Camera:
    """Return a camera with the sums of its flows."""
    out = summing.outside(found)
    label = None
    if row["label"] is not None:
        label = Label(
            label=row["label"], note=row["note"], author=row["label_author"],
            at=utc_text(row["label_at_ns"]),
        )  # fmt: skip
    told = summing.amounts(out)
    return Camera(
        ip=row["ip"],
        run=row["run"],
        vlan=row["vlan"],
        mac=row["mac"] or None,
        oui=row["oui"] or None,
        maker=row["maker"] or None,
        brand=row["brand"] or None,
        model=row["model"] or None,
        firmware=row["firmware"] or None,
        kind=row["kind"],
        confidence=row["confidence"],
        label=label,
        flows=sum(one.flows for one in found),
        flows_outside=told["flows"],
        answered_outside=summing.answered(out),
        bytes_out=told["bytes_out"],
        bytes_in=told["bytes_in"],
        purposes=summing.most(out, lambda one: one.purpose),
        operator_countries=summing.most(out, lambda one: one.operator_country),
        last=moment(max((one.last_ns for one in found), default=None)),
    )


def shaped(
    connection: Connection, scope: Scope, rows: Iterable[RowMapping], camera_ip: str | None = None
) -> list[Destination]:
    """Return destinations with their purposes."""
    listed = list(rows)
    told = parties.purposes_of(connection, scope, [row["id"] for row in listed], camera_ip)
    return [
        Destination(
            ip=row["ip"],
            port=row["port"],
            name=row["name"] or None,
            name_source=row["name_source"] or None,
            country=row["country"] or None,
            asn=row["asn"] or None,
            as_org=row["as_org"] or None,
            operator=row["operator"] or None,
            operator_country=row["operator_country"] or None,
            purposes=told.get(row["id"], []),
            flows=row["flows"],
            answered=int(row["answered"]),
            cameras=row["cameras"],
            bytes_out=int(row["bytes_out"]),
            bytes_in=int(row["bytes_in"]),
            first=utc_text(row["first_ns"]),
            last=utc_text(row["last_ns"]),
        )
        for row in listed
    ]
