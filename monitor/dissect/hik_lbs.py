"""Registration of EZVIZ and Hik-Connect devices at the load balancer, which resembles MQTT."""

from monitor.dissect.base import TCP, Dissector, FactKind
from monitor.dissect.wire import is_text
from monitor.model.facts import Conversation, Dissection, Fact

_VERSION = b"\x01\x01\x00\x09"


def _dissect(conversation: Conversation) -> Dissection | None:
    data = conversation.orig_first
    if data[:1] != b"\xc0" or data[2:6] != _VERSION or len(data) < 48:
        return None
    if data[1] < 46 or data[1] > len(data) - 2 or data[15] != 32:
        return None
    if not data[6:15].isalnum() or not is_text(data[16:48]):
        return None
    return Dissection("hik-lbs", (Fact("hik-lbs.message", "register"),))


DISSECTOR = Dissector(
    service="hik-lbs",
    title="Hik-Connect registration (LBS)",
    transports=frozenset({TCP}),
    first_bytes=frozenset({0xC0}),
    dissect=_dissect,
    ports=frozenset({8555, 8666}),
    rank=20,
    how="C0, remaining length, 01 01 00 09, a serial number of 9 characters, 20, 32 printable "
    "characters",
    facts=(FactKind("hik-lbs.message", "register"),),
    source="capture of an EZVIZ CTQ2C at start-up",
)
