"""Remote Desktop, by its connection request."""

import re

from monitor.dissect.base import TCP, Dissector, FactKind
from monitor.dissect.wire import text
from monitor.model.facts import Conversation, Dissection, Fact

_COOKIE = re.compile(rb"Cookie: mstshash=([\x21-\x7e]{1,64})\r\n")


def _dissect(conversation: Conversation) -> Dissection | None:
    data = conversation.orig_first
    if data[:2] != b"\x03\x00" or len(data) < 11 or data[5] != 0xE0:
        return None
    size = int.from_bytes(data[2:4])
    if size > len(data) or data[4] != size - 5 or data[6:8] != bytes(2):
        return None
    cookie = _COOKIE.match(data, 11)
    # RDP negotiation request: type 1, length 8 (MS-RDPBCGR §2.2.1.1.1).
    request = data[size - 8 : size]
    has_request = size >= 19 and request[0] == 1 and request[2:4] == b"\x08\x00"
    if not cookie and not has_request:
        return None
    facts = [Fact("rdp.message", "connect")]
    if cookie:
        facts.append(Fact("credential", f"rdp user={text(cookie[1])}"))
    return Dissection("rdp", tuple(facts))


DISSECTOR = Dissector(
    service="rdp",
    title="Remote Desktop Protocol",
    transports=frozenset({TCP}),
    first_bytes=frozenset({3}),
    tcp_opening=re.compile(rb"\x03\x00"),
    dissect=_dissect,
    ports=frozenset({3389}),
    rank=30,
    how="TPKT and X.224 connection request whose lengths agree, with the mstshash cookie or a "
    "negotiation request",
    facts=(
        FactKind("rdp.message", "connect"),
        FactKind("credential", "User name of the cookie"),
    ),
    source="MS-RDPBCGR §2.2.1.1",
)
