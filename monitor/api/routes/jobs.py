"""Uploads of captures, and their replays."""

import asyncio
import hashlib
import secrets
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from sqlalchemy import Connection
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from monitor.api import listing
from monitor.api.access import Analyst, AnyReader
from monitor.api.context import Context, Ctx
from monitor.api.listing import Part, answer
from monitor.api.params import Id32, InPages
from monitor.api.problems import ProblemError, not_found
from monitor.api.shapes.state import Job
from monitor.api.shapes.state import job as shape
from monitor.store import access, edits
from monitor.store.reading import state

router = APIRouter(tags=["replays of uploads"])

BLOCK: Final = 1 << 20

BODY: Final = {
    "requestBody": {
        "required": True,
        "description": "The capture as it is: pcap or pcapng, also gzip, zstd or xz.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post(
    "/jobs",
    summary="Upload a capture to be replayed",
    status_code=202,
    openapi_extra=BODY,
)
async def create_job(
    context: Ctx,
    who: Analyst,
    request: Request,
    name: Annotated[
        str,
        Query(
            min_length=1,
            max_length=200,
            description="Name to show; it is never used as a path.",
            examples=["gate-camera.pcapng"],
        ),
    ] = "capture",
) -> Job:
    """Take a capture as the body of the request; a process of its own replays it into the store.

    The answer is the job; `GET /jobs/{job_id}` tells its progress, and then the run.
    """
    job_id = secrets.token_hex(16)
    try:
        size, sha256 = await _receive(context, request, job_id)
    except BaseException:
        context.jobs.captures.settled(job_id)
        raise

    def add() -> None:
        with context.edits.transaction() as connection:
            if edits.waiting_jobs(connection) >= context.settings.api.waiting_jobs:
                raise ProblemError(
                    429, "others came first and the queue is full; upload it again later",
                    kind="queue-full", headers={"Retry-After": "60"},
                )  # fmt: skip
            edits.add_job(
                connection, job_id=job_id, file_name=name, size=size, sha256=sha256,
                author=who.name, now_ns=context.now_ns(),
            )  # fmt: skip

    try:
        await asyncio.to_thread(add)
    except BaseException:
        context.jobs.path(job_id).unlink(missing_ok=True)
        raise
    finally:
        context.jobs.captures.settled(job_id)
    context.jobs.wake()
    return await asyncio.to_thread(_job, context, job_id)


@router.get("/jobs", summary="Uploads and their replays", **listing.documented(Job))
def list_jobs(context: Ctx, _: AnyReader, paging: InPages) -> Response:
    """List uploads, newest first."""

    def fetch(connection: Connection, after: str | None, limit: int) -> Part:
        found = state.jobs(connection, after=after, limit=limit)
        return Part([shape(row) for row in found.rows], found.next)

    return answer(context, paging, "jobs", Job, fetch)


@router.get("/jobs/{job_id}", summary="One upload and its progress")
def get_job(context: Ctx, _: AnyReader, job_id: Id32) -> Job:
    """Return an upload, how far its replay is, and the run it gave."""
    return _job(context, job_id)


@router.post("/jobs/{job_id}/cancel", summary="Break off a replay")
def cancel_job(context: Ctx, who: Analyst, job_id: Id32) -> Job:
    """Break off a replay, or take it out of the queue; one that ended stays as it is."""
    before = _job(context, job_id)
    if before.state in ("waiting", "running"):
        context.jobs.cancel(job_id)
        with context.edits.transaction() as connection:
            access.log(
                connection, at_ns=context.now_ns(), author=who.name, action="job.cancel",
                subject=job_id,
            )  # fmt: skip
    return _job(context, job_id)


def _job(context: Context, job_id: str) -> Job:
    with context.reader.connect() as connection:
        row = state.job(connection, job_id)
    if row is None:
        raise not_found(f"job {job_id}")
    return shape(row)


def _check_size(size: int) -> None:
    if not size:
        raise ProblemError(422, "the body is empty; send the capture as it is", kind="empty")


async def _receive(context: Context, request: Request, job_id: str) -> tuple[int, str]:
    """Write the body to the file of a job a block at a time; return its size and SHA-256."""
    digest = hashlib.sha256()
    size = 0
    file = await asyncio.to_thread(context.jobs.create, job_id)
    try:
        with file:
            block = bytearray()
            async for part in request.stream():
                block += part
                if len(block) >= BLOCK:
                    digest.update(block)
                    size += await asyncio.to_thread(file.write, bytes(block))
                    block.clear()
            digest.update(block)
            size += file.write(block)
        _check_size(size)
    except BaseException as error:
        context.jobs.path(job_id).unlink(missing_ok=True)
        if isinstance(error, ClientDisconnect):
            raise ProblemError(400, "the upload broke off") from error
        if isinstance(error, OSError):
            context.log.exception("upload not written")
            raise ProblemError(503, "the capture cannot be kept", kind="no-room") from error
        raise
    return size, digest.hexdigest()
