"""The NetSurveillance (Sofia, XMEye) protocol of Xiongmai boards: control and LAN discovery."""

from monitor.dissect.base import TCP, UDP, Dissector, FactKind
from monitor.dissect.wire import distinct, first_piece, json_text
from monitor.model.facts import Conversation, Dissection, Fact

_HEADER = 20
_NAMES = {
    1000: "login",
    1001: "login-answer",
    1006: "keep-alive",
    1007: "keep-alive-answer",
    1020: "system-info",
    1021: "system-info-answer",
    1040: "config-set",
    1042: "config-get",
    1410: "monitor",
    1411: "monitor-answer",
    1412: "monitor-data",
    1413: "monitor-claim",
    1450: "time",
    1500: "alarm",
    1520: "upgrade",
    1521: "upgrade",
    1530: "search",
    1531: "search-answer",
}


def _message(data: bytes, *, is_datagram: bool) -> int:
    """Return the message id of a 20-byte header whose fields fit, else 0."""
    if len(data) < _HEADER or data[0] != 0xFF or data[1] > 1 or data[2:4] != b"\x00\x00":
        return 0
    number = int.from_bytes(data[14:16], "little")
    size = int.from_bytes(data[16:20], "little")
    if not 1000 <= number <= 4000 or size > 1 << 20:
        return 0
    if is_datagram and size != len(data) - _HEADER:
        return 0
    return number if size == 0 or data[20:21] == b"{" or number == 1412 else 0


def _dissect(conversation: Conversation) -> Dissection | None:
    is_datagram = conversation.protocol == UDP
    if not _message(first_piece(conversation), is_datagram=is_datagram):
        return None
    pieces = [
        (piece, number)
        for piece in (*conversation.orig, *conversation.resp)
        if (number := _message(piece, is_datagram=is_datagram))
    ]
    facts = distinct("xmeye.message", (_NAMES.get(n, f"message {n}") for _, n in pieces))
    for kind, name in (("xmeye.firmware", b"Version"), ("xmeye.model", b"DeviceType")):
        facts += distinct(kind, (json_text(piece[:4096], name) for piece, _ in pieces))
    users = (json_text(piece[:4096], b"UserName") for piece, _ in pieces)
    facts += distinct("credential", (f"xmeye user={user}" for user in users if user))
    return Dissection("xmeye", tuple(facts or [Fact("xmeye.message", "unknown")]))


DISSECTOR = Dissector(
    service="xmeye",
    title="Xiongmai NetSurveillance (XMEye, Sofia)",
    transports=frozenset({TCP, UDP}),
    first_bytes=frozenset({0xFF}),
    dissect=_dissect,
    ports=frozenset({34567, 34569}),
    rank=30,
    how="FF, version 0 or 1, two zeros, a message id between 1000 and 4000, a length that fits, "
    "JSON after the 20-byte header",
    facts=(
        FactKind("xmeye.message", "login, search, monitor, ... or its number"),
        FactKind("xmeye.firmware", "Firmware version"),
        FactKind("xmeye.model", "Kind of device"),
        FactKind("credential", "User name of the login"),
    ),
    source="NeiroNx/python-dvr; AlexxIT/go2rtc pkg/dvrip",
)
