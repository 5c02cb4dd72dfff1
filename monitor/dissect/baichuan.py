"""Baichuan, the control and video protocol of Reolink cameras (TCP)."""

from monitor.dissect.base import TCP, Dissector, FactKind
from monitor.dissect.wire import first_piece
from monitor.model.facts import Conversation, Dissection, Fact

MAGICS = frozenset({b"\xf0\xde\xbc\x0a", b"\xa0\xcb\xed\x0f"})
_CLASSES = frozenset({0x6514, 0x6614, 0x6414, 0x6482, 0x0000})
_NAMES = {
    1: "login",
    2: "logout",
    3: "video",
    4: "video-stop",
    10: "talk",
    23: "reboot",
    31: "alarm-start",
    33: "alarm",
    58: "ability",
    67: "firmware-upload",
    78: "image",
    80: "version",
    93: "ping",
    109: "snapshot",
    114: "uid",
    151: "ability",
}
_MOST_BODY = 1 << 24


def is_message(data: bytes) -> bool:
    """Return whether a Baichuan header starts here: magic, sane length, known message class."""
    return (
        data[:4] in MAGICS
        and len(data) >= 20
        and int.from_bytes(data[8:12], "little") < _MOST_BODY
        and int.from_bytes(data[18:20], "little") in _CLASSES
    )


def _dissect(conversation: Conversation) -> Dissection | None:
    data = first_piece(conversation)
    if not is_message(data):
        return None
    number = int.from_bytes(data[4:8], "little")
    return Dissection(
        "baichuan", (Fact("baichuan.message", _NAMES.get(number, f"message {number & 0xFFFF}")),)
    )


DISSECTOR = Dissector(
    service="baichuan",
    title="Reolink Baichuan",
    transports=frozenset({TCP}),
    first_bytes=frozenset({0xF0, 0xA0}),
    dissect=_dissect,
    ports=frozenset({9000}),
    rank=20,
    how="F0 DE BC 0A (or A0 CB ED 0F), a length below 16 MiB, a known message class",
    facts=(FactKind("baichuan.message", "First message: login, video, ping, ... or its number"),),
    source="thirtythreeforty/neolink dissector/messages.md",
)
