"""One HTTP POST: bounded in time and size, redirects refused, nothing kept between two.

The standard library's client is used for what it leaves out: it follows no redirect, takes no
proxy, password or certificate from the environment, and keeps no pool that could hold stale
connections over an hour without alerts.
"""

import http.client
import ssl
import urllib.parse
from collections.abc import Mapping
from typing import NamedTuple

from monitor.errors import ConfigError
from monitor.notify import connection, schedule, secret
from monitor.notify.receipt import Receipt, Result

SHOWN_HEADERS = frozenset({"authorization"})
"""Headers whose value is a secret."""


class Address(NamedTuple):
    """Where to send to."""

    scheme: str
    host: str
    port: int
    path: str
    """With the query, as it stands in the request line."""

    @property
    def is_tls(self) -> bool:
        """Whether it is reached by TLS."""
        return self.scheme == "https"


def parse(url: str, where: str) -> Address:
    """Return the parts of an address.

    Raises:
        ConfigError: It is not one of http or https with a host. The address is not named: it
            may hold a secret.
    """
    try:
        parts = urllib.parse.urlsplit(url)
        port = parts.port
        is_good = parts.scheme in ("https", "http") and bool(parts.hostname)
    except ValueError:
        is_good, port, parts = False, None, urllib.parse.urlsplit("")
    if not is_good or not url.isascii() or not url.isprintable() or " " in url:
        raise ConfigError(f"{where}: not an address; give https://HOST[:PORT]/PATH")
    path = parts.path or "/"
    return Address(
        parts.scheme,
        parts.hostname or "",
        port or (443 if parts.scheme == "https" else 80),
        f"{path}?{parts.query}" if parts.query else path,
    )


class Request(NamedTuple):
    """One request, and what of it must not be shown."""

    address: Address
    headers: Mapping[str, str]
    body: bytes
    secrets: tuple[str, ...] = ()


def post(
    request: Request, *, tls: ssl.SSLContext | None, limits: connection.Limits, now_s: float
) -> Receipt:
    """Send one request and return what came of it. Does not raise.

    A status is an acknowledgement, or none, as soon as it is there: what goes wrong with the
    rest of the answer changes nothing.
    """
    address = request.address
    shown = _show(request)
    status, reason, headers, body = 0, "", http.client.HTTPMessage(), b""
    try:
        with connection.opened(address.host, address.port, tls=tls, limits=limits) as opened:
            stream, watch = opened
            client = http.client.HTTPConnection(address.host, address.port)
            client.sock = stream
            client.request("POST", address.path, request.body, dict(request.headers))
            answer = client.getresponse()
            watch.check()
            status, reason, headers = answer.status, answer.reason, answer.headers
            body = answer.read(limits.answer_bytes)
    except (OSError, http.client.HTTPException, ValueError) as error:
        if not status:
            return Receipt(Result.FAILED, connection.describe(error), request=shown)
    text = _answer(status, reason, headers, body)
    return Receipt(
        _result(status),
        "" if 200 <= status < 300 else _why(status, reason),
        status,
        schedule.retry_after_s(headers.get("Retry-After"), now_s),
        shown,
        secret.masked(text, request.secrets),
    )


def _result(status: int) -> Result:
    if 200 <= status < 300:
        return Result.DELIVERED
    return Result.GONE if status == http.HTTPStatus.GONE else Result.FAILED


def _why(status: int, reason: str) -> str:
    printable = "".join(c for c in reason[:60] if c.isprintable())
    text = f"it answered {status} {printable}".rstrip()
    return f"{text}; redirects are not followed" if 300 <= status < 400 else text


def _show(request: Request) -> str:
    address = request.address
    lines = [f"POST {address.scheme}://{address.host}:{address.port}{address.path}"]
    lines += [
        f"{name}: {secret.MASK if name.lower() in SHOWN_HEADERS else value}"
        for name, value in request.headers.items()
    ]
    text = "\n".join([*lines, "", request.body.decode("utf-8", "replace")])
    return secret.masked(text, request.secrets)


def _answer(status: int, reason: str, headers: http.client.HTTPMessage, body: bytes) -> str:
    lines = [f"{status} {reason}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\n".join([*lines, "", body.decode("utf-8", "replace")])
