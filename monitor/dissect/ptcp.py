"""PTCP, the tunnel that Dahua peer-to-peer sessions and relays run in (UDP)."""

from monitor.dissect.base import UDP, Dissector, FactKind
from monitor.dissect.wire import distinct, first_piece
from monitor.model.facts import Conversation, Dissection

MAGIC = b"PTCP"
_HEADER = 24
_DATA_AT = 36
_BODIES = {0x00: "syn", 0x10: "data", 0x11: "bind", 0x12: "connect", 0x13: "heartbeat"}
_LAST_BODY = 0x1F
_INNER = ((b" RTSP/1.", "rtsp"), (b" HTTP/1.", "http"), (b"RTSP/1.", "rtsp"), (b"HTTP/1.", "http"))


def _body(data: bytes) -> str:
    """Name what follows the header; empty when this is no PTCP."""
    if data[:4] != MAGIC or len(data) < _HEADER:
        return ""
    if len(data) == _HEADER:
        return "ack"
    kind = data[_HEADER]
    return _BODIES.get(kind, "other") if kind <= _LAST_BODY and len(data) >= _HEADER + 4 else ""


def _inner(data: bytes) -> str:
    """Name what data carries: behind its length in three bytes, a channel and four zeros."""
    if _body(data) != "data" or int.from_bytes(data[25:28]) != len(data) - _DATA_AT:
        return ""
    line = data[_DATA_AT : _DATA_AT + 256].split(b"\r\n", 1)[0]
    return next((name for mark, name in _INNER if mark in line), "")


def _dissect(conversation: Conversation) -> Dissection | None:
    if not _body(first_piece(conversation)):
        return None
    pieces = (*conversation.orig, *conversation.resp)
    facts = distinct("ptcp.body", map(_body, pieces))
    facts += distinct("ptcp.carries", map(_inner, pieces))
    return Dissection("ptcp", tuple(facts))


DISSECTOR = Dissector(
    service="ptcp",
    title="Dahua peer-to-peer tunnel (PTCP)",
    transports=frozenset({UDP}),
    first_bytes=frozenset(b"P"),
    dissect=_dissect,
    rank=20,
    how="PTCP, a header of 24 bytes, and nothing or a body type below 20 (hex)",
    facts=(
        FactKind("ptcp.body", "syn, ack, data, bind, connect, heartbeat or other"),
        FactKind("ptcp.carries", "rtsp or http, when the data starts as such"),
    ),
    source="khoanguyen-3fc/dh-p2p ptcp.lua, src/ptcp.rs",
)
