"""Catalogue, about, health, sessions, live events."""

import platform
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection
from starlette.responses import Response, StreamingResponse

from monitor import __version__
from monitor.api import access as doors
from monitor.api import listing
from monitor.api.access import COOKIE, AnyReader, Everybody
from monitor.api.context import Context, Ctx
from monitor.api.coverage import FRESH_NS
from monitor.api.listing import Part, answer
from monitor.api.params import InPages
from monitor.api.problems import ProblemError
from monitor.api.shapes.state import (
    About,
    Alive,
    Contact,
    DataSet,
    Entry,
    Explanation,
    Health,
    Session,
)
from monitor.errors import MonitorError
from monitor.store import access
from monitor.store.reading import state
from monitor.store.reading.paging import after_row, row_cursor

router = APIRouter(tags=["program"])
bare = APIRouter(tags=["program"])
"""Routes beside ``/api/v1``."""

EVENTS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Events `alert`, `sensor`, `job`, `delivery`, each with one line of JSON.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


class SignIn(BaseModel):
    """A token, to be exchanged for the cookie of the page."""

    model_config = ConfigDict(extra="forbid", strict=True)

    token: str = Field(min_length=1, max_length=200, examples=["camw_0123456789abcdef_..."])


@router.get(
    "/catalog", summary="What is known of names, and who says so", **listing.documented(Entry)
)
def list_catalog(
    context: Ctx,
    _: AnyReader,
    paging: InPages,
    text: Annotated[
        str, Query(max_length=200, description="In id, maker, condition or meaning.")
    ] = "",
) -> Response:
    """List entries of the catalogue by id."""

    def fetch(_: Connection, after: str | None, limit: int) -> Part:
        found = context.knowledge.entries(text)
        begin = after_row(after, "catalog")
        items = [Entry(**entry) for entry in found[begin : begin + limit]]
        has_more = begin + limit < len(found)
        return Part(items, row_cursor("catalog", begin + limit) if has_more else None)

    return answer(context, paging, "catalog", Entry, fetch)


@router.get("/catalog/explain", summary="What a name alone would be taken for")
def explain_name(
    context: Ctx,
    _: AnyReader,
    name: Annotated[
        str,
        Query(
            min_length=1, max_length=253, pattern=r"^[0-9A-Za-z_.:-]+$",
            description="Host name or address.", examples=["api.hik-connect.com"],
        ),
    ],
) -> Explanation:  # fmt: skip
    """Say what the catalogue makes of a name or an address, and which entries fit."""
    return Explanation(**context.knowledge.explain(name))


@router.get("/about", summary="Versions, data sets, and whom camwatch contacts")
def get_about(context: Ctx, _: AnyReader) -> About:
    """Return what this program is made of: versions, data with date and licence, contacts."""
    return About(
        version=__version__,
        python=platform.python_version(),
        store=context.reader.url.get_backend_name(),
        licence="Apache-2.0",
        data_sets=[DataSet(**one) for one in context.knowledge.data_sets()],
        contacts=_contacts(context),
        contacts_note=(
            "By default camwatch contacts nothing and nobody: it listens, and answers those who "
            "ask. 'camwatch geo update' fetches databases when a person runs it."
        ),
    )


@router.get("/health", summary="How the parts are")
def get_health(context: Ctx, _: AnyReader) -> Health:
    """Tell how store, sensors and queues are."""
    now_ns = context.now_ns()
    with context.reader.connect() as connection:
        sensors = state.sensors(connection)
        waiting = state.unfinished_jobs(connection)
    stale = [row["name"] for row in sensors if now_ns - row["seen_ns"] > FRESH_NS]
    captures = context.jobs.captures
    amount = captures.amount()
    return Health(
        status="degraded" if stale else "ok",
        store="ok",
        sensors=len(sensors),
        stale_sensors=stale,
        event_clients=context.events.clients,
        waiting_jobs=waiting,
        kept_captures=amount.captures,
        kept_bytes=amount.bytes,
        removed_captures=captures.removed,
    )


@router.get("/session", summary="Who asks")
def get_session(who: AnyReader) -> Session:
    """Return the name and the role of the one who asks."""
    return Session(name=who.name, role=str(who.role), is_session=who.is_session)


@router.post("/session", summary="Sign in with a token")
def create_session(
    context: Ctx, _: Everybody, request: Request, response: Response, sign_in: SignIn
) -> Session:
    """Exchange a token for a cookie that scripts cannot read; the page signs in with it."""
    doors.check_page(request)
    now_ns = context.now_ns()
    with context.reader.connect() as connection:
        who = access.by_token(connection, sign_in.token.strip(), now_ns)
    if who is None:
        context.rates.refused(doors.address_of(request))
        raise ProblemError(
            401, "this token is wrong, revoked or too old; 'camwatch token create' makes one",
            headers={"WWW-Authenticate": 'Bearer realm="camwatch"'},
        )  # fmt: skip
    seconds = int(context.settings.api.session_hours * 3600)
    with context.edits.transaction() as connection:
        cookie = access.begin_session(
            connection, who.token_id, now_ns, now_ns + seconds * 1_000_000_000
        )
        access.note_use(connection, who.token_id, now_ns)
        access.log(
            connection, at_ns=now_ns, author=who.name, action="session.begin", subject=who.token_id
        )
    response.set_cookie(
        COOKIE, cookie, max_age=seconds, path="/", httponly=True, samesite="strict",
        secure=request.url.scheme == "https",
    )  # fmt: skip
    return Session(name=who.name, role=str(who.role), is_session=True)


@router.delete("/session", summary="Sign out", status_code=204)
def end_session(context: Ctx, _: Everybody, request: Request) -> Response:
    """End the session of the cookie; without one nothing happens."""
    doors.check_page(request)
    cookie = request.cookies.get(COOKIE, "")
    if cookie:
        with context.edits.transaction() as connection:
            access.end_session(connection, cookie)
    answered = Response(status_code=204)
    answered.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return answered


@router.get("/events", summary="Live events", responses=EVENTS, response_class=StreamingResponse)
async def stream_events(
    context: Ctx,
    _: AnyReader,
    last_event_id: Annotated[
        str | None,
        Header(
            max_length=20, pattern=r"^[0-9]{1,18}$",
            description="Number of the last event of an alert that was seen.",
        ),
    ] = None,
) -> StreamingResponse:  # fmt: skip
    """Stream what happens, as server-sent events; ends after ten minutes, and clients come again."""
    after = None if last_event_id is None else int(last_event_id)
    client = context.events.open()
    return StreamingResponse(
        context.events.stream(client, after),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


@bare.get("/healthz", summary="Whether the process answers")
def is_alive(_: Everybody) -> Alive:
    """Answer; nothing else is asked."""
    return Alive(status="ok")


@bare.get("/readyz", summary="Whether questions can be answered")
def is_ready(context: Ctx, _: Everybody) -> Alive:
    """Answer where the store does, else 503."""
    try:
        with context.reader.connect() as connection:
            state.ping(connection)
    except MonitorError as error:
        context.log.warning("not ready", error=str(error))
        raise ProblemError(503, "the store does not answer", kind="store") from error
    return Alive(status="ok")


def _contacts(context: Context) -> list[Contact]:
    found = []
    url = context.reader.url
    if url.host:
        where = f"{url.host}:{url.port or 5432}"
        found.append(Contact(what="the database", where=where, when="always"))
    with context.reader.connect() as connection:
        found += [
            Contact(what="a target of messages", where=row["name"], when="on alerts")
            for row in state.targets(connection)
        ]
    return found
