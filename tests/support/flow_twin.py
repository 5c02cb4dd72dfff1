"""The flow stage again, slow and plain: dicts and bytes, one packet at a time, without bounds.

It says what records and conversations must come out, but not in which step.
"""

import dataclasses
from typing import Any

from monitor.flow import FlowSettings
from monitor.model.arrays import VLAN_NONE
from monitor.model.words import EndReason, Fragment
from tests.support.packets import ACK, FIN, RST, SECOND_NS, SYN, Packet

UNANSWERED, ANSWERED, REFUSED = range(3)
LIFETIME_NS = 30 * SECOND_NS

PAIRS = {
    1: {8: 0, 0: 8, 13: 14, 14: 13, 15: 16, 16: 15, 17: 18, 18: 17, 10: 9, 9: 10},
    58: {
        128: 129, 129: 128, 130: 131, 131: 130, 133: 134, 134: 133,
        135: 136, 136: 135, 139: 140, 140: 139, 144: 145, 145: 144,
    },
}  # fmt: skip


@dataclasses.dataclass
class Half:
    """What one side sent, and its payload."""

    pkts: int = 0
    size: int = 0
    payload: int = 0
    data_pkts: int = 0
    copies: int = 0
    copy_bytes: int = 0
    copy_payload: int = 0
    copy_data: int = 0
    flags: int = 0
    isn: int | None = None
    base: int | None = None
    datagrams: list[bytes] = dataclasses.field(default_factory=list)
    segments: list[tuple[int, bytes]] = dataclasses.field(default_factory=list)

    def count(self, size: int, payload: int) -> None:
        """Count a packet."""
        self.pkts += 1
        self.size += size
        self.payload += payload
        self.data_pkts += payload > 0

    def count_copy(self, size: int, payload: int) -> None:
        """Count a suspected copy."""
        self.copies += 1
        self.copy_bytes += size
        self.copy_payload += payload
        self.copy_data += payload > 0

    def restart(self) -> None:
        """Forget the counts, for the next part."""
        for name in (
            "pkts", "size", "payload", "data_pkts", "copies", "copy_bytes",
            "copy_payload", "copy_data", "flags",
        ):  # fmt: skip
            setattr(self, name, 0)

    def stream(self) -> bytes:
        """Return the segments in order up to the first gap; what came first stands."""
        if not self.segments:
            return b""
        base = self.base
        if base is None:
            base = min(seq for seq, _ in self.segments)
        found: dict[int, int] = {}
        for seq, content in self.segments:
            for i, value in enumerate(content):
                found.setdefault(seq + i - base, value)
        length = 0
        while length in found:
            length += 1
        return bytes(found[i] for i in range(length))


@dataclasses.dataclass
class TwinFlow:
    """One flow."""

    number: int
    key: Any
    orig: tuple[str, int]
    resp: tuple[str, int]
    first: Packet
    seen_ns: int
    part_ns: int
    start_ns: int
    end_ns: int
    kind: str
    flipped: bool
    orig_mac: int
    resp_mac: int
    part: int = 0
    copy_end_ns: int = 0
    answered: bool = False
    refused_by: int = 0
    syn: bool = False
    syn_ack: bool = False
    fins: set[int] = dataclasses.field(default_factory=set)
    spoke: set[int] = dataclasses.field(default_factory=set)
    sure: int = 0
    sure_copies: int = 0
    mirrored: bool = False
    alias: Any = None
    window_ns: int | None = None
    is_told: bool = False
    halves: tuple[Half, Half] = dataclasses.field(default_factory=lambda: (Half(), Half()))


