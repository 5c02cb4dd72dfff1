"""Flows."""

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Path, Query
from sqlalchemy import Connection
from starlette.responses import Response

from monitor.api import listing
from monitor.api.access import AnyReader
from monitor.api.context import Ctx
from monitor.api.listing import Part, answer
from monitor.api.params import FlowFilter, InPages, InScope, RunId, parsed
from monitor.api.problems import not_found
from monitor.api.shapes.flows import Flow, FlowDetail, plain
from monitor.api.shapes.flows import flow as shape
from monitor.language import Where
from monitor.store.reading import flows, state

router = APIRouter(tags=["flows"])


class FlowSort(StrEnum):
    """Orders of flows; a minus is for the largest first."""

    START = "start"
    START_DOWN = "-start"
    BYTES_OUT = "bytes_out"
    BYTES_OUT_DOWN = "-bytes_out"
    BYTES_IN = "bytes_in"
    BYTES_IN_DOWN = "-bytes_in"
    DURATION = "duration"
    DURATION_DOWN = "-duration"


@router.get("/flows", summary="Flows of cameras", **listing.documented(Flow))
def list_flows(
    context: Ctx,
    _: AnyReader,
    wanted: InScope,
    paging: InPages,
    filter_: FlowFilter = None,
    sort: Annotated[
        FlowSort,
        Query(description="Order. Others than `start` read everything that is asked for."),
    ] = FlowSort.START_DOWN,
) -> Response:
    """List flows that began in a time and fit a filter, newest first."""
    tree = parsed(filter_, Where.FLOW)

    def fetch(connection: Connection, after: str | None, limit: int) -> Part:
        scope = wanted.resolve(connection)
        found = flows.flows(connection, scope, tree=tree, sort=str(sort), after=after, limit=limit)
        return Part([plain(row) for row in found.rows], found.next)

    return answer(context, paging, "flows", Flow, fetch)


@router.get("/flows/{flow_id}", summary="One flow, and why it was given its answer")
def get_flow(
    context: Ctx,
    _: AnyReader,
    flow_id: Annotated[
        str, Path(pattern=r"^[0-9a-f]{16}$", description="Id of the flow: 16 hex digits.")
    ],
    run: RunId = None,
) -> FlowDetail:
    """Return a flow with the account of its purpose, as `camwatch explain` gives it."""
    with context.reader.connect() as connection:
        row = flows.flow(connection, run, flow_id)
        of_run = None if row is None else state.run(connection, row["run"])
    if row is None or of_run is None:
        raise not_found(f"flow {flow_id}")
    account, text = context.knowledge.account(row, of_run)
    return FlowDetail(flow=shape(row), account=account, text=text)
