"""Who asks, and whether they may: each route names its role."""

import difflib
import ipaddress
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from monitor.api import context as contexts
from monitor.api.problems import ProblemError, refused
from monitor.store import access
from monitor.store.access import Principal, Role

COOKIE: Final = "camwatch_session"
PAGE_HEADER: Final = "X-Camwatch-Page"
"""The page sends it with whatever changes something. A form or picture of another site cannot, and
a script of another site would have to ask first, which is never granted."""

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def needs(role: Role | None) -> Any:
    """Return the dependency of a route: who asks, if they may. None: everybody may."""

    def check(request: Request) -> Principal | None:
        principal = None if role is None else admit(request, role)
        check_parameters(request)
        return principal

    check.role = role  # type: ignore[attr-defined]  # a test and the document read it
    return Depends(check)


AnyReader = Annotated[Principal, needs(Role.READER)]
Analyst = Annotated[Principal, needs(Role.ANALYST)]
Admin = Annotated[Principal, needs(Role.ADMIN)]
Everybody = Annotated[None, needs(None)]


def role_of(call: Callable[..., Any] | None) -> tuple[bool, Role | None]:
    """Return whether a dependency states a role, and which."""
    return hasattr(call, "role"), getattr(call, "role", None)


def admit(request: Request, role: Role) -> Principal:
    """Return who asks.

    Raises:
        ProblemError: 401 without a good token, 403 with one of a lesser role, 429 too often.
    """
    context = contexts.of_request(request)
    principal = who(request)
    if principal is None:
        context.rates.refused(address_of(request))
        raise ProblemError(
            401,
            "sign in, or send a token: 'Authorization: Bearer camw_...'; "
            "'camwatch token create' makes one",
            headers={"WWW-Authenticate": 'Bearer realm="camwatch"'},
        )
    context.rates.known(principal.token_id or "this machine")
    if principal.is_session and request.method not in SAFE_METHODS:
        check_page(request)
    if principal.role.rank < role.rank:
        raise ProblemError(
            403, f"this needs the role {role}, and {principal.name!r} has {principal.role}"
        )
    return principal


def check_parameters(request: Request) -> None:
    """Refuse a parameter that the path does not take: a slip of the pen would change the answer.

    Raises:
        ProblemError: With the nearest name.
    """
    route = request.scope.get("route")
    if not isinstance(route, APIRoute):
        return
    known = set(_query_names(route.dependant))
    for name in request.query_params:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            hint = f"did you mean '{near[0]}'?" if near else None
            raise refused(name[:100], "this path takes no such parameter", hint=hint)


def _query_names(dependant: Dependant) -> Iterator[str]:
    yield from (field.alias for field in dependant.query_params)
    for below in dependant.dependencies:
        yield from _query_names(below)


def who(request: Request) -> Principal | None:
    """Return who asks, None where that is not shown.

    A token that is sent counts alone: where it is wrong, cookie and address do not help.
    """
    context = contexts.of_request(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    cookie = request.cookies.get(COOKIE, "")
    now_ns = context.now_ns()
    if scheme:
        if scheme.lower() != "bearer":
            return None
        with context.reader.connect() as connection:
            found = access.by_token(connection, token.strip(), now_ns)
        if found is not None and found.is_use_due(now_ns):
            with context.edits.transaction() as connection:
                access.note_use(connection, found.token_id, now_ns)
        return found
    if cookie:
        with context.reader.connect() as connection:
            session = access.by_session(connection, cookie, now_ns)
        if session is not None:
            return session
    return Principal("this machine", Role.READER, "") if _is_open(request) else None


def check_page(request: Request) -> None:
    """Refuse a change that did not come from our own page.

    Raises:
        ProblemError: 403.
    """
    origin = request.headers.get("origin")
    own = f"{request.url.scheme}://{request.headers.get('host', '')}"
    site = request.headers.get("sec-fetch-site", "same-origin")
    if (
        request.headers.get(PAGE_HEADER) != "1"
        or (origin is not None and origin.lower() != own.lower())
        or site not in ("same-origin", "none")
    ):
        raise ProblemError(
            403,
            f"a change with the cookie of the page must come from the page (header {PAGE_HEADER}: 1)",
            kind="cross-site",
        )


def address_of(request: Request) -> str:
    """Return the address that asks, empty where it is not known."""
    return request.client.host if request.client is not None else ""


def _is_open(request: Request) -> bool:
    """Return whether reading without a token is allowed: from this machine, where that is set.

    A name in Host that is not loopback's is that of a page elsewhere whose name was made to
    lead here (DNS rebinding), and a forwarding header that of a proxy.
    """
    if not contexts.of_request(request).settings.api.open_on_loopback:
        return False
    if any(name in request.headers for name in FORWARDED):
        return False
    host = request.headers.get("host", "").lower()
    name = host[1 : host.find("]")] if host.startswith("[") else host.partition(":")[0]
    try:
        is_here = ipaddress.ip_address(address_of(request)).is_loopback
    except ValueError:
        return False
    return is_here and name in LOOPBACK_NAMES
