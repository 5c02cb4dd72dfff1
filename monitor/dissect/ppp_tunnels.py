"""L2TP and PPTP, the old tunnels that carry PPP."""

from monitor.dissect.base import TCP, UDP, Dissector, FactKind
from monitor.dissect.wire import distinct, first_piece, text
from monitor.model.facts import Conversation, Dissection, Fact

_L2TP_MESSAGES = {
    1: "start-request",
    2: "start-reply",
    3: "start-connected",
    4: "stop",
    6: "hello",
    7: "call-request",
    10: "incoming-call",
    14: "disconnect",
}
_PPTP_COOKIE = b"\x1a\x2b\x3c\x4d"
_PPTP_START = 156


def _dissect_l2tp(conversation: Conversation) -> Dissection | None:
    """Read a control message of version 2: flags, length, ids, then the message type (RFC 2661)."""
    data = first_piece(conversation)
    if len(data) < 20 or data[0] & 0xC8 != 0xC8 or data[1] != 2:
        return None
    if int.from_bytes(data[2:4]) != len(data) or data[12:18] != b"\x80\x08\x00\x00\x00\x00":
        return None
    name = _L2TP_MESSAGES.get(int.from_bytes(data[18:20]))
    return Dissection("l2tp", (Fact("l2tp.message", name),)) if name else None


def _dissect_pptp(conversation: Conversation) -> Dissection | None:
    data = first_piece(conversation)
    if data[4:8] != _PPTP_COOKIE or data[2:4] != b"\x00\x01" or len(data) < 12:
        return None
    size, kind = int.from_bytes(data[:2]), int.from_bytes(data[8:10])
    if not 12 <= size <= 220 or not 1 <= kind <= 15:
        return None
    facts = [Fact("pptp.message", "start" if kind <= 2 else "other")]
    if size == _PPTP_START and len(data) >= _PPTP_START:
        facts += distinct("pptp.vendor", [text(data[92:156])])
    return Dissection("pptp", tuple(facts))


DISSECTORS = (
    Dissector(
        service="l2tp",
        title="Layer Two Tunneling Protocol",
        transports=frozenset({UDP}),
        first_bytes=frozenset({0xC8}),
        dissect=_dissect_l2tp,
        ports=frozenset({1701}),
        rank=35,
        how="control message of version 2 whose length is the datagram's and whose first value "
        "is a known message type",
        facts=(FactKind("l2tp.message", "start-request, hello, call-request, ..."),),
        source="RFC 2661 §3.1, §4.4.1",
    ),
    Dissector(
        service="pptp",
        title="Point-to-Point Tunneling Protocol",
        transports=frozenset({TCP}),
        first_bytes=frozenset({0}),
        dissect=_dissect_pptp,
        ports=frozenset({1723}),
        rank=25,
        how="control message type 1 with the cookie 1A 2B 3C 4D at offset 4",
        facts=(
            FactKind("pptp.message", "start or other"),
            FactKind("pptp.vendor", "Vendor string of the start message"),
        ),
        source="RFC 2637 §1.4, §2.1",
    ),
)
