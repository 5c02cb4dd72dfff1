"""ISUP (EHome): a Hikvision device dials out to a platform that its operator set."""

import re

from monitor.dissect.base import TCP, UDP, Dissector, FactKind
from monitor.dissect.wire import between, first_piece, text
from monitor.model.facts import Conversation, Dissection, Fact

_XML = b"<PPVSPMessage>"
_MODEL = re.compile(rb"(?:DS|iDS|CS)-[0-9A-Za-z/()\-]{4,40}")


def _binary(data: bytes) -> tuple[Fact, ...] | None:
    """Read the first message of ISUP 5: type, remaining length, 01 01 00 09, serial suffix."""
    if data[:1] != b"\x10" or data[2:6] != b"\x01\x01\x00\x09" or len(data) < 16:
        return None
    if not 14 <= data[1] < 0x80 or data[1] > len(data) - 2 or not data[6:15].isalnum():
        return None
    model = _MODEL.search(data, 15, 2 + data[1])
    facts = [Fact("isup.version", "5"), Fact("isup.command", "register")]
    if model:
        facts.append(Fact("isup.model", text(model[0])))
    return tuple(facts)


def _xml(data: bytes) -> tuple[Fact, ...] | None:
    if _XML not in data[:96]:
        return None
    facts = [Fact("isup.version", "4 or earlier")]
    for kind, tag in (("command", b"Command"), ("firmware", b"FirmwareVersion")):
        value = between(data[:4096], b"<%s>" % tag, b"</%s>" % tag)
        if value:
            facts.append(Fact(f"isup.{kind}", value))
    return tuple(facts)


def _dissect(conversation: Conversation) -> Dissection | None:
    data = first_piece(conversation)
    facts = _binary(data) if conversation.protocol == TCP else None
    facts = facts or _xml(data)
    return Dissection("isup", facts) if facts else None


DISSECTOR = Dissector(
    service="isup",
    title="Hikvision ISUP (EHome)",
    transports=frozenset({TCP, UDP}),
    first_bytes=frozenset({0x10, 0x3C, *range(0x20)}),
    tcp_opening=re.compile(rb"\x10.\x01\x01\x00\x09|.{0,82}<PPVSPMessage>", re.DOTALL),
    dissect=_dissect,
    ports=frozenset({7660, 7661}),
    rank=35,
    how="ISUP 5: 10, remaining length, 01 01 00 09, 9 letters or digits; before: XML with "
    "<PPVSPMessage> near the start",
    facts=(
        FactKind("isup.version", "5, or 4 or earlier"),
        FactKind("isup.command", "REGISTER, KEEPALIVE, ..."),
        FactKind("isup.model", "Model that the device names"),
        FactKind("isup.firmware", "Firmware version that the device names"),
    ),
    source="https://blog.csdn.net/jiuaiwo1314/article/details/108025754; public notes on an "
    "implementation of ISUP 5",
)
