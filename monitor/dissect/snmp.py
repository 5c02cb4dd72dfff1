"""SNMP: who reads or writes a device's settings, or is told of events."""

from monitor.dissect.base import UDP, Dissector, FactKind
from monitor.dissect.wire import first_piece
from monitor.model.facts import Conversation, Dissection, Fact

_VERSIONS = {0: "1", 1: "2c", 3: "3"}
_PDUS = {
    0xA0: "get",
    0xA1: "get-next",
    0xA2: "response",
    0xA3: "set",
    0xA4: "trap",
    0xA5: "get-bulk",
    0xA6: "inform",
    0xA7: "trap",
    0xA8: "report",
}
_WELL_KNOWN = frozenset({b"public", b"private"})


def _length(data: bytes, at: int) -> tuple[int, int]:
    """Return a BER length and the offset after it, or -1 (X.690 §8.1.3)."""
    head = data[at : at + 1]
    if not head:
        return -1, at
    if head[0] < 0x80:
        return head[0], at + 1
    count = head[0] & 0x7F
    if not 1 <= count <= 3 or at + 1 + count > len(data):
        return -1, at
    return int.from_bytes(data[at + 1 : at + 1 + count]), at + 1 + count


def _dissect(conversation: Conversation) -> Dissection | None:
    data = first_piece(conversation)
    if data[:1] != b"\x30":
        return None
    size, at = _length(data, 1)
    if size < 0 or at + size != len(data) or data[at : at + 2] != b"\x02\x01":
        return None
    version = _VERSIONS.get(data[at + 2]) if at + 2 < len(data) else None
    if version is None:
        return None
    at += 3
    facts = [Fact("snmp.version", version)]
    if version == "3":
        # RFC 3412 §6: msgGlobalData is a sequence that starts with the message id.
        inner, at_id = _length(data, at + 1)
        if data[at : at + 1] != b"\x30" or inner < 8 or data[at_id : at_id + 1] != b"\x02":
            return None
        return Dissection("snmp", tuple(facts))
    size, at_name = _length(data, at + 1)
    if data[at : at + 1] != b"\x04" or not 0 <= size <= 64:
        return None
    kind = data[at_name + size : at_name + size + 1]
    pdu = _PDUS.get(kind[0]) if kind else None
    body, end = _length(data, at_name + size + 1)
    if pdu is None or body < 0 or end + body != len(data):
        return None
    is_known = data[at_name : at_name + size].lower() in _WELL_KNOWN
    facts.append(Fact("snmp.operation", pdu))
    facts.append(Fact("snmp.community", "well-known" if is_known else "own"))
    return Dissection("snmp", tuple(facts))


DISSECTOR = Dissector(
    service="snmp",
    title="Simple Network Management Protocol",
    transports=frozenset({UDP}),
    first_bytes=frozenset({0x30}),
    dissect=_dissect,
    ports=frozenset({161, 162}),
    rank=40,
    how="one BER sequence that fills the datagram: version, community or header, a known PDU",
    facts=(
        FactKind("snmp.version", "1, 2c or 3"),
        FactKind("snmp.operation", "get, set, trap, ..."),
        FactKind("snmp.community", "well-known (public, private) or own; the text is not kept"),
    ),
    source="RFC 1157 §4, RFC 3416 §3, RFC 3412 §6",
)
