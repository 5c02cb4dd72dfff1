"""STUN as Dahua sends it: every byte complemented, so that nobody sees the magic cookie."""

from monitor.dissect.base import UDP, Dissector, FactKind
from monitor.dissect.stun import Message, facts_of, messages
from monitor.dissect.wire import first_piece
from monitor.model.facts import Conversation, Dissection

_COOKIE = b"\xde\xed\x5b\xbd"
_COMPLEMENT = bytes(range(255, -1, -1))


def _messages(conversation: Conversation) -> list[Message]:
    pieces = (*conversation.orig, *conversation.resp)
    return [
        message
        for piece in pieces
        if piece[4:8] == _COOKIE
        for message in messages(piece.translate(_COMPLEMENT))
    ]


def _dissect(conversation: Conversation) -> Dissection | None:
    data = first_piece(conversation)
    if data[4:8] != _COOKIE:
        return None
    found = _messages(conversation)
    if not found or found[0].length > len(data):
        return None
    return Dissection(
        "dahua-stun",
        tuple(f._replace(kind="dahua-" + f.kind) for f in facts_of(found) if f.kind in _KINDS),
    )


_KINDS = frozenset({"stun.method", "stun.class", "stun.mapped", "stun.relayed", "stun.peer"})

DISSECTOR = Dissector(
    service="dahua-stun",
    title="STUN with every byte complemented (Dahua)",
    transports=frozenset({UDP}),
    first_bytes=frozenset({0xFC, 0xFD, 0xFE, 0xFF}),
    dissect=_dissect,
    ports=frozenset({8800, 8802, 8803}),
    rank=20,
    how="complement of the STUN cookie, DE ED 5B BD, at offset 4; the complement is a STUN message",
    facts=(
        FactKind("dahua-stun.method", "As stun.method"),
        FactKind("dahua-stun.class", "As stun.class"),
        FactKind("dahua-stun.mapped", "Public address and port that the server saw"),
        FactKind("dahua-stun.relayed", "As stun.relayed"),
        FactKind("dahua-stun.peer", "As stun.peer"),
    ),
    source="khoanguyen-3fc/dh-p2p dh-p2p.lua; mcw0/PoC",
)
