"""PTCP, the tunnel that Dahua peer-to-peer sessions and relays run in (UDP)."""

from monitor.dissect.base import UDP, Dissector, FactKind
from monitor.dissect.wire import distinct, first_piece
from monitor.model.facts import Conversation, Dissection

MAGIC = b"PTCP"
_HEADER = 24
_BODIES = {
    0x00: "syn",
    0x10: "data",
    0x11: "bind",
    0x12: "connect",
    0x13: "heartbeat",
    0x14: "challenge",
    0x17: "auth",
    0x18: "auth",
    0x19: "auth",
    0x1A: "auth",
    0x1B: "auth",
}


def _body(data: bytes) -> str:
    if data[:4] != MAGIC or len(data) < _HEADER:
        return ""
    if len(data) == _HEADER:
        return "ack"
    return _BODIES.get(data[_HEADER], "")


def _dissect(conversation: Conversation) -> Dissection | None:
    if not _body(first_piece(conversation)):
        return None
    bodies = map(_body, (*conversation.orig, *conversation.resp))
    return Dissection("ptcp", tuple(distinct("ptcp.body", bodies)))


DISSECTOR = Dissector(
    service="ptcp",
    title="Dahua peer-to-peer tunnel (PTCP)",
    transports=frozenset({UDP}),
    first_bytes=frozenset(b"P"),
    dissect=_dissect,
    rank=20,
    how="PTCP, a header of 24 bytes, and nothing or a known type after it",
    facts=(FactKind("ptcp.body", "syn, ack, data, bind, connect, heartbeat, ..."),),
    source="khoanguyen-3fc/dh-p2p README.md",
)
