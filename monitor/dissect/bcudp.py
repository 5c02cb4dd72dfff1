"""BcUDP: peer-to-peer registration, hole punching and relay of Reolink cameras."""

import re

from monitor.dissect.baichuan import MAGICS
from monitor.dissect.base import UDP, Dissector, FactKind
from monitor.dissect.wire import distinct, first_piece, text
from monitor.model.facts import Conversation, Dissection, Fact

_TAIL = b"\xcf\x87\x2a"
_KEY = (
    0x1F2D3C4B,
    0x5A6C7F8D,
    0x38172E4B,
    0x8271635A,
    0x863F1A2B,
    0xA5C6F7D8,
    0x8371E1B4,
    0x17F2D3A5,
)
_MESSAGE = re.compile(rb"<P2P>\s*<([A-Z0-9_]{3,20})")
_HOST = re.compile(rb"<ip>([0-9.]{7,15})</ip>\s*<port>(\d{1,5})</port>")
_MOST_XML = 1500


def _kind(data: bytes) -> str:
    """Name the datagram by its magic, provided that header and lengths fit."""
    size = len(data)
    if data[1:4] != _TAIL or size < 20:
        return ""
    first = data[0]
    if first == 0x3A:
        fits = int.from_bytes(data[4:8], "little") == size - 20 and data[8:12] == b"\x01\0\0\0"
        return "negotiation" if fits else ""
    if first == 0x20:
        fits = size >= 28 and int.from_bytes(data[24:28], "little") == size - 28
        return "ack" if fits else ""
    if first == 0x10:
        fits = int.from_bytes(data[16:20], "little") == size - 20 and data[8:12] == bytes(4)
        return "data" if fits else ""
    return "other" if first == 0x31 else ""


def _xml(data: bytes) -> bytes:
    """Undo the masking of a negotiation: XOR with eight words to which the number is added."""
    offset = int.from_bytes(data[12:16], "little")
    key = b"".join(((word + offset) & 0xFFFFFFFF).to_bytes(4, "little") for word in _KEY)
    body = data[20 : 20 + _MOST_XML]
    mask = key * (len(body) // len(key) + 1)
    return bytes(a ^ b for a, b in zip(body, mask, strict=False))


def _dissect(conversation: Conversation) -> Dissection | None:
    if not _kind(first_piece(conversation)):
        return None
    pieces = [(p, _kind(p)) for p in (*conversation.orig, *conversation.resp)]
    facts = distinct("bcudp.kind", (kind for _, kind in pieces))
    texts = [_xml(piece) for piece, kind in pieces if kind == "negotiation"]
    facts += distinct("bcudp.message", (text(m[1]) for m in map(_MESSAGE.search, texts) if m))
    facts += distinct(
        "bcudp.server",
        (f"{text(m[1])}:{text(m[2])}" for xml in texts for m in _HOST.finditer(xml)),
    )
    if any(kind == "data" and piece[20:24] in MAGICS for piece, kind in pieces):
        facts.append(Fact("bcudp.carries", "baichuan"))
    return Dissection("bcudp", tuple(facts))


DISSECTOR = Dissector(
    service="bcudp",
    title="Reolink peer-to-peer (BcUDP)",
    transports=frozenset({UDP}),
    first_bytes=frozenset({0x3A, 0x20, 0x10, 0x31}),
    dissect=_dissect,
    ports=frozenset({2015, 2018, 9999, 58200}),
    rank=20,
    how="3A, 20, 10 or 31 before CF 87 2A, with a length field that is the datagram's",
    facts=(
        FactKind("bcudp.kind", "negotiation, ack, data or other"),
        FactKind("bcudp.message", "Tag of the negotiation: C2D_C, D2C_C_R, M2D_Q_R, ..."),
        FactKind("bcudp.server", "Address and port that a negotiation names"),
        FactKind("bcudp.carries", "baichuan, when data holds that protocol"),
    ),
    source="thirtythreeforty/neolink dissector/udp.md and dissector/baichuan.lua",
)
