"""SRT and UDT: video over UDP with its own handshake, also inside makers' peer-to-peer sessions."""

from monitor.dissect.base import UDP, Dissector, FactKind
from monitor.dissect.wire import first_piece
from monitor.model.facts import Conversation, Dissection, Fact

_HANDSHAKE = b"\x80\x00\x00\x00"
_KINDS = frozenset({0, 1, 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD})


def _word(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4])


def _dissect(conversation: Conversation) -> Dissection | None:
    data = first_piece(conversation)
    if data[:4] != _HANDSHAKE or len(data) < 64 or _word(data, 16) not in {4, 5}:
        return None
    if not 76 <= _word(data, 28) <= 65535 or not 1 <= _word(data, 32) <= 1 << 20:
        return None
    if _word(data, 36) not in _KINDS:
        return None
    # SRT's first handshake has version 4 and extension field 2, as old UDT datagram sockets do;
    # its magic 4A17, or version 5, settles it.
    is_srt = _word(data, 16) == 5 or any(
        _word(piece, 16) == 5 or piece[22:24] == b"\x4a\x17"
        for piece in (*conversation.orig, *conversation.resp)
        if piece[:4] == _HANDSHAKE and len(piece) >= 64
    )
    return Dissection("srt", (Fact("srt.variant", "srt" if is_srt else "udt"),))


DISSECTOR = Dissector(
    service="srt",
    title="Secure Reliable Transport, and UDT",
    transports=frozenset({UDP}),
    first_bytes=frozenset({0x80}),
    dissect=_dissect,
    rank=40,
    how="80 00 00 00, 64 bytes or more, version 4 or 5, packet size, window and kind of handshake "
    "in range",
    facts=(FactKind("srt.variant", "srt, or udt when nothing shows SRT"),),
    source="draft-sharabayko-srt §3.2.1, draft-gg-udt §2.2",
)
