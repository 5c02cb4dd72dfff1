"""Naxclow (A9, V720): registration and NAT traversal of very cheap cameras."""

import re

from monitor.dissect.base import ANY_BYTE, TCP, UDP, Dissector, FactKind
from monitor.dissect.wire import distinct, first_piece, json_text
from monitor.model.facts import Conversation, Dissection, Fact

_HEADER = 20
_CODE = re.compile(rb'\{\s*"code"\s*:\s*(\d{1,4})\b')
_NAMES = {
    11: "nat",
    12: "nat",
    20: "udp",
    21: "udp",
    50: "probe",
    51: "probe",
    100: "register",
    101: "register-answer",
}


def _code(data: bytes, *, is_datagram: bool) -> int:
    """Return the code of a frame: length, 16 more bytes, JSON that starts with the code; or -1."""
    if data[_HEADER : _HEADER + 1] != b"{":
        return -1
    match = _CODE.match(data, _HEADER)
    size = int.from_bytes(data[:4], "little")
    if not match or (size != len(data) - _HEADER if is_datagram else size > 1 << 16):
        return -1
    return int(match[1])


def _dissect(conversation: Conversation) -> Dissection | None:
    is_datagram = conversation.protocol == UDP
    if _code(first_piece(conversation), is_datagram=is_datagram) < 0:
        return None
    pieces = [
        p
        for p in (*conversation.orig, *conversation.resp)
        if _code(p, is_datagram=is_datagram) >= 0
    ]
    codes = [_code(p, is_datagram=is_datagram) for p in pieces]
    facts: list[Fact] = distinct("naxclow.message", (_NAMES.get(c, f"code {c}") for c in codes))
    facts += distinct("naxclow.domain", (json_text(p[:2048], b"domain", 96) for p in pieces))
    return Dissection("naxclow", tuple(facts))


DISSECTOR = Dissector(
    service="naxclow",
    title="Naxclow (A9, V720)",
    transports=frozenset({TCP, UDP}),
    first_bytes=ANY_BYTE,
    tcp_opening=re.compile(rb".{20}\{", re.DOTALL),
    dissect=_dissect,
    ports=frozenset({6123}),
    rank=65,
    how='32-bit length, 16 more bytes, then JSON that starts with {"code": and a number',
    facts=(
        FactKind("naxclow.message", "register, nat, udp, probe, ... or the code"),
        FactKind("naxclow.domain", "Server name that the device gives"),
    ),
    source="intx82/a9-v720 fake_server.md and its capture",
)
