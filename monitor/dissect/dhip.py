"""DHIP: JSON control and LAN discovery of Dahua devices and their resellers."""

from monitor.dissect.base import TCP, UDP, Dissector, FactKind
from monitor.dissect.wire import distinct, first_piece, json_text
from monitor.model.facts import Conversation, Dissection, Fact

MAGIC = b"\x20\x00\x00\x00DHIP"
_HEADER = 32
_TEXTS = (
    ("dhip.method", b"method"),
    ("dhip.vendor", b"Vendor"),
    ("dhip.class", b"DeviceClass"),
    ("dhip.model", b"DeviceType"),
    ("dhip.firmware", b"Version"),
    ("dhip.realm", b"realm"),
)


def _dissect(conversation: Conversation) -> Dissection | None:
    data = first_piece(conversation)
    if data[:8] != MAGIC or len(data) < _HEADER:
        return None
    size = int.from_bytes(data[16:20], "little")
    if conversation.protocol == UDP and size > len(data) - _HEADER:
        return None
    pieces = [p for p in (*conversation.orig, *conversation.resp) if p[:8] == MAGIC]
    facts: list[Fact] = []
    for kind, name in _TEXTS:
        facts += distinct(kind, (json_text(piece[:8192], name) for piece in pieces))
    users = (json_text(piece[:8192], b"userName") for piece in pieces)
    facts += distinct("credential", (f"dhip user={user}" for user in users if user))
    return Dissection("dhip", tuple(facts))


DISSECTOR = Dissector(
    service="dhip",
    title="Dahua DHIP",
    transports=frozenset({TCP, UDP}),
    first_bytes=frozenset({0x20}),
    dissect=_dissect,
    ports=frozenset({5000, 37777, 37810}),
    rank=15,
    how="20 00 00 00 DHIP, 32-byte header, length that fits",
    facts=(
        FactKind("dhip.method", "DHDiscover.search, client.notifyDevInfo, global.login, ..."),
        FactKind("dhip.vendor", "Maker or reseller that the device names"),
        FactKind("dhip.class", "Kind of device: IPC, NVR, ..."),
        FactKind("dhip.model", "Model"),
        FactKind("dhip.firmware", "Firmware version"),
        FactKind("dhip.realm", "Login realm"),
        FactKind("credential", "User name of the login"),
    ),
    source="mcw0/DahuaConsole; julienblitte/UniversalScanner Dahua2.cs",
)