class FlowTwin:
    """Takes packets, keeps `records` and `conversations`; `finish` ends the rest."""

    def __init__(self, settings: FlowSettings) -> None:
        self.settings = settings
        self.records: list[dict[str, Any]] = []
        self.conversations: dict[int, tuple[tuple[bytes, ...], tuple[bytes, ...]]] = {}
        self.flows: dict[Any, TwinFlow] = {}
        self.clock = -(1 << 62)
        self.tick = -(1 << 62)
        self.numbers = 0
        self.copies: dict[int, tuple[int, TwinFlow | None]] = {}
        self.repeated: set[int] = set()
        self.share = [0, 0]
        self.fragments: dict[Any, dict[str, Any]] = {}
        self.lost = 0
        self.idle_ns = {
            kind: round(value * SECOND_NS)
            for kind, value in {
                "tcp": settings.tcp_idle_s,
                "half": settings.tcp_half_open_s,
                "closed": settings.tcp_closed_s,
                "udp": settings.udp_idle_s,
                "icmp": settings.icmp_idle_s,
                "other": settings.other_idle_s,
            }.items()
        }

    def is_over(self, flow: TwinFlow) -> bool:
        """Tell whether the idle timeout of a flow has passed."""
        return self.clock - flow.seen_ns > self.idle_ns[flow.kind]

    def see(self, packet: Packet) -> None:
        """Follow one packet."""
        self.clock = max(self.clock, packet.ts_ns)
        self.pass_time()
        if packet.stop:
            return
        if packet.quote is not None and self.credit(packet):
            return
        known = self.copies.get(packet.copy_key)
        is_copy = known is not None and abs(packet.ts_ns - known[0]) <= self.settings.copy_window_ns
        is_sure = packet.ident != 0 or bool(packet.payload)
        is_first = is_copy and packet.copy_key not in self.repeated
        if is_copy:
            self.repeated.add(packet.copy_key)
        if is_sure:
            self.share[0] += 1
            self.share[1] += is_first
        if is_copy and known is not None and known[1] is not None and not self.gone(known[1]):
            self.count_copy(known[1], packet, is_sure)
            known[1].sure_copies += is_sure and is_first
            return
        if packet.fragment == Fragment.LATER:
            flow = self.follow_later(packet, is_copy=is_copy)
            if not is_copy:
                self.remember(packet, flow)
            return
        flow = self.flow_of(packet)
        self.count(flow, packet, is_sure=is_sure)
        self.remember(packet, flow)
        self.join(flow, packet)
        self.keep(flow, packet)

    def remember(self, packet: Packet, flow: TwinFlow | None) -> None:
        """Note a packet of which copies may come."""
        self.copies[packet.copy_key] = (packet.ts_ns, flow)
        self.repeated.discard(packet.copy_key)

    def gone(self, flow: TwinFlow) -> bool:
        """Tell whether a flow has ended and no other has its key."""
        return self.flows.get(flow.key) is not flow

    def aliased(self) -> dict[Any, TwinFlow]:
        """Return flows by key, and by the key that they have in another VLAN."""
        return {flow.alias: flow for flow in self.flows.values() if flow.alias} | self.flows

    def pass_time(self) -> None:
        """End what fell silent, once in a second; hand on what waited for its window."""
        for flow in self.flows.values():
            if flow.window_ns is not None and (
                self.clock - flow.window_ns >= self.settings.window_s * SECOND_NS
            ):
                self.tell(flow)
        if self.clock // SECOND_NS <= self.tick:
            return
        self.tick = self.clock // SECOND_NS
        for flow in list(self.flows.values()):
            due = (flow.seen_ns + self.idle_ns[flow.kind]) // SECOND_NS + 1
            if self.tick >= due:
                self.end(flow)

    def ends_of(self, packet: Packet) -> tuple[tuple[str, int], tuple[str, int]]:
        """Return the two ends as the key has them: ICMP by the types of request and reply."""
        return _ends(packet.src, packet.src_port, packet.dst, packet.dst_port, packet.protocol)

    def key_of(self, packet: Packet, vlan: int) -> Any:
        """Return the key, the same for both directions."""
        return (
            frozenset(self.ends_of(packet)),
            packet.protocol,
            vlan if self.settings.use_vlan else VLAN_NONE,
        )

    def flow_of(self, packet: Packet) -> TwinFlow:
        """Return the flow of a packet, a new one where the packet begins it."""
        key = self.key_of(packet, packet.vlan)
        flow = self.aliased().get(key)
        if flow is not None and (self.is_over(flow) or self.is_another(flow, packet)):
            self.end(flow)
            flow = None
        if flow is not None and self.clock - flow.part_ns >= self.settings.active_s * SECOND_NS:
            self.write(flow, EndReason.ACTIVE)
            flow.part += 1
            flow.part_ns = self.clock
            flow.start_ns = flow.end_ns = flow.copy_end_ns = packet.ts_ns
            flow.first = dataclasses.replace(flow.first, frame_no=packet.frame_no)
            flow.sure = flow.sure_copies = 0
            for half in flow.halves:
                half.restart()
        if flow is None:
            flow = self.open(key, packet)
        return flow

    def open(self, key: Any, packet: Packet) -> TwinFlow:
        """Begin a flow."""
        self.numbers += 1
        flipped = _is_from_server(packet)
        source, target = self.ends_of(packet)
        kind = {6: "tcp", 17: "udp", 1: "icmp", 58: "icmp"}.get(packet.protocol, "other")
        if packet.protocol == 6 and packet.flags & (SYN | ACK | RST) == SYN:
            kind = "half"
        macs = (packet.src_mac, packet.dst_mac)
        flow = TwinFlow(
            number=self.numbers,
            key=key,
            orig=target if flipped else source,
            resp=source if flipped else target,
            first=packet,
            seen_ns=self.clock,
            part_ns=self.clock,
            start_ns=packet.ts_ns,
            end_ns=packet.ts_ns,
            copy_end_ns=packet.ts_ns,
            kind=kind,
            flipped=flipped,
            orig_mac=macs[flipped],
            resp_mac=macs[not flipped],
        )
        self.flows[key] = flow
        return flow

    def way(self, flow: TwinFlow, packet: Packet) -> int:
        """Return 0 for a packet of the originator, 1 for the responder."""
        return 0 if self.ends_of(packet)[0] == flow.orig else 1

    def is_another(self, flow: TwinFlow, packet: Packet) -> bool:
        """Tell whether a SYN begins another connection."""
        if packet.protocol != 6 or not packet.flags & SYN:
            return False
        if flow.halves[self.way(flow, packet)].isn == packet.seq:
            return False
        return flow.kind == "closed" or self.clock - flow.seen_ns > self.idle_ns["half"]

    def count(self, flow: TwinFlow, packet: Packet, *, is_sure: bool) -> None:
        """Count a packet and move the state on."""
        way = self.way(flow, packet)
        half = flow.halves[way]
        half.count(packet.wire_len, packet.wire_payload)
        flow.sure += is_sure
        flow.seen_ns = self.clock
        flow.end_ns = max(flow.end_ns, packet.ts_ns)
        if way not in flow.spoke:
            flow.spoke.add(way)
            if way:
                flow.resp_mac = packet.src_mac
            else:
                flow.orig_mac = packet.src_mac
        if packet.protocol != 6:
            flow.answered |= way == 1
            return
        flags = packet.flags
        half.flags |= flags
        flow.answered |= way == 1 and not flags & RST
        if flags & SYN:
            half.isn = packet.seq
            flow.syn |= way == 0 and not flags & ACK
            flow.syn_ack |= way == 1 and bool(flags & ACK)
        if flow.kind == "half" and ((way == 1 and flags & SYN) or not flags & (SYN | FIN | RST)):
            flow.kind = "tcp"
        if flags & FIN:
            flow.fins.add(way)
        if flags & RST:
            flow.fins |= {0, 1}
            if way == 1 and not flow.answered and 0 in flow.spoke:
                flow.refused_by = 1
        if len(flow.fins) == 2:
            flow.kind = "closed"

    def count_copy(self, flow: TwinFlow, packet: Packet, is_sure: bool) -> None:
        """Count a suspected copy in the flow of the first."""
        if packet.fragment == Fragment.LATER:
            way = 0 if packet.src == flow.orig[0] else 1
            if flow.orig[0] == flow.resp[0]:
                way = 0
        else:
            way = self.way(flow, packet)
        flow.halves[way].count_copy(packet.wire_len, packet.wire_payload)
        flow.sure += is_sure
        flow.copy_end_ns = max(flow.copy_end_ns, packet.ts_ns)
        if packet.vlan != flow.first.vlan:
            flow.mirrored = True
            alias = (*flow.key[:2], packet.vlan)
            if self.settings.use_vlan and flow.alias is None and alias not in self.aliased():
                flow.alias = alias

    def credit(self, packet: Packet) -> bool:
        """Credit an ICMP error to the flow that it quotes."""
        quote = packet.quote
        assert quote is not None
        quoted = Packet(
            src=quote.src,
            dst=quote.dst,
            src_port=quote.src_port,
            dst_port=quote.dst_port,
            protocol=quote.protocol,
        )
        flow = self.aliased().get(self.key_of(quoted, packet.vlan))
        if flow is None or self.is_over(flow):
            return False
        kind, code = packet.src_port, packet.dst_port
        if packet.protocol == 1:
            refuses = (kind == 3 and code != 4) or kind in {11, 12}
        else:
            refuses = kind in {1, 3, 4}
        if refuses and not flow.answered and not flow.refused_by and not self.way(flow, quoted):
            flow.refused_by = 256 * kind + code
        return True

    def datagram(self, packet: Packet) -> dict[str, Any]:
        """Return what is known of a fragmented datagram."""
        vlan = packet.vlan if self.settings.use_vlan else VLAN_NONE
        key = (packet.src, packet.dst, packet.protocol, packet.ident, vlan)
        known = self.fragments.get(key)
        if known is not None and self.clock - known["clock"] <= LIFETIME_NS:
            return known
        if known is not None:
            self.lost += len(known["held"])
        fresh: dict[str, Any] = {"clock": self.clock, "flow": None, "way": 0, "held": []}
        self.fragments[key] = fresh
        return fresh

    def follow_later(self, packet: Packet, *, is_copy: bool) -> TwinFlow | None:
        """Count a later fragment for the flow of its first, or hold it."""
        datagram = self.datagram(packet)
        flow: TwinFlow | None = datagram["flow"]
        if flow is None or self.gone(flow) or self.is_over(flow):
            datagram["flow"] = None
            datagram["held"].append((packet, is_copy))
            return None
        flow.halves[datagram["way"]].count(packet.wire_len, packet.wire_payload)
        flow.sure += 1
        flow.seen_ns = self.clock
        flow.end_ns = max(flow.end_ns, packet.ts_ns)
        return flow

    def join(self, flow: TwinFlow, packet: Packet) -> None:
        """Give a first fragment's flow what was held."""
        if packet.fragment != Fragment.FIRST:
            return
        datagram = self.datagram(packet)
        datagram["flow"], datagram["way"] = flow, self.way(flow, packet)
        half = flow.halves[datagram["way"]]
        for held, is_copy in datagram["held"]:
            flow.sure += 1
            flow.end_ns = max(flow.end_ns, held.ts_ns)
            if is_copy:
                half.count_copy(held.wire_len, held.wire_payload)
            else:
                half.count(held.wire_len, held.wire_payload)
        datagram["held"] = []

    def keep(self, flow: TwinFlow, packet: Packet) -> None:
        """Keep first payload."""
        if not packet.payload or flow.is_told:
            return
        half = flow.halves[self.way(flow, packet)]
        if packet.protocol == 6:
            seq = packet.seq + 1 if packet.flags & SYN else packet.seq
            base = half.base if half.segments else None if half.isn is None else half.isn + 1
            if not half.segments and len(packet.payload) > 1 and seq == half.isn:
                base = seq
            if base is not None and seq + len(packet.payload) <= base:
                return
            half.base = base
            half.segments.append((seq, packet.payload))
        elif len(half.datagrams) < self.settings.datagrams:
            half.datagrams.append(packet.payload[: self.settings.datagram_bytes])
        if flow.window_ns is None:
            flow.window_ns = self.clock
        if all(len(half.datagrams) == self.settings.datagrams for half in flow.halves):
            self.tell(flow)

    def tell(self, flow: TwinFlow) -> None:
        """Hand on the conversation of a flow."""
        flow.window_ns = None
        flow.is_told = True
        streams = [
            (stream,) if (stream := half.stream()) else tuple(half.datagrams)
            for half in flow.halves
        ]
        if any(streams):
            self.conversations[flow.number] = (streams[0], streams[1])

    def end(self, flow: TwinFlow, reason: EndReason | None = None) -> None:
        """End a flow."""
        if flow.window_ns is not None:
            self.tell(flow)
        if reason is None or flow.kind == "closed" or self.is_over(flow):
            reason = EndReason.END_OF_FLOW if flow.kind == "closed" else EndReason.IDLE
        self.write(flow, reason)
        del self.flows[flow.key]

    def finish(self) -> None:
        """End everything."""
        for flow in list(self.flows.values()):
            self.end(flow, EndReason.FORCED)
        self.lost += sum(len(datagram["held"]) for datagram in self.fragments.values())
        self.fragments = {}

    def write(self, flow: TwinFlow, reason: EndReason) -> None:
        """Write a record, after deciding on the copies."""
        orig, resp = flow.halves
        is_mirrored = (
            flow.mirrored
            or (flow.sure >= 4 and flow.sure_copies >= 0.45 * flow.sure)
            or (self.share[0] >= 8 and self.share[1] >= 0.25 * self.share[0])
        )
        end_ns = flow.end_ns
        if not is_mirrored:
            end_ns = max(end_ns, flow.copy_end_ns)
        row: dict[str, Any] = {
            "flow_no": flow.number,
            "part": flow.part,
            "start_ns": flow.start_ns,
            "end_ns": end_ns,
            "orig": flow.orig[0],
            "resp": flow.resp[0],
            "protocol": flow.first.protocol,
            "vlan": flow.first.vlan,
            "frame_no": flow.first.frame_no,
            "orig_mac": flow.orig_mac,
            "resp_mac": flow.resp_mac,
            "end_reason": int(reason),
            "outcome": ANSWERED if flow.answered else REFUSED if flow.refused_by else UNANSWERED,
            "refused_by": 0 if flow.answered else flow.refused_by,
            "is_flipped": flow.flipped,
            "is_handshake": flow.syn and flow.syn_ack,
        }
        if flow.first.protocol in PAIRS:
            row |= {"orig_port": flow.first.src_port, "resp_port": flow.first.dst_port}
        else:
            row |= {"orig_port": flow.orig[1], "resp_port": flow.resp[1]}
        for side, half in (("orig", orig), ("resp", resp)):
            extra = (0, 0, 0, 0)
            if not is_mirrored:
                extra = (half.copies, half.copy_bytes, half.copy_payload, half.copy_data)
            row |= {
                f"{side}_pkts": half.pkts + extra[0],
                f"{side}_bytes": half.size + extra[1],
                f"{side}_payload": half.payload + extra[2],
                f"{side}_data_pkts": half.data_pkts + extra[3],
                f"{side}_copies": half.copies - extra[0],
                f"{side}_flags": half.flags,
            }
        self.records.append(row)


def _ends(
    src: str, src_port: int, dst: str, dst_port: int, protocol: int
) -> tuple[tuple[str, int], tuple[str, int]]:
    if protocol not in PAIRS:
        return (src, src_port), (dst, dst_port)
    other = PAIRS[protocol].get(src_port)
    if other is None:
        return (src, src_port | 0x8000), (dst, dst_port)
    return (src, src_port), (dst, other)


def _is_from_server(packet: Packet) -> bool:
    """Tell whether the first packet seen of a flow is an answer."""
    ports = (packet.src_port, packet.dst_port)
    if packet.protocol == 17:
        return ports[0] in {53, 123} and ports[1] in range(1024, 65536)
    if packet.protocol != 6 or packet.flags & (SYN | ACK) == SYN:
        return False
    if packet.flags & SYN:
        return True
    return ports[0] in range(1024) and ports[1] in range(1024, 65536) and ports[1] != 2049
