"""The one shape of errors: problem details for HTTP (RFC 9457)."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from monitor.errors import StoreError
from monitor.store.reading.paging import BadCursorError
from monitor.store.reading.reader import BusyStoreError, SlowQueryError

MEDIA_TYPE = "application/problem+json"
URN = "urn:camwatch:problem:"

BAD_INPUT = 422
TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}
"""As RFC 9110 names them; Python does since 3.13."""

MOST_SHOWN = 200
"""Characters of what the caller sent that are repeated to them."""


class Fault(BaseModel):
    """One thing that is wrong in a request."""

    where: str = Field(description="Parameter, header or member of the body, with dots")
    what: str = Field(description="What is wrong with it")
    column: int | None = Field(default=None, description="Column of a filter, from 1")
    hint: str | None = Field(default=None, description="What to do instead")


class Problem(BaseModel):
    """Why a request was not answered (RFC 9457)."""

    type: str = Field(description="URN of the kind of problem, or ``about:blank``")
    title: str = Field(description="Kind of problem, in words")
    status: int = Field(description="HTTP status")
    detail: str = Field(description="What is the matter, and what to do")
    instance: str = Field(description="Path that was asked for")
    errors: list[Fault] = Field(default_factory=list, description="Each fault of the request")


class ProblemError(HTTPException):
    """Ends a request with a problem."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        kind: str = "",
        errors: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, detail, dict(headers or {}))
        self.kind = kind
        self.errors = tuple(errors)


def not_found(what: str) -> ProblemError:
    """Return the problem of something that is not there."""
    return ProblemError(HTTPStatus.NOT_FOUND, f"{what}: there is none of that name or id")


def refused(where: str, what: str, *, kind: str = "parameters", **more: Any) -> ProblemError:
    """Return the problem of one parameter that does not fit."""
    fault = Fault(where=where, what=what, **more)
    return ProblemError(BAD_INPUT, f"{where}: {what}", kind=kind, errors=[fault])


def response(
    request: Request,
    status: int,
    detail: str,
    *,
    kind: str = "",
    errors: Sequence[Fault] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a problem as the answer to a request."""
    problem = Problem(
        type=URN + kind if kind else "about:blank",
        title=TITLES.get(status) or HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=request.url.path,
        errors=list(errors),
    )
    return Response(
        problem.model_dump_json(), status, media_type=MEDIA_TYPE, headers=dict(headers or {})
    )


async def on_http(request: Request, error: Exception) -> Response:
    """Answer what FastAPI or a route raised to end the request."""
    if isinstance(error, ProblemError):
        return response(
            request, error.status_code, str(error.detail),
            kind=error.kind, errors=error.errors, headers=error.headers,
        )  # fmt: skip
    if not isinstance(error, HTTPException):
        raise error
    detail = str(error.detail)
    if error.status_code == HTTPStatus.NOT_FOUND:
        detail = "there is no such path; /api/v1/openapi.json lists them all"
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        detail = "this path does not take this method; the header Allow names those it takes"
    if error.status_code == HTTPStatus.BAD_REQUEST:
        detail = f"the request cannot be read: {detail}"
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        # FastAPI names those of one route, where several have the path.
        headers["Allow"] = request.app.state.allowed(request.url.path) or headers.get("Allow", "")
    return response(request, error.status_code, detail, headers=headers)


async def on_invalid(request: Request, error: Exception) -> Response:
    """Answer a request whose parameters or body do not fit the document."""
    if not isinstance(error, RequestValidationError):
        raise error
    errors = [
        Fault(
            where=".".join(str(part) for part in one["loc"][1:] or one["loc"])[:MOST_SHOWN],
            what=str(one["msg"])[:MOST_SHOWN],
        )
        for one in error.errors()[:20]
    ]
    first = errors[0]
    return response(
        request, BAD_INPUT, f"{first.where}: {first.what}", kind="parameters", errors=errors
    )


async def on_cursor(request: Request, error: Exception) -> Response:
    """Answer a cursor that no list gave."""
    fault = Fault(where="cursor", what=str(error))
    return response(request, BAD_INPUT, str(error), kind="cursor", errors=[fault])


async def on_store(request: Request, error: Exception) -> Response:
    """Answer when the store does not do its part; what it said stays in the log."""
    if isinstance(error, SlowQueryError):
        detail = str(error)
        return response(request, HTTPStatus.SERVICE_UNAVAILABLE, detail, kind="slow-question")
    if isinstance(error, BusyStoreError):
        return response(
            request, HTTPStatus.SERVICE_UNAVAILABLE, str(error),
            kind="busy", headers={"Retry-After": "2"},
        )  # fmt: skip
    request.app.state.context.log.error("store failed", error=str(error))
    return response(
        request, HTTPStatus.SERVICE_UNAVAILABLE,
        "the store does not answer; the log of 'camwatch serve' says why",
        kind="store", headers={"Retry-After": "5"},
    )  # fmt: skip


async def on_bug(request: Request, error: Exception) -> Response:
    """Answer when this program is wrong; the traceback is in the log."""
    request.app.state.context.log.error("request failed", path=request.url.path, exc_info=error)
    return response(
        request, HTTPStatus.INTERNAL_SERVER_ERROR,
        "this is a fault of camwatch; the log of 'camwatch serve' has the traceback",
    )  # fmt: skip


HANDLERS: dict[type[Exception] | int, Any] = {
    HTTPException: on_http,
    RequestValidationError: on_invalid,
    BadCursorError: on_cursor,
    StoreError: on_store,
    Exception: on_bug,
}
