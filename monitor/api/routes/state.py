"""Runs, sensors, deliveries, the audit log."""

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Path, Query
from sqlalchemy import Connection, RowMapping
from starlette.responses import Response

from monitor.api import listing
from monitor.api.access import Admin, AnyReader
from monitor.api.context import Ctx
from monitor.api.coverage import FRESH_NS
from monitor.api.listing import Part, answer
from monitor.api.params import InPages
from monitor.api.problems import not_found
from monitor.api.shapes import state as shapes
from monitor.api.shapes.common import evidence_items, moment
from monitor.api.shapes.state import (
    AuditEntry,
    Delivery,
    Finding,
    Run,
    RunDetail,
    Sensor,
    Sensors,
    Target,
    Targets,
)
from monitor.model.clock import utc_text
from monitor.store.reading import state
from monitor.store.tables import CAMERAS, FLOWS

router = APIRouter(tags=["runs, sensors and deliveries"])


class DeliveryState(StrEnum):
    """States of a message to a target."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


@router.get("/runs", summary="Replays, and the flows of sensors", **listing.documented(Run))
def list_runs(context: Ctx, _: AnyReader, paging: InPages) -> Response:
    """List runs, newest first."""

    def fetch(connection: Connection, after: str | None, limit: int) -> Part:
        found = state.runs(connection, after=after, limit=limit)
        names = state.uploaded_names(connection, [row["id"] for row in found.rows])
        return Part([shapes.run(row, names.get(row["id"])) for row in found.rows], found.next)

    return answer(context, paging, "runs", Run, fetch)


@router.get("/runs/{run_id}", summary="One run in numbers")
def get_run(
    context: Ctx,
    _: AnyReader,
    run_id: Annotated[
        str, Path(min_length=1, max_length=64, pattern=r"^[0-9A-Za-z:._-]+$", description="Its id.")
    ],
) -> RunDetail:
    """Return a run: its time, its counters, and what it found."""
    with context.reader.connect() as connection:
        row = state.run(connection, run_id)
        if row is None:
            raise not_found(f"run {run_id}")
        name = state.uploaded_names(connection, [run_id]).get(run_id)
        first, last = state.run_times(connection, row["no"])
        flows = state.counts(connection, FLOWS, row["no"])
        cameras = state.counts(connection, CAMERAS, row["no"])
        findings = state.findings(connection, row["no"])
    return RunDetail(
        run=shapes.run(row, name),
        first=moment(first),
        last=moment(last),
        flows=flows,
        cameras=cameras,
        counters=row["counters"],
        findings=[_finding(one) for one in findings],
    )


@router.get("/sensors", summary="Live sensors and what they see")
def list_sensors(context: Ctx, _: AnyReader) -> Sensors:
    """List live sensors with their own words of interfaces, counters, losses and coverage."""
    now_ns = context.now_ns()
    with context.reader.connect() as connection:
        rows = state.sensors(connection)
    return Sensors(
        items=[
            Sensor(
                name=row["name"], run=row["run"], version=row["version"],
                started=utc_text(row["started_ns"]), seen=utc_text(row["seen_ns"]),
                age_s=round((now_ns - row["seen_ns"]) / 1e9, 1),
                is_fresh=now_ns - row["seen_ns"] <= FRESH_NS, status=row["status"],
            )
            for row in rows
        ]
    )  # fmt: skip


@router.get("/deliveries", summary="Messages sent, or to be sent", **listing.documented(Delivery))
def list_deliveries(
    context: Ctx,
    _: AnyReader,
    paging: InPages,
    state_: Annotated[DeliveryState | None, Query(alias="state", description="Only such.")] = None,
    target: Annotated[
        str | None,
        Query(max_length=64, pattern=r"^[\w .-]+$", description="Only to this target."),
    ] = None,
) -> Response:
    """List messages, newest first."""

    def fetch(connection: Connection, after: str | None, limit: int) -> Part:
        found = state.deliveries(
            connection, state=None if state_ is None else str(state_), target=target,
            after=after, limit=limit,
        )  # fmt: skip
        return Part([_delivery(row) for row in found.rows], found.next)

    return answer(context, paging, "deliveries", Delivery, fetch)


@router.get("/targets", summary="Where messages go")
def list_targets(context: Ctx, _: AnyReader) -> Targets:
    """List targets: how their last messages fared."""
    with context.reader.connect() as connection:
        rows = state.targets(connection)
    return Targets(
        items=[
            Target(
                name=row["name"], failures=row["failures"],
                paused_until=moment(row["open_until_ns"] or None), is_gone=row["is_gone"],
                last_success=moment(row["last_success_ns"]), last_error=row["last_error"] or None,
            )
            for row in rows
        ]
    )  # fmt: skip


@router.get("/audit", summary="Who wrote what", **listing.documented(AuditEntry))
def list_audit(context: Ctx, _: Admin, paging: InPages) -> Response:
    """List what was changed through the API and by the command line, newest first."""

    def fetch(connection: Connection, after: str | None, limit: int) -> Part:
        found = state.audit(connection, after=after, limit=limit)
        items = [
            AuditEntry(
                id=row["id"], at=utc_text(row["at_ns"]), author=row["author"],
                action=row["action"], subject=row["subject"], detail=row["detail"],
            )
            for row in found.rows
        ]  # fmt: skip
        return Part(items, found.next)

    return answer(context, paging, "audit", AuditEntry, fetch)


def _finding(row: RowMapping) -> Finding:
    return Finding(
        rule=row["rule"], severity=row["severity"], title=row["title"],
        camera=row["camera_ip"] or None, explanation=row["explanation"],
        first=utc_text(row["first_ns"]), last=utc_text(row["last_ns"]), flows=row["flows"],
        evidence=evidence_items(row["evidence"]), flow_ids=row["flow_ids"],
    )  # fmt: skip


def _delivery(row: RowMapping) -> Delivery:
    return Delivery(
        id=row["id"], message_id=row["message_id"], target=row["target"], type=row["type"],
        alert_id=row["alert_id"] or None, state=row["state"],
        created=utc_text(row["created_ns"]), due=utc_text(row["due_ns"]),
        attempts=row["attempts"], settled=moment(row["settled_ns"]),
        status=row["status"], error=row["error"] or None,
    )  # fmt: skip
