"""Heads of HTTP/1 messages: start line, the fields that matter, and where the body lies."""

import re
from typing import NamedTuple

from monitor.dissect.text import safe

MAX_HEAD = 16384
"""Bytes of a head that are read."""

MAX_FIELDS = 64
MAX_VALUE = 1024

_WANTED = frozenset(
    (
        *("host", "user-agent", "content-type", "content-length", "transfer-encoding"),
        *("authorization", "proxy-authorization", "upgrade", "server", "www-authenticate"),
        *("location", "content-disposition"),
    )
)

_KNOWN_METHODS = frozenset(
    (
        *("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"),
        *("PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "SEARCH", "REPORT"),
        *("SUBSCRIBE", "UNSUBSCRIBE", "NOTIFY", "M-SEARCH", "MKCALENDAR", "ACL", "BIND", "MERGE"),
    )
)
"""Methods that count even where the bytes end inside the request line."""

_METHOD = re.compile(rb"[A-Z][A-Z_-]{1,23} ")
_VERSIONS = frozenset((b"HTTP/1.1", b"HTTP/1.0"))
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-9][0-9][0-9])(?: |\r|\n|$)")


class Head(NamedTuple):
    """A head: of a request where `method` is not empty, else of a response."""

    method: str
    target: bytes
    status: str
    fields: dict[str, str]
    """Wanted fields by name in lower case; the first of equal names wins."""

    body_at: int
    """Offset of the body."""

    is_cut: bool
    """The bytes end before the head does."""


def _start_line(data: bytes, at: int) -> tuple[str, bytes, str] | None:
    """Return method, target and status of the line at `at`, or None when it is not HTTP's."""
    status = _STATUS.match(data, at)
    if status is not None:
        return "", b"", status.group(1).decode("ascii")
    found = _METHOD.match(data, at)
    if found is None:
        return None
    behind = found.end()
    method = data[at : behind - 1].decode("ascii")
    end = data.find(b"\n", behind, at + MAX_HEAD)
    if end < 0:
        return _cut_line(method, data[behind : at + MAX_HEAD])
    target, space, version = data[behind:end].rstrip(b"\r ").rpartition(b" ")
    if not space or version not in _VERSIONS:
        return None
    return method, target, ""


def _cut_line(method: str, rest: bytes) -> tuple[str, bytes, str] | None:
    """Return what a request line gives whose end is missing."""
    is_target = rest[:1] in {b"/", b"*"} or rest[:4].lower() == b"http"
    if method not in _KNOWN_METHODS or not (is_target or method == "CONNECT"):
        return None
    # A line that goes on to another protocol's version is that protocol's.
    path, space, version = rest.partition(b" ")
    if space and not b"HTTP/1.".startswith(version[:7]):
        return None
    return method, path, ""


def read_head(data: bytes, at: int = 0) -> Head | None:
    """Return the head that starts at `at`, or None when none does.

    Lines may end in a line feed alone, as some cameras write them. A head cut by the end of the
    bytes gives the fields before that.

    Source:
        RFC 9112 §2 to §5.
    """
    start = _start_line(data, at)
    if start is None:
        return None
    limit = at + MAX_HEAD
    newline = "\r\n"
    end = data.find(b"\r\n\r\n", at, limit)
    body_at = end + 4
    if end < 0:
        newline = "\n"
        end = data.find(b"\n\n", at, limit)
        body_at = end + 2
    is_cut = end < 0
    if is_cut:
        end = body_at = min(len(data), limit)
    fields: dict[str, str] = {}
    for line in data[at:end].decode("latin-1").split(newline, MAX_FIELDS)[1:]:
        name, _, value = line.partition(":")
        name = name.lower()
        if name in _WANTED and name not in fields:
            fields[name] = value.strip()[:MAX_VALUE]
    return Head(*start, fields, body_at, is_cut)


def clean(value: str, limit: int) -> str:
    """Return a field value as safe text."""
    if value.isascii() and value.isprintable() and len(value) <= limit and "\\" not in value:
        return value
    return safe(value.encode("latin-1", "replace"), limit).strip()


def number(value: str) -> int:
    """Return a decimal number of up to 15 digits, -1 when it is none."""
    return int(value) if value.isascii() and value.isdigit() and len(value) < 16 else -1


def is_chunked(head: Head) -> bool:
    """Whether the body comes in chunks."""
    return "chunked" in head.fields.get("transfer-encoding", "").lower()


def _chunk(data: bytes, at: int) -> tuple[int, int]:
    """Return size and start of the chunk at `at`; size -1 where there is none."""
    end = data.find(b"\n", at, at + 80)
    digits = data[at:end].partition(b";")[0].strip() if end >= 0 else b""
    if not digits or len(digits) > 8 or not digits.isalnum():
        return -1, at
    try:
        return int(digits, 16), end + 1
    except ValueError:
        return -1, at


def body_start(data: bytes, head: Head) -> int:
    """Return where the bytes of the body begin: behind the first chunk size where there is one."""
    return _chunk(data, head.body_at)[1] if is_chunked(head) else head.body_at


def body_end(data: bytes, head: Head) -> int:
    """Return the offset behind the body, or -1 when the bytes do not tell or reach it."""
    if head.is_cut:
        return -1
    if not is_chunked(head):
        end = head.body_at + max(number(head.fields.get("content-length", "")), 0)
        return end if end <= len(data) else -1
    at = head.body_at
    for _ in range(MAX_FIELDS):
        size, start = _chunk(data, at)
        if size < 0:
            return -1
        if size == 0:
            end = data.find(b"\r\n", start)
            return end + 2 if end >= 0 else -1
        at = start + size + 2
    return -1
