"""Flows."""

import os
from collections.abc import Iterator
from enum import StrEnum
from typing import IO, Annotated, Final

from fastapi import APIRouter, Path, Query
from sqlalchemy import Connection, RowMapping
from starlette.responses import Response, StreamingResponse

from monitor.api import knowledge, listing
from monitor.api.access import Analyst, AnyReader
from monitor.api.context import Context, Ctx
from monitor.api.listing import Part, answer
from monitor.api.params import FlowFilter, InPages, InScope, RunId, parsed
from monitor.api.problems import ProblemError, not_found
from monitor.api.shapes.flows import Flow, FlowDetail, PacketsAre, plain
from monitor.api.shapes.flows import flow as shape
from monitor.language import Where
from monitor.model.clock import utc_text
from monitor.report import jsonl
from monitor.store import access
from monitor.store.reading import flows, state
from monitor.store.reading.scope import SENSOR_PREFIX

router = APIRouter(tags=["flows"])

SEARCH_SHARE: Final = 0.25
"""Of the time that a question may take: a slice that was begun is to end in it, too."""

PCAPNG: Final = "application/x-pcapng"
SENT_BYTES: Final = 1 << 18
"""Read and sent at a time."""

FlowId = Annotated[
    str, Path(pattern=r"^[0-9a-f]{16}$", description="Id of the flow: 16 hex digits.")
]

WHY_NOT: Final = {
    PacketsAre.SENSOR: "a sensor keeps no packets; record at the mirror port, and upload that",
    PacketsAre.REMOVED: "the uploaded capture is not kept any more; upload it again",
    PacketsAre.ELSEWHERE: "it was replayed from a file that this server does not have; use "
    "'camwatch inspect', or upload the capture",
}


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


@router.get("/flows", summary="Flows of cameras", **listing.documented(Flow, listing.Searched))
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
    """List flows that began in a time and fit a filter, newest first.

    What is rare and has no index is searched for slice of time by slice, for a quarter of `api.query_s`: then
    the page has what was found, which may be nothing, `looked_to`, and `next` to go on.

    For `api.keep_s` the same question gets the same answer.
    """
    tree = parsed(filter_, Where.FLOW)

    def fetch(connection: Connection, after: str | None, limit: int) -> Part:
        scope = wanted.resolve(connection)
        found = flows.flows(
            connection, scope, tree=tree, sort=str(sort), after=after, limit=limit,
            seconds=context.settings.api.query_s * SEARCH_SHARE,
        )  # fmt: skip
        looked = None if found.looked_ns is None else utc_text(found.looked_ns)
        return Part([plain(row) for row in found.rows], found.next, {"looked_to": looked})

    return answer(context, paging, "flows", Flow, fetch, (wanted, filter_, sort))


@router.get("/flows/{flow_id}", summary="One flow, and why it was given its answer")
def get_flow(context: Ctx, _: AnyReader, flow_id: FlowId, run: RunId = None) -> FlowDetail:
    """Return a flow with the account of its purpose, as `camwatch explain` gives it."""
    row, of_run = _find(context, run, flow_id)
    account, text = context.knowledge.account(row, of_run)
    with context.reader.connect() as connection:
        packets, _job = _packets(context, connection, of_run["id"])
    return FlowDetail(flow=shape(row), account=account, text=text, packets=packets)


@router.get(
    "/flows/{flow_id}/packets",
    summary="The packets of one flow",
    response_class=StreamingResponse,
    responses={200: {"content": {PCAPNG: {"schema": {"type": "string", "format": "binary"}}}}},
)
def get_packets(
    context: Ctx, who: Analyst, flow_id: FlowId, run: RunId = None
) -> StreamingResponse:
    """Take the packets of a flow out of the uploaded capture that it was found in, as pcapng.

    The comment of each packet names its frame in the capture. The header `X-Camwatch-Packets` has their number,
    `X-Camwatch-Doubt` how they differ from what was counted, if they do. It is written into the audit log, and
    done `api.carves_per_minute` times a minute at most.
    """
    row, of_run = _find(context, run, flow_id)
    with context.reader.connect() as connection:
        packets, job = _packets(context, connection, of_run["id"])
    if job is None:
        raise ProblemError(404, WHY_NOT[packets], kind="no-packets")
    context.rates.carving(who.token_id or "this machine")
    found = next(one for one in of_run["inputs"] if one.get("sha256") == job["sha256"])
    made = context.carver.carve(
        context.jobs.path(job["id"]),
        jsonl.members(knowledge.record(row)),
        {key: found[key] for key in ("size_bytes", "sha256", "first_ns", "last_ns")}
        | {"name": job["file_name"]},
    )
    try:
        with context.edits.transaction() as connection:
            access.log(
                connection, at_ns=context.now_ns(), author=who.name, action="flow.packets",
                subject=flow_id, detail={"run": of_run["id"], "packets": made.packets},
            )  # fmt: skip
    except BaseException:
        made.forget()
        raise
    # Open and without a name it is gone when nobody sends it any longer, however that ends.
    try:
        file = made.path.open("rb")
    finally:
        made.forget()
    headers = {
        "X-Camwatch-Packets": str(made.packets),
        "Content-Length": str(os.fstat(file.fileno()).st_size),
        "Content-Disposition": f'attachment; filename="camwatch-{flow_id}.pcapng"',
    }
    if made.doubt:
        headers["X-Camwatch-Doubt"] = made.doubt
    return StreamingResponse(_sent(file), media_type=PCAPNG, headers=headers)


def _sent(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(SENT_BYTES):
            yield piece


def _find(context: Context, run: str | None, flow_id: str) -> tuple[RowMapping, RowMapping]:
    with context.reader.connect() as connection:
        row = flows.flow(connection, run, flow_id)
        of_run = None if row is None else state.run(connection, row["run"])
    if row is None or of_run is None:
        raise not_found(f"flow {flow_id}")
    return row, of_run


def _packets(
    context: Context, connection: Connection, run_id: str
) -> tuple[PacketsAre, RowMapping | None]:
    """Return where the packets of a run are, and the upload that has them, where that is kept."""
    if run_id.startswith(SENSOR_PREFIX):
        return PacketsAre.SENSOR, None
    job = context.jobs.captures.of_run(connection, run_id)
    if job is not None:
        return PacketsAre.KEPT, job
    was_uploaded = bool(state.uploaded_names(connection, [run_id]))
    return (PacketsAre.REMOVED if was_uploaded else PacketsAre.ELSEWHERE), None
