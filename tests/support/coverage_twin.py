"""The coverage stage once more: packet by packet, in dictionaries, with lists for holes."""

import dataclasses
import ipaddress
from collections.abc import Callable, Iterable

from monitor.coverage.parts import IntervalPart, Station, VlanCounts
from monitor.model.addresses import mac_text
from monitor.model.arrays import MAC_NONE, VLAN_NONE
from tests.support.packets import Packet

MOST_HOLES = 8
STALE_NS = 3_000_000_000
FARTHEST = 1 << 24
COPY_NS = 1_000_000
COPIES = 8192


@dataclasses.dataclass
class _Hole:
    start: int
    end: int
    seen_ns: int
    is_acked: bool


@dataclasses.dataclass
class _Side:
    vlans: list[int] = dataclasses.field(default_factory=list)
    pkts: int = 0
    news: int = 0
    segments: int = 0
    lost: int = 0
    mss: int = 536
    edge: int | None = None
    ack: int | None = None
    is_outside: bool = False
    holes: list[_Hole] = dataclasses.field(default_factory=list)


def _later(seq: int, than: int) -> int:
    distance = (seq - than) % 2**32
    return distance - 2**32 if distance >= 2**31 else distance


class CoverageTwin:
    """Takes packets one by one; answers as the stage does."""

    def __init__(
        self,
        is_site: Callable[[str], bool],
        is_camera: Callable[[str, int], bool],
        interval_ns: int,
        *,
        follows_inside: bool = True,
    ) -> None:
        self.is_site, self.is_camera = is_site, is_camera
        self.interval_ns, self.follows_inside = interval_ns, follows_inside
        self.parts: list[IntervalPart] = []
        self.end_ns = 0
        self._forget()

    def _forget(self) -> None:
        self.vlans: dict[int, VlanCounts] = {}
        self.stations: dict[tuple[str, int, int], Station] = {}
        self.sides: dict[tuple[str, int, str, int], _Side] = {}
        self.recent: dict[int, tuple[int, int]] = {}
        self.undecided = 0

    def take(self, packets: Iterable[Packet]) -> "CoverageTwin":
        for packet in packets:
            if packet.ts_ns >= self.end_ns:
                if self.end_ns:
                    self.close(self.end_ns)
                self.end_ns = (packet.ts_ns // self.interval_ns + 1) * self.interval_ns
            self._one(packet)
        return self

    def finish(self) -> list[IntervalPart]:
        if self.vlans:
            self.close(max(counts.last_ns for counts in self.vlans.values()) + 1)
        return self.parts

    def _one(self, p: Packet) -> None:
        counts = self.vlans.setdefault(p.vlan, VlanCounts(first_ns=p.ts_ns, last_ns=p.ts_ns))
        counts.frames += 1
        counts.bytes += p.wire_len
        counts.first_ns = min(counts.first_ns, p.ts_ns)
        counts.last_ns = max(counts.last_ns, p.ts_ns)
        if p.stop:
            counts.not_ip += 1
            if p.src_mac != MAC_NONE:
                self._station("", p.src_mac, p, counts, sends=True)
            return
        is_copy = False
        if p.ident or p.payload:
            counts.sure += 1
            # The table of recent packets has one place for all keys that agree in these bits.
            place = (p.copy_key ^ p.copy_key >> 32) % COPIES
            key, then = self.recent.get(place, (None, 0))
            is_copy = key == p.copy_key and abs(p.ts_ns - then) <= COPY_NS
            if is_copy:
                counts.copies += 1
            else:
                self.recent[place] = p.copy_key, p.ts_ns
        is_group = p.dst_mac != MAC_NONE and (p.dst_mac >> 40) & 1
        if not is_copy:
            if self.is_site(p.src):
                self._station(p.src, p.src_mac, p, counts, sends=True)
            if self.is_site(p.dst) and not is_group:
                self._station(p.dst, p.dst_mac, p, counts, sends=False)
        if p.protocol != 6 or p.fragment:
            return
        is_inside = self.is_site(p.src) and self.is_site(p.dst) and not is_group
        if is_inside and not is_copy and not self.follows_inside:
            return
        self._segment(p, is_copy=is_copy, is_inside=is_inside)

    def _station(self, ip: str, mac: int, p: Packet, counts: VlanCounts, *, sends: bool) -> None:
        ip = "" if ip in ("0.0.0.0", "::") else ip  # noqa: S104
        key = (ip, mac, p.vlan)
        one = self.stations.get(key)
        if one is None:
            camera = self.is_camera(ip, mac)
            vlan = None if p.vlan == VLAN_NONE else p.vlan
            one = Station(ip, mac_text(mac), vlan, camera, p.ts_ns, p.ts_ns, 0, 0, 0, 0)
        if sends:
            one = one._replace(
                last_ns=max(one.last_ns, p.ts_ns),
                sent=one.sent + 1,
                sent_bytes=one.sent_bytes + p.wire_len,
            )
            counts.from_camera += one.is_camera
            counts.from_camera_bytes += p.wire_len * one.is_camera
        else:
            one = one._replace(
                received=one.received + 1, received_bytes=one.received_bytes + p.wire_len
            )
            counts.to_camera += one.is_camera
            counts.to_camera_bytes += p.wire_len * one.is_camera
        self.stations[key] = one

    def _segment(self, p: Packet, *, is_copy: bool, is_inside: bool) -> None:
        key = (p.src, p.src_port, p.dst, p.dst_port)
        back = (p.dst, p.dst_port, p.src, p.src_port)
        if is_copy:
            if key not in self.sides:
                return
        else:
            self.sides.setdefault(key, _Side())
            self.sides.setdefault(back, _Side())
        side, other = self.sides[key], self.sides[back]
        if p.vlan not in side.vlans:
            side.vlans.append(p.vlan)
        if is_copy:
            return
        side.is_outside = not is_inside
        side.pkts += 1
        if p.flags & 4:
            return
        if p.wire_payload:
            side.segments += 1
            side.mss = max(side.mss, p.wire_payload)
        seq = p.seq % 2**32
        end = (seq + p.wire_payload + bool(p.flags & 2) + (p.flags & 1)) % 2**32
        is_news = False
        if side.edge is None or p.flags & 2 or abs(_later(seq, side.edge)) > FARTHEST:
            side.edge, side.holes = end, []
        else:
            if _later(seq, side.edge) > 0:
                self._hole(side, _Hole(side.edge, seq, p.ts_ns, is_acked=False), p.ts_ns)
            else:
                side.holes = [left for hole in side.holes for left in _filled(hole, seq, end)]
            if _later(end, side.edge) > 0:
                side.edge, is_news = end, True
        if not p.flags & 16:
            return
        ack = p.ack % 2**32
        is_news |= side.ack is not None and 0 < _later(ack, side.ack) <= FARTHEST
        side.ack = ack
        if other.edge is not None:
            if 0 < _later(ack, other.edge) <= FARTHEST:
                self._hole(other, _Hole(other.edge, ack, p.ts_ns, is_acked=True), p.ts_ns)
                other.edge = ack
            for hole in other.holes:
                hole.is_acked |= _later(ack, hole.end) >= 0
        side.news += is_news and not p.flags & 2

    def _hole(self, side: _Side, hole: _Hole, now_ns: int) -> None:
        if len(side.holes) == MOST_HOLES:
            self._decide(side, side.holes.pop(0), now_ns)
        side.holes.append(hole)

    def _decide(self, side: _Side, hole: _Hole, now_ns: int) -> None:
        if hole.is_acked or now_ns - hole.seen_ns >= STALE_NS:
            side.lost += -(-_later(hole.end, hole.start) // side.mss)
        else:
            self.undecided += 1

    def close(self, end_ns: int) -> None:
        for (src, sport, dst, dport), side in self.sides.items():
            if not side.vlans:
                continue
            for hole in side.holes:
                self._decide(side, hole, end_ns)
            counts = self.vlans[side.vlans[0]]
            counts.segments += side.segments
            counts.lost_segments += side.lost
            counts.gapped += side.lost > 0
            other = self.sides[dst, dport, src, sport]
            is_first = _order(src, sport) <= _order(dst, dport)
            if side.news >= 4 and (is_first or other.news < 4 or other.vlans[:1] != side.vlans[:1]):
                counts.conversations += 1
                counts.one_way += other.pkts == 0
                counts.outside_one_way += other.pkts == 0 and side.is_outside
            if side.pkts < 2 or other.pkts < 2 or max(len(side.vlans), len(other.vlans)) > 2:
                continue
            if is_first or other.vlans[0] != side.vlans[0]:
                counts.tags_compared += 1
                counts.tags_differ += set(side.vlans) != set(other.vlans)
        self.parts.append(
            IntervalPart(
                start_ns=(self.end_ns // self.interval_ns - 1) * self.interval_ns,
                end_ns=end_ns,
                vlans={
                    None if vlan == VLAN_NONE else vlan: self.vlans[vlan]
                    for vlan in sorted(self.vlans)
                },
                stations=list(self.stations.values()),
                holes_undecided=self.undecided,
            )
        )
        self._forget()


def _order(ip: str, port: int) -> tuple[int, int]:
    address = ipaddress.ip_address(ip)
    mapped = 0xFFFF_0000_0000 if address.version == 4 else 0
    return mapped | int(address), port


def _filled(hole: _Hole, start: int, end: int) -> list[_Hole]:
    """Return what is left of a hole once bytes came; a hole hit in its middle loses its end."""
    if _later(end, hole.start) <= 0 or _later(start, hole.end) >= 0:
        return [hole]
    if _later(start, hole.start) <= 0:
        if _later(end, hole.end) >= 0:
            return []
        return [dataclasses.replace(hole, start=end)]
    return [dataclasses.replace(hole, end=start)]
