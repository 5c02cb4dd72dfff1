"""NAT-PMP and PCP: a device asks the router to open a port to the outside."""

from monitor.dissect.base import UDP, Dissector, FactKind
from monitor.dissect.wire import first_piece
from monitor.model.facts import Conversation, Dissection, Fact

_PORTS = frozenset({5350, 5351})
_MAPPED = bytes(10) + b"\xff\xff"
_TRANSPORTS = {6: "tcp", 17: "udp", 0: "all"}
_PCP_OPERATIONS = {0: "announce", 1: "map", 2: "peer"}


def _nat_pmp(data: bytes) -> list[Fact] | None:
    if data == b"\x00\x00":
        return [Fact("port-mapping.operation", "address")]
    if len(data) != 12 or data[1] not in {1, 2} or data[2:4] != b"\x00\x00":
        return None
    inner, outer = int.from_bytes(data[4:6]), int.from_bytes(data[6:8])
    lifetime = int.from_bytes(data[8:12])
    return [
        Fact("port-mapping.operation", "map" if lifetime else "unmap"),
        Fact("port-mapping.transport", "udp" if data[1] == 1 else "tcp"),
        Fact("port-mapping.internal_port", str(inner)),
        Fact("port-mapping.external_port", str(outer)),
    ]


def _pcp(data: bytes) -> list[Fact] | None:
    name = _PCP_OPERATIONS.get(data[1])
    if name is None or len(data) < 24 or len(data) % 4 or data[2:4] != b"\x00\x00":
        return None
    # The address of the client: IPv4 in IPv6, global or unique local.
    if data[8:20] != _MAPPED and data[8] >> 5 != 1 and data[8] >> 1 != 0x7E:
        return None
    facts = [Fact("port-mapping.operation", name)]
    if name == "announce":
        return facts if data[4:8] == bytes(4) else None
    if len(data) < 60 or data[37:40] != bytes(3) or data[36] not in _TRANSPORTS:
        return None
    facts.append(Fact("port-mapping.transport", _TRANSPORTS[data[36]]))
    facts.append(Fact("port-mapping.internal_port", str(int.from_bytes(data[40:42]))))
    facts.append(Fact("port-mapping.external_port", str(int.from_bytes(data[42:44]))))
    return facts


def _dissect(conversation: Conversation) -> Dissection | None:
    data = first_piece(conversation)
    if conversation.resp_port not in _PORTS or len(data) < 2:
        return None
    facts = _nat_pmp(data) if data[0] == 0 else _pcp(data) if data[0] == 2 else None
    return Dissection("port-mapping", tuple(facts)) if facts else None


DISSECTOR = Dissector(
    service="port-mapping",
    title="Port mapping at the router (NAT-PMP, PCP)",
    transports=frozenset({UDP}),
    first_bytes=frozenset({0, 2}),
    dissect=_dissect,
    ports=_PORTS,
    rank=50,
    how="on port 5351: NAT-PMP request of 2 or 12 bytes, or PCP request of 24 or 60 and more, with "
    "zeros where they are reserved and an address that a client can have",
    facts=(
        FactKind("port-mapping.operation", "address, map, unmap, announce or peer"),
        FactKind("port-mapping.transport", "tcp, udp or all"),
        FactKind("port-mapping.internal_port", "Port of the device"),
        FactKind("port-mapping.external_port", "Port wished for outside; 0: any"),
    ),
    source="RFC 6886 §3, RFC 6887 §7, §11",
)
