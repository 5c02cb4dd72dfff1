"""The relays of EZVIZ and Hik-Connect: video streams (ysproto) and two-way talk (tts)."""

import re

from monitor.dissect.base import TCP, Dissector, FactKind
from monitor.dissect.wire import first_piece, text
from monitor.model.facts import Conversation, Dissection, Fact

_TYPES = {
    0x0130: "stream-info",
    0x0131: "stream-info",
    0x0132: "keep-alive",
    0x0133: "keep-alive",
    0x013B: "stream-info",
    0x013C: "stream-info",
    0x0145: "stream-start",
}
_CHANNELS = frozenset({0x00, 0x01, 0x0A, 0x0B})
_URL = re.compile(rb"(ysproto|tts)://([0-9A-Za-z.\-]{1,80}(?::\d{1,5})?)")


def _host(data: bytes, scheme: bytes) -> str:
    match = _URL.search(data, 0, 128)
    return text(match[2], 96) if match and match[1] == scheme else ""


def _dissect_stream(conversation: Conversation) -> Dissection | None:
    data = first_piece(conversation)
    if len(data) < 8 or data[0] != 0x24 or data[1] not in _CHANNELS:
        return None
    kind = _TYPES.get(int.from_bytes(data[6:8]))
    if kind is None or int.from_bytes(data[2:4]) + 8 > max(len(data), 8):
        return None
    host = _host(data, b"ysproto")
    if not host and kind == "stream-info" and conversation.orig:
        return None
    facts = [Fact("ysproto.message", kind)]
    if host:
        facts.append(Fact("ysproto.host", host))
    if b"vtdu" in conversation.resp_first[:256]:
        facts.append(Fact("ysproto.server", "vtdu"))
    elif b"vtm" in conversation.resp_first[:256]:
        facts.append(Fact("ysproto.server", "vtm"))
    return Dissection("ysproto", tuple(facts))


def _dissect_talk(conversation: Conversation) -> Dissection | None:
    data = conversation.orig_first
    if len(data) < 22 or data[:4] != b"\x00\x00\x00\x01" or data[8:12] != bytes(4):
        return None
    host = _host(data, b"tts") if data[16:22] == b"tts://" else ""
    return Dissection("hik-talk", (Fact("hik-talk.host", host),)) if host else None


DISSECTORS = (
    Dissector(
        service="ysproto",
        title="EZVIZ video relay (VTM, VTDU)",
        transports=frozenset({TCP}),
        first_bytes=frozenset({0x24}),
        dissect=_dissect_stream,
        ports=frozenset({7100, 8554, 10554, 32723}),
        rank=25,
        how="24, channel 00, 01, 0A or 0B, a length that fits, a known type, and the ysproto:// "
        "address of the request",
        facts=(
            FactKind("ysproto.message", "stream-info, stream-start or keep-alive"),
            FactKind("ysproto.host", "Relay that the stream is asked of"),
            FactKind("ysproto.server", "Role that the answer names: vtm (manager) or vtdu (relay)"),
        ),
        source="RenierM26/pyEzvizApi pyezvizapi/stream.py; pedropaulovc/hikconnect-web "
        "docs/re/protocol-notes.md; capture of an EZVIZ app",
    ),
    Dissector(
        service="hik-talk",
        title="EZVIZ two-way talk relay",
        transports=frozenset({TCP}),
        first_bytes=frozenset({0x00}),
        dissect=_dissect_talk,
        ports=frozenset({9664}),
        rank=25,
        how="four 32-bit words (1, type, 0, length), then tts://",
        facts=(FactKind("hik-talk.host", "Relay that the talk goes through"),),
        source="capture of an EZVIZ app",
    ),
)
