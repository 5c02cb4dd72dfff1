"""Puts the app together."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.routing import APIRoute
from sqlalchemy.engine import URL
from starlette.responses import Response

from monitor import __version__
from monitor.api import document
from monitor.api.carving import Carver
from monitor.api.context import Context
from monitor.api.events import Events
from monitor.api.guard import Guard
from monitor.api.jobs import Jobs
from monitor.api.kept import Kept
from monitor.api.knowledge import Knowledge
from monitor.api.problems import HANDLERS
from monitor.api.rates import Rates
from monitor.api.routes import about, alerts, flows, jobs, overview, parties, state
from monitor.api.site import Site
from monitor.config import Settings
from monitor.store import engine as engines
from monitor.store.edits import Edits
from monitor.store.reading.reader import Reader

PREFIX: Final = "/api/v1"
ROUTERS: Final = (
    overview.router,
    parties.router,
    flows.router,
    alerts.router,
    state.router,
    jobs.router,
    about.router,
)


def create_app(
    settings: Settings,
    store_url: str,
    now_ns: Callable[[], int],
    *,
    config: Path | None = None,
    site: Site | None = None,
) -> FastAPI:
    """Return the app: API and page over a store.

    Args:
        settings: All settings; those of ``[api]`` are for it.
        store_url: ``sqlite:///FILE`` or ``postgresql://...``; its schema is created or upgraded.
        now_ns: The clock, nanoseconds since 1970.
        config: Settings file, which replays of uploads are given too.
        site: Files of the page; None for those that are shipped.

    Raises:
        StoreError: The store cannot be reached, or is not ours.
    """
    url = engines.parse(store_url)
    reader = Reader(url, settings.api.query_s)
    edits = Edits(url)
    edits.upgrade()
    context = _context(settings, url, now_ns, reader, edits, config)
    app = FastAPI(
        title="camwatch",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=_lifespan,
        exception_handlers=HANDLERS,
        redirect_slashes=False,
    )
    app.state.context = context
    app.state.allowed = document.Allowed(stated_routes())
    for router in ROUTERS:
        app.include_router(router, prefix=PREFIX)
    app.include_router(about.bare)
    _add_document(app)
    _add_site(app, site or Site())
    app.add_middleware(Guard, settings=settings.api)
    return app


def stated_routes() -> list[tuple[str, APIRoute]]:
    """Return every route of the API with its whole path."""
    routers = [(PREFIX, router) for router in ROUTERS] + [("", about.bare)]
    return [
        (prefix + route.path, route)
        for prefix, router in routers
        for route in router.routes
        if isinstance(route, APIRoute)
    ]


def _context(
    settings: Settings,
    url: URL,
    now_ns: Callable[[], int],
    reader: Reader,
    edits: Edits,
    config: Path | None,
) -> Context:
    api = settings.api
    log = structlog.get_logger()
    return Context(
        settings=settings,
        now_ns=now_ns,
        reader=reader,
        edits=edits,
        rates=Rates(api.requests_per_minute, api.refused_per_minute, api.carves_per_minute, now_ns),
        kept=Kept(api.keep_s, now_ns),
        pages=Kept(api.keep_s, now_ns),
        events=Events(reader, api.event_clients),
        jobs=Jobs(api, url, edits, now_ns, log, config),
        carver=Carver(settings),
        knowledge=Knowledge(settings),
        log=log,
    )


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    context: Context = app.state.context
    await asyncio.to_thread(context.carver.clean)
    await asyncio.to_thread(context.jobs.start)
    looking = asyncio.create_task(context.events.run())
    try:
        yield
    finally:
        looking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await looking
        await asyncio.to_thread(context.jobs.stop)
        context.reader.close()
        context.edits.close()


def _add_document(app: FastAPI) -> None:
    made: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not made:
            made.update(document.build(app, stated_routes()))
        return made

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI documents it

    @app.get(document.PATH, include_in_schema=False)
    def get_document() -> dict[str, Any]:
        return openapi()


def _add_site(app: FastAPI, site: Site) -> None:
    def page(request: Request) -> Response:
        return site.answer(request)

    # Last, so that it takes what no other path does.
    app.add_route("/{path:path}", page, methods=["GET", "HEAD"], include_in_schema=False)
