"""What every request needs: one of each, made when the app is."""

import dataclasses
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, Request

from monitor.api.carving import Carver
from monitor.api.events import Events
from monitor.api.jobs import Jobs
from monitor.api.kept import Kept
from monitor.api.knowledge import Knowledge
from monitor.api.rates import Rates
from monitor.config import Settings
from monitor.store.edits import Edits
from monitor.store.reading.reader import Reader


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The parts that requests use."""

    settings: Settings
    now_ns: Callable[[], int]
    reader: Reader
    edits: Edits
    rates: Rates
    kept: Kept
    """Sums: few, and dear to make."""

    pages: Kept
    """Pages of lists: many, which are not to push sums out."""

    events: Events
    jobs: Jobs
    carver: Carver
    knowledge: Knowledge
    log: Any


def of_request(request: Request) -> Context:
    """Return the context of the app that a request came to."""
    context: Context = request.app.state.context
    return context


async def _context(request: Request) -> Context:
    # Not in a thread: it only looks.
    return of_request(request)


Ctx = Annotated[Context, Depends(_context)]
