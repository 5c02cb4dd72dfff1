"""Registration and relay of Edimax devices: XML whose bytes are rotated (UDP 8765, TCP 8767)."""

import re

from monitor.dissect.base import TCP, UDP, Dissector, FactKind
from monitor.dissect.wire import distinct, first_piece, text
from monitor.model.facts import Conversation, Dissection, Fact

_FIRST = 0x3C
_MOST_PLAIN = 1500
_VALUE = re.compile(rb'<([a-z]{2,16}) value="([^"<>]{1,64})"')
_SESSION = re.compile(rb"d&[0-9A-F]{12}&[0-9a-f]{8}\.[0-9a-f]{4}\.[0-9a-f]{8}\.[0-9a-f]{4}\r\n")
_SEARCH = b"13"
"""Codes of the search on the LAN, which is the same XML, not turned: see camera_discovery."""

_CODES = {
    b"1010": "register",
    b"1020": "register-answer",
    b"1030": "connect",
    b"1040": "connect",
    b"3000": "hello",
}
_ROTATED = tuple(
    bytes((byte << by | byte >> (8 - by)) & 0xFF for byte in range(256)) for by in range(8)
)


def _plain(data: bytes) -> bytes:
    """Return what follows the first byte, which less 3C is the bits that each byte was turned."""
    if not data or not _FIRST <= data[0] < _FIRST + 8:
        return b""
    return data[1:_MOST_PLAIN].translate(_ROTATED[data[0] - _FIRST])


def _place(values: dict[bytes, bytes], host: bytes, port: bytes) -> str:
    return f"{text(values[host])}:{text(values[port])}" if {host, port} <= values.keys() else ""


def _dissect(conversation: Conversation) -> Dissection | None:
    first = first_piece(conversation)
    if conversation.protocol == TCP:
        is_session = _SESSION.match(_plain(first[:64])) is not None
        return Dissection("edimax", (Fact("edimax.message", "relay"),)) if is_session else None
    if not _plain(first[:8]).startswith(b"param>"):
        return None
    plains = map(_plain, (*conversation.orig, *conversation.resp))
    found = [dict(_VALUE.findall(p)) for p in plains if p.startswith(b"param>")]
    codes = [values.get(b"code", b"") for values in found]
    if codes[0].startswith(_SEARCH):
        return None
    facts = distinct("edimax.message", (_CODES.get(code, text(code)) for code in codes))
    for kind, name in (("model", b"model"), ("type", b"type"), ("firmware", b"devfwver")):
        facts += distinct(f"edimax.{kind}", (text(values.get(name, b"")) for values in found))
    facts += distinct("edimax.mapped", (_place(v, b"devip", b"devport") for v in found))
    facts += distinct("edimax.relay", (_place(v, b"relayip", b"relaydevport") for v in found))
    return Dissection("edimax", tuple(facts or [Fact("edimax.message", "other")]))


DISSECTOR = Dissector(
    service="edimax",
    title="Edimax cloud (registration, relay)",
    transports=frozenset({TCP, UDP}),
    first_bytes=frozenset(range(_FIRST, _FIRST + 8)),
    dissect=_dissect,
    ports=frozenset({8765, 8767}),
    rank=40,
    how="first byte 3C to 43 tells by how many bits the others are turned; then param> (UDP), or "
    "d&, a device id and two hexadecimal addresses (TCP)",
    facts=(
        FactKind("edimax.message", "hello, register, connect, relay, ... or the code"),
        FactKind("edimax.model", "Model that the device names"),
        FactKind("edimax.type", "Kind of device that it names"),
        FactKind("edimax.firmware", "Firmware version that it names"),
        FactKind("edimax.mapped", "Public address and port that the server saw"),
        FactKind("edimax.relay", "Relay that the server gives"),
    ),
    source="worked out from a capture of an Edimax SP-1101W",
)
