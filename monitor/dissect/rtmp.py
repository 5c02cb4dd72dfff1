"""RTMP: video pushed to a streaming platform."""

import re

from monitor.dissect.base import TCP, Dissector, FactKind
from monitor.dissect.wire import text
from monitor.model.facts import Conversation, Dissection, Fact

_HANDSHAKE = 1537
_FIELDS = (("rtmp.app", b"app"), ("rtmp.url", b"tcUrl"), ("rtmp.agent", b"flashVer"))
_PUBLISH = (b"\x02\x00\x07publish", b"\x02\x00\x09FCPublish", b"\x02\x00\x0dreleaseStream")
_URL = re.compile(r"(rtmps?|rtmpt)://([^/?]{1,96})(/[^?]*)?")


def _amf_text(data: bytes, name: bytes) -> str:
    """Return the text of an AMF0 member: its name with length, marker 2, text with length."""
    mark = len(name).to_bytes(2) + name + b"\x02"
    at = data.find(mark)
    if at < 0:
        return ""
    at += len(mark)
    size = int.from_bytes(data[at : at + 2])
    return text(data[at + 2 : at + 2 + min(size, 256)], 160)


def _dissect(conversation: Conversation) -> Dissection | None:
    data, answer = conversation.orig_first, conversation.resp_first
    if len(data) < _HANDSHAKE or data[0] != 3:
        return None
    # Adobe's specification has four zeros after the time; later clients a version.
    if data[5:9] != bytes(4) and (len(answer) < _HANDSHAKE or answer[0] != 3):
        return None
    if data[5:9] != bytes(4) and data[5] > 0x80:
        return None
    rest = data[2 * _HANDSHAKE - 1 :]
    facts = [Fact("rtmp.message", "connect" if b"\x02\x00\x07connect" in rest else "handshake")]
    for kind, name in _FIELDS:
        value = _amf_text(rest, name)
        if kind == "rtmp.url":
            # What follows the path may be a key.
            match = _URL.match(value)
            value = match[0] if match else ""
        value = value.partition("?")[0]
        if value:
            facts.append(Fact(kind, value))
    if any(mark in rest for mark in _PUBLISH):
        facts.append(Fact("rtmp.direction", "push"))
    return Dissection("rtmp", tuple(facts))


DISSECTOR = Dissector(
    service="rtmp",
    title="Real-Time Messaging Protocol",
    transports=frozenset({TCP}),
    first_bytes=frozenset({3}),
    tcp_opening=re.compile(rb"\x03.{1536}", re.DOTALL),
    dissect=_dissect,
    ports=frozenset({1935}),
    rank=40,
    how="03 and 1,536 bytes, of which the second word is zero, or with an answer of the same shape",
    facts=(
        FactKind("rtmp.message", "handshake, or connect when that was seen"),
        FactKind("rtmp.app", "Application of the connect; the stream's name, a key, is not kept"),
        FactKind("rtmp.url", "Address of the connect without its query"),
        FactKind("rtmp.agent", "Software that the client names"),
        FactKind("rtmp.direction", "push, when the client publishes"),
    ),
    source="Adobe RTMP specification 1.0 §5.2, §7.2",
)
