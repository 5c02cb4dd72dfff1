"""SADP, the search of Hikvision devices and their resellers on the LAN (UDP 37020, XML)."""

from monitor.dissect.base import UDP, Dissector, FactKind
from monitor.dissect.wire import between, distinct, first_piece
from monitor.model.facts import Conversation, Dissection

_TAGS = (
    ("sadp.types", b"Types"),
    ("sadp.model", b"DeviceDescription"),
    ("sadp.type", b"DeviceType"),
    ("sadp.oem", b"OEMInfo"),
    ("sadp.firmware", b"SoftwareVersion"),
    ("sadp.activated", b"Activated"),
)


def _is_sadp(data: bytes) -> bool:
    head = data[:160]
    return (b"<Probe>" in head or b"<ProbeMatch>" in head) and b"<Types>" in data[:1024]


def _dissect(conversation: Conversation) -> Dissection | None:
    data = first_piece(conversation)
    if data[:1] != b"<" or not _is_sadp(data):
        return None
    pieces = [p for p in (*conversation.orig, *conversation.resp) if _is_sadp(p)]
    facts = []
    for kind, tag in _TAGS:
        values = (between(piece[:4096], b"<%s>" % tag, b"</%s>" % tag) for piece in pieces)
        facts += distinct(kind, values)
    return Dissection("sadp", tuple(facts))


DISSECTOR = Dissector(
    service="sadp",
    title="Hikvision device search (SADP)",
    transports=frozenset({UDP}),
    first_bytes=frozenset(b"<"),
    dissect=_dissect,
    ports=frozenset({37020}),
    rank=40,
    how="XML with <Probe> or <ProbeMatch> near the start and <Types>",
    facts=(
        FactKind("sadp.types", "inquiry, inquiry_v32, hello, ..."),
        FactKind("sadp.model", "Model that the device names"),
        FactKind("sadp.type", "Number of the device type"),
        FactKind("sadp.oem", "Maker or reseller that the device names"),
        FactKind("sadp.firmware", "Firmware version"),
        FactKind("sadp.activated", "true when a password was set"),
    ),
    source="julienblitte/UniversalScanner Hikvision.cs; capture of a phone searching the LAN",
)
