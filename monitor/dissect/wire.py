"""Small readers that several dissectors share: text out of bytes, header lines, addresses."""

import ipaddress
import re
from collections.abc import Iterable

from monitor.model.facts import Conversation, Fact

MOST_VALUES = 8
"""Facts of one kind that a dissector gives at most; what follows adds little and an outsider
could make it long."""

_UNPRINTABLE = re.compile(r"[^\x20-\x7e]+")
_MOST_LINES = 64


def first_piece(conversation: Conversation) -> bytes:
    """Return the first piece: the originator's, else the responder's, else empty."""
    return conversation.orig_first or conversation.resp_first


def text(data: bytes, limit: int = 64) -> str:
    """Return the printable ASCII of `data` up to a NUL, at most `limit` characters.

    Runs of anything else become one question mark, so that no control character gets out.
    """
    end = data.find(b"\x00")
    shown = data[: end if end >= 0 else len(data)].strip()[: 4 * limit].decode("latin-1")
    return _UNPRINTABLE.sub("?", shown).strip()[:limit]


def is_text(data: bytes) -> bool:
    """Return whether there are bytes, all printable ASCII, tabs or line ends."""
    return bool(data) and not data.translate(None, _TEXT)


_TEXT = bytes([9, 10, 13, *range(0x20, 0x7F)])


def distinct(kind: str, values: Iterable[str]) -> list[Fact]:
    """Return a fact for each different, non-empty value, in order, at most `MOST_VALUES`."""
    seen = dict.fromkeys(value for value in values if value)
    return [Fact(kind, value) for value in list(seen)[:MOST_VALUES]]


def header_lines(data: bytes) -> dict[str, str]:
    """Return the header fields of the first message of an HTTP-like text protocol.

    Names are in lower case; the first of equal names wins; the last line counts even when cut.
    """
    fields: dict[str, str] = {}
    head = data[:8192].split(b"\r\n\r\n", 1)[0]
    for line in head.split(b"\n", _MOST_LINES)[1:_MOST_LINES]:
        name, colon, value = line.partition(b":")
        if colon and len(name) < 40:
            fields.setdefault(text(name, 40).lower(), text(value, 160))
    return fields


def ipv4(data: bytes) -> str:
    """Return four bytes as a dotted address, or an empty string when there are not four."""
    return "{}.{}.{}.{}".format(*data) if len(data) == 4 else ""


def address(data: bytes) -> str:
    """Return 4 or 16 bytes as an address in text, else an empty string."""
    if len(data) == 16:
        return str(ipaddress.IPv6Address(data))
    return ipv4(data)


def endpoint(host: bytes, port: int) -> str:
    """Return address and port as text; IPv6 in brackets; empty when there is no address."""
    shown = address(host)
    if not shown:
        return ""
    return f"[{shown}]:{port}" if ":" in shown else f"{shown}:{port}"


def between(data: bytes, start: bytes, end: bytes, limit: int = 64) -> str:
    """Return the text between two marks, or an empty string where one is missing."""
    at = data.find(start)
    if at < 0:
        return ""
    at += len(start)
    stop = data.find(end, at, at + 4 * limit)
    return text(data[at:stop], limit) if stop >= 0 else ""


def json_text(data: bytes, name: bytes, limit: int = 64) -> str:
    """Return the text value of the first member `name` of a JSON text, which may be cut."""
    match = re.search(rb'"%s"\s*:\s*"([^"\\]{0,256})"' % re.escape(name), data)
    return text(match[1], limit) if match else ""
