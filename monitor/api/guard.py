"""What holds for every request, before any route: headers, sizes, times, proxies, and 304."""

import asyncio
import hashlib
import ipaddress
from collections.abc import Sequence
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitor.api import problems
from monitor.api.problems import ProblemError
from monitor.config.section import Network
from monitor.config.serving import ApiSettings

SMALL_BODY: Final = 65_536
"""Bytes of a request that is not an upload."""

UPLOAD_PATH: Final = "/api/v1/jobs"

CONTENT_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
SECURITY: Final = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}


class Guard:
    """The outermost layer of the app."""

    def __init__(self, app: ASGIApp, settings: ApiSettings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        believe(scope, self._settings.trusted_proxies)
        is_upload = scope["path"] == UPLOAD_PATH and scope["method"] == "POST"
        limit = self._settings.upload_bytes if is_upload else SMALL_BODY
        answers = _Answers(scope, send, self._settings.receive_s)
        length = Headers(scope=scope).get("content-length", "0")
        if not length.isascii() or not length.isdigit() or int(length) > limit:
            refused = problems.response(
                Request(scope), 413, f"larger than {limit} bytes", kind="too-large",
                headers={"Connection": "close"},
            )  # fmt: skip
            await refused(scope, receive, answers)
            return
        bodies = _Bodies(receive, limit, self._settings.receive_s, is_upload=is_upload)
        await self._app(scope, bodies, answers)


class _Bodies:
    """Receives the body of a request, bounded in size and time."""

    def __init__(self, receive: Receive, limit: int, seconds: float, *, is_upload: bool) -> None:
        self._receive = receive
        self._limit = limit
        self._left = limit
        self._seconds = seconds
        self._is_upload = is_upload
        self._end: float | None = None
        self._is_done = False

    async def __call__(self) -> Message:
        if self._is_done:
            # From here on it waits for the caller to go away, for as long as the answer takes.
            return await self._receive()
        loop = asyncio.get_running_loop()
        if self._end is None or self._is_upload:
            self._end = loop.time() + self._seconds
        try:
            async with asyncio.timeout_at(self._end):
                message = await self._receive()
        except TimeoutError as error:
            raise ProblemError(
                408, f"nothing came for {self._seconds:g} s", kind="too-slow",
                headers={"Connection": "close"},
            ) from error  # fmt: skip
        self._is_done = not message.get("more_body", False)
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise ProblemError(
                413, f"larger than {self._limit} bytes", kind="too-large",
                headers={"Connection": "close"},
            )  # fmt: skip
        return message


class _Answers:
    """Sends an answer with the headers of every answer, and 304 where the caller has it already."""

    def __init__(self, scope: Scope, send: Send, seconds: float) -> None:
        self._scope = scope
        self._send = send
        self._seconds = seconds
        self._held: Message | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._dress(message)
            if self._is_comparable(message):
                self._held = message
                return
        elif self._held is not None:
            start, self._held = self._held, None
            if not message.get("more_body", False):
                start, message = self._compared(start, message)
            await self._pass(start)
        await self._pass(message)

    async def _pass(self, message: Message) -> None:
        # A caller that takes nothing would hold its connection and its answer for ever.
        async with asyncio.timeout(self._seconds):
            await self._send(message)

    def _dress(self, message: Message) -> None:
        headers = MutableHeaders(scope=message)
        for name, value in SECURITY.items():
            headers[name] = value
        if self._scope["scheme"] == "https":
            headers["Strict-Transport-Security"] = "max-age=31536000"
        # Answers are of the one who asks, and are compared by ETag each time.
        headers.setdefault("Cache-Control", "private, no-cache")
        headers.add_vary_header("Authorization, Cookie")

    def _is_comparable(self, message: Message) -> bool:
        kind = MutableHeaders(scope=message).get("content-type", "")
        return (
            self._scope["method"] == "GET"
            and message["status"] == 200
            and kind.startswith("application/json")
        )

    def _compared(self, start: Message, body: Message) -> tuple[Message, Message]:
        digest = hashlib.blake2b(body.get("body", b""), digest_size=16).hexdigest()
        tag = f'W/"{digest}"'
        headers = MutableHeaders(scope=start)
        headers["ETag"] = tag
        known = Headers(scope=self._scope).get("if-none-match", "")
        if tag not in [text.strip() for text in known.split(",")] and known.strip() != "*":
            return start, body
        for name in ("content-length", "content-type"):
            del headers[name]
        return {**start, "status": 304}, {**body, "body": b""}


def believe(scope: Scope, proxies: Sequence[Network]) -> None:
    """Put the caller that a trusted proxy names in the place of the proxy.

    Of X-Forwarded-For the last address that is not a trusted proxy counts: what stands before it
    was written by the caller.
    """
    client = scope.get("client")
    if not proxies or client is None or not _is_within(client[0], proxies):
        return
    headers = Headers(scope=scope)
    chain = [text.strip() for text in ",".join(headers.getlist("x-forwarded-for")).split(",")]
    for text in reversed([text for text in chain if text]):
        scope["client"] = (text, 0)
        if not _is_within(text, proxies):
            break
    scheme = headers.get("x-forwarded-proto", "").strip().lower()
    if scheme in ("http", "https"):
        scope["scheme"] = scheme


def _is_within(text: str, networks: Sequence[Any]) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return any(address in network for network in networks)
