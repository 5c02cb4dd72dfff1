"""SafeProtocol, the framing of Hikvision and EZVIZ peer-to-peer set-up, and its address service."""

import re

from monitor.dissect.base import TCP, UDP, Dissector, FactKind
from monitor.dissect.wire import between, distinct, first_piece, text
from monitor.model.facts import Conversation, Dissection, Fact

MAGIC = b"\x9e\xba\xac\xe9"
_HEADER = 32
_NAMES = {
    0x0811: "address-answer",
    0x0812: "address-request",
    0x0813: "address-request",
    0x0814: "address-request",
    0x2001: "cas",
    0x2005: "cas",
    0x2008: "stream-control",
    0x2021: "stream-control",
    0x2022: "stream-control",
    0x3003: "direct-command",
    0x3004: "direct-command-answer",
    0x300F: "cas",
    0x3105: "punch",
    0x3106: "punch-answer",
}
_CLIENT = re.compile(rb'<Client Address="([0-9.]{7,15})" Port="(\d{1,5})"')


def _is_frame(data: bytes, *, is_datagram: bool) -> bool:
    if data[:4] != MAGIC or len(data) < _HEADER or data[4] not in {0, 1}:
        return False
    size = int.from_bytes(data[24:28])
    if is_datagram:
        return size + _HEADER <= len(data) <= size + 2 * _HEADER
    return size <= 1 << 20


def _dissect(conversation: Conversation) -> Dissection | None:
    is_datagram = conversation.protocol == UDP
    if not _is_frame(first_piece(conversation), is_datagram=is_datagram):
        return None
    frames = [
        piece
        for piece in (*conversation.orig, *conversation.resp)
        if _is_frame(piece, is_datagram=is_datagram)
    ]
    commands = [int.from_bytes(frame[16:20]) for frame in frames]
    facts = distinct("hik-safe.command", (_NAMES.get(c, f"0x{c:04x}") for c in commands))
    facts += distinct("hik-safe.mapped", map(_mapped, frames))
    facts += distinct("hik-safe.result", (between(f, b"<Result>", b"</Result>", 8) for f in frames))
    return Dissection("hik-safe", tuple(facts or [Fact("hik-safe.command", "none")]))


def _mapped(frame: bytes) -> str:
    match = _CLIENT.search(frame, _HEADER, 2048)
    return f"{text(match[1])}:{text(match[2])}" if match else ""


DISSECTOR = Dissector(
    service="hik-safe",
    title="Hikvision SafeProtocol",
    transports=frozenset({TCP, UDP}),
    first_bytes=frozenset({0x9E}),
    dissect=_dissect,
    ports=frozenset({6002, 6003, 6500, 9010, 9020}),
    rank=15,
    how="9E BA AC E9, version, and a body length that fits the datagram (32 byte header, body, "
    "32 character MD5)",
    facts=(
        FactKind("hik-safe.command", "address-request, punch, direct-command, ... or the number"),
        FactKind("hik-safe.mapped", "Public address and port that the server saw"),
        FactKind("hik-safe.result", "Result code of an answer"),
    ),
    source="pedropaulovc/hikconnect-web docs/re/cas-session-flow.md; capture of an EZVIZ app",
)
