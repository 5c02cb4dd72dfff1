"""HCNetSDK, the private control port of Hikvision devices (TCP 8000)."""

from monitor.dissect.base import TCP, Dissector, FactKind
from monitor.dissect.wire import text
from monitor.model.facts import Conversation, Dissection, Fact

_LOGIN = 0x5A
_COMMAND = 0x63
_NAME_AT = 0x24


def _dissect(conversation: Conversation) -> Dissection | None:
    data = conversation.orig_first
    if len(data) < 32 or data[:2] != b"\x00\x00" or data[5:7] != b"\x00\x00":
        return None
    size = int.from_bytes(data[:4])
    if not 32 <= size <= len(data):
        return None
    if data[4] == _LOGIN and data[7:12] == bytes(5) and size >= 0x60:
        facts = [Fact("hcnetsdk.message", "login")]
        name = text(data[_NAME_AT : _NAME_AT + 32])
        if name:
            facts.append(Fact("credential", f"hcnetsdk user={name}"))
        return Dissection("hcnetsdk", tuple(facts))
    answer = conversation.resp_first
    if data[4] == _COMMAND and data[28:32] == bytes(4) == answer[12:16]:
        return Dissection("hcnetsdk", (Fact("hcnetsdk.message", "command"),))
    return None


DISSECTOR = Dissector(
    service="hcnetsdk",
    title="Hikvision device SDK (HCNetSDK)",
    transports=frozenset({TCP}),
    first_bytes=frozenset({0}),
    dissect=_dissect,
    ports=frozenset({8000}),
    rank=60,
    how="32-bit length that fits; 5A and zeros (login), or 63 (command) with an answer of the "
    "same framing",
    facts=(
        FactKind("hcnetsdk.message", "login or command"),
        FactKind("credential", "User name of the login"),
    ),
    source="capture of an EZVIZ app with a camera on the LAN",
)
