"""A slow twin of the decode stage: one frame at a time, plain Python, written from the RFCs.

It shares no code with `monitor.decode`, only the words of the model. `decode_one` answers a dict of
column values; `copy_key` is left out and `copied` is there instead: what two copies share.
"""

import struct
from collections.abc import Sequence
from typing import Any

from monitor.model.arrays import MAC_NONE, VLAN_NONE
from monitor.model.words import Fragment, Stop, Tunnel
from tests.support.decode_twin_ip import (
    MAPPED,
    StoppedError,
    fill_transport,
    holds_ip,
    u16,
    walk_extensions,
)

MAX_DEPTH = 8
MAX_TAGS = 8
MAX_LABELS = 16
MAX_ROUTES = 8
TAGS = {0x8100, 0x88A8, 0x9100}
BRIDGED = TAGS | {0x0800, 0x86DD, 0x0806, 0x8847, 0x8848, 0x8864}
V6_FAMILIES = {10, 23, 24, 28, 30}


class _Frame:
    """Where one decoding stands. `content` ends where captured bytes end; `wire` is its length
    had all been captured."""

    def __init__(
        self, content: bytes, wire_len: int, vlan_tci: int, vxlan: Sequence[int], geneve: int
    ) -> None:
        self.whole = content
        self.content = content
        self.wire = max(wire_len, len(content))
        self.pos = 0
        self.link_start = 0
        self.frame_wire = self.wire
        self.vlan = VLAN_NONE if vlan_tci < 0 else vlan_tci & 0xFFF
        self.macs = (MAC_NONE, MAC_NONE)
        self.tunnel = Tunnel.NONE
        self.depth = 0
        self.vxlan = vxlan
        self.geneve = geneve
        self.ip: dict[str, Any] = {}

    def left(self) -> int:
        return len(self.content) - self.pos

    def need(self, count: int, stop: Stop) -> bytes:
        """Take the next bytes without moving on, or stop."""
        if self.left() < count:
            raise StoppedError(stop)
        return self.content[self.pos : self.pos + count]

    def take(self, count: int, stop: Stop) -> bytes:
        taken = self.need(count, stop)
        self.pos += count
        return taken

    def enter(self, tunnel: Tunnel) -> None:
        self.tunnel = tunnel
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise StoppedError(Stop.TUNNEL_DEPTH)

    # Link layers

    def link(self, link_type: int) -> None:
        if not self.content:
            raise StoppedError(Stop.EMPTY)
        if link_type == 1:
            self.ethernet()
        elif link_type in (0, 108):
            raw = self.take(4, Stop.LINK_CUT)
            families = {struct.unpack("<I", raw)[0], struct.unpack(">I", raw)[0]}
            if 2 in families:
                self.ip_header(4)
            elif families & V6_FAMILIES:
                self.ip_header(6)
            else:
                raise StoppedError(Stop.NOT_IP)
        elif link_type in (12, 14, 101):
            self.ip_header(0)
        elif link_type in (228, 229):
            self.ip_header(4 if link_type == 228 else 6)
        elif link_type in (113, 276):
            self.cooked(link_type)
        elif link_type == 51:
            self.ethertype(0x8864)
        elif link_type == 104 or (link_type == 50 and self.content[0] in (0x0F, 0x8F)):
            number = u16(self.take(4, Stop.LINK_CUT), 2)
            if number < 0x600:
                raise StoppedError(Stop.NOT_IP)
            self.ethertype(number)
        elif link_type in (9, 50):
            self.ppp(Stop.LINK_CUT, Stop.NOT_IP)
        else:
            raise StoppedError(Stop.LINK_TYPE)

    def cooked(self, link_type: int) -> None:
        if link_type == 113:
            header = self.take(16, Stop.LINK_CUT)
            number, size, mac = u16(header, 14), u16(header, 4), header[6:12]
        else:
            header = self.take(20, Stop.LINK_CUT)
            number, size, mac = u16(header, 0), header[11], header[12:18]
        if size == 6:
            self.macs = (int.from_bytes(mac, "big"), MAC_NONE)
        if number == 4:
            self.llc()
        elif number < 0x600:
            raise StoppedError(Stop.NOT_IP)
        else:
            self.ethertype(number)

    def ethernet(self) -> None:
        header = self.need(14, Stop.LINK_CUT)
        self.link_start = self.pos
        self.pos += 14
        self.macs = (int.from_bytes(header[6:12], "big"), int.from_bytes(header[:6], "big"))
        self.ethertype(u16(header, 12))

    def ethertype(self, number: int, tags: int = 0) -> None:
        if number < 0x600:
            self.llc(tags)
        elif number in TAGS:
            tag = self.need(4, Stop.LINK_CUT)
            if tags == MAX_TAGS:
                raise StoppedError(Stop.TUNNEL_DEPTH)
            self.pos += 4
            self.vlan = u16(tag, 0) & 0xFFF
            self.ethertype(u16(tag, 2), tags + 1)
        elif number == 0x8909:
            tag = self.need(8, Stop.LINK_CUT)
            if tags == MAX_TAGS:
                raise StoppedError(Stop.TUNNEL_DEPTH)
            self.pos += 8
            self.ethertype(u16(tag, 6), tags + 1)
        elif number in (0x0800, 0x86DD):
            self.ip_header(4 if number == 0x0800 else 6)
        elif number == 0x0806:
            raise StoppedError(Stop.ARP)
        elif number == 0x8864:
            self.pppoe()
        elif number in (0x8847, 0x8848):
            self.mpls()
        else:
            raise StoppedError(Stop.NOT_IP)

    def llc(self, tags: int = 0) -> None:
        dsap, ssap, control = self.need(3, Stop.LINK_CUT)
        if control != 3:
            raise StoppedError(Stop.NOT_IP)
        if (dsap, ssap) == (6, 6):
            self.pos += 3
            self.ip_header(4)
        elif (dsap, ssap) == (0xAA, 0xAA):
            header = self.take(8, Stop.LINK_CUT)
            if header[3:6] not in (b"\0\0\0", b"\0\0\xf8") or u16(header, 6) < 0x600:
                raise StoppedError(Stop.NOT_IP)
            self.ethertype(u16(header, 6), tags)
        else:
            raise StoppedError(Stop.NOT_IP)

    def ppp(self, cut: Stop, other: Stop) -> None:
        if self.content[self.pos : self.pos + 2] == b"\xff\x03":
            self.pos += 2
        number = self.need(1, cut)[0]
        if number % 2:
            self.pos += 1
        else:
            number = u16(self.take(2, cut), 0)
        if number in (0x21, 0x57):
            self.ip_header(4 if number == 0x21 else 6)
        elif number == 0x281:
            self.mpls()
        else:
            raise StoppedError(other)

    def pppoe(self) -> None:
        self.enter(Tunnel.PPPOE)
        if self.need(6, Stop.TUNNEL_CUT)[:2] != b"\x11\x00":
            raise StoppedError(Stop.TUNNEL_CUT)
        self.pos += 6
        self.ppp(Stop.TUNNEL_CUT, Stop.TUNNEL_PAYLOAD)

    def mpls(self) -> None:
        self.enter(Tunnel.MPLS)
        for count in range(MAX_LABELS + 1):
            label = self.need(4, Stop.TUNNEL_CUT)
            if count == MAX_LABELS:
                raise StoppedError(Stop.TUNNEL_DEPTH)
            self.pos += 4
            if label[2] & 1:
                break
        nibble = self.need(1, Stop.TUNNEL_CUT)[0] >> 4
        rest = self.content[self.pos :]
        if nibble in (4, 6):
            self.ip_header(nibble)
        elif (
            nibble == 0
            and len(rest) >= 18
            and u16(rest, 16) in BRIDGED
            and u16(rest, 12) not in TAGS
        ):
            self.pos += 4
            self.new_link(VLAN_NONE)
        elif len(rest) >= 14 and u16(rest, 12) in BRIDGED:
            self.new_link(VLAN_NONE)
        else:
            raise StoppedError(Stop.TUNNEL_PAYLOAD)

    def new_link(self, vlan: int) -> None:
        self.vlan = vlan
        self.ethernet()

    # IP

    def ip_header(self, version: int) -> None:
        nibble = self.need(1, Stop.IP_CUT)[0] >> 4
        if nibble not in (4, 6) or version not in (0, nibble):
            raise StoppedError(Stop.IP_VERSION)
        if nibble == 4:
            self.ipv4()
        else:
            self.ipv6()

    def ends_at(self, length: int) -> int:
        """Cut content and wire to a length from here; return the length that is believed."""
        room = self.wire - self.pos
        length = min(length, room)
        self.wire = self.pos + length
        self.content = self.content[: self.wire]
        return length

    def ipv4(self) -> None:
        header = self.need(20, Stop.IP_CUT)
        size = header[0] % 16 * 4
        length = min(u16(header, 2) or self.wire, self.wire - self.pos)
        if size < 20 or size > length:
            raise StoppedError(Stop.IP_CUT)
        self.need(size, Stop.IP_CUT)
        self.ends_at(length)
        word = u16(header, 6)
        offset, more = word & 0x1FFF, word & 0x2000
        self.ip = {
            "version": 4,
            "length": length,
            "ttl": header[8],
            "src": MAPPED + header[12:16],
            "dst": MAPPED + header[16:20],
            "protocol": header[9],
            "fragment_id": u16(header, 4),
            "place": (offset, bool(more)),
            "fragment": Fragment.LATER if offset else Fragment.FIRST if more else Fragment.WHOLE,
        }
        self.pos += size
        if self.ip["protocol"] == 51 and not offset:
            ah = self.need(8, Stop.EXTENSION_CUT)
            self.take((ah[1] + 2) * 4, Stop.EXTENSION_CUT)
            self.ip["protocol"] = ah[0]
        self.upper()

    def ipv6(self) -> None:
        header = self.need(40, Stop.IP_CUT)
        length = u16(header, 4)
        if length == 0 and header[6] != 59:
            length = self.wire
        length = self.ends_at(length + 40)
        self.pos += 40
        number, size, more = walk_extensions(self.content, self.pos, header[6])
        if number is None:
            raise StoppedError(Stop.EXTENSION_CUT)
        self.pos = size
        offset, is_more, fragment_id = more
        self.ip = {
            "version": 6,
            "length": length,
            "ttl": header[7],
            "src": header[8:24],
            "dst": header[24:40],
            "protocol": number,
            "fragment_id": fragment_id,
            "place": (offset, is_more),
            "fragment": Fragment.LATER if offset else Fragment.FIRST if is_more else Fragment.WHOLE,
        }
        self.upper()

    # What IP carries

    def upper(self) -> None:
        if self.ip["fragment"] == Fragment.LATER:
            return
        rest = self.content[self.pos :]
        protocol = self.ip["protocol"]
        if protocol in (4, 41):
            if holds_ip(rest, 4 if protocol == 4 else 6):
                self.enter(Tunnel.IPIP)
                self.ip_header(0)
        elif protocol == 47 and len(rest) >= 4:
            self.gre(rest)
        elif protocol == 17 and len(rest) >= 8:
            if u16(rest, 2) == self.geneve:
                self.geneve_header(rest)
            elif u16(rest, 2) in self.vxlan and len(rest) >= 16:
                self.vxlan_header(rest)

    def vxlan_header(self, rest: bytes) -> None:
        flags = rest[8]
        if not flags & 8 or flags & 0x73 or rest[15]:
            return
        number = 0x6558
        if flags & 4:
            number = {1: 0x0800, 2: 0x86DD, 3: 0x6558}.get(rest[11], 0)
        self.typed(rest, 16, number, Tunnel.VXLAN)

    def geneve_header(self, rest: bytes) -> None:
        if len(rest) < 16 or rest[8] >= 0x40:
            return
        at = 16 + rest[8] * 4
        self.typed(rest, at, u16(rest, 10), Tunnel.GENEVE)

    def typed(self, rest: bytes, at: int, number: int, tunnel: Tunnel) -> None:
        """Enter what a protocol type promises, if it is there."""
        inner = rest[at:]
        if number == 0x6558 and len(inner) >= 14:
            self.pos += at
            self.enter(tunnel)
            self.new_link(VLAN_NONE)
        elif number in (0x0800, 0x86DD) and holds_ip(inner, 4 if number == 0x0800 else 6):
            self.pos += at
            self.enter(tunnel)
            self.ip_header(0)
        elif number in (0x8847, 0x8848) and len(inner) >= 4:
            self.pos += at
            self.enter(tunnel)
            self.ethertype(number)

    def gre(self, rest: bytes) -> None:
        flags, number = u16(rest, 0), u16(rest, 2)
        if flags & 7:
            if flags & 7 == 1 and flags & 0xEF00 == 0x2000 and number == 0x880B:
                self.pptp(rest, 8 + 4 * bool(flags & 0x1000) + 4 * bool(flags & 0x80))
            return
        at = 4 + 4 * bool(flags & 0xC000) + 4 * bool(flags & 0x2000) + 4 * bool(flags & 0x1000)
        if flags & 0x4000:
            for entry in range(MAX_ROUTES + 1):
                if len(rest) < at + 4:
                    return
                is_end = u16(rest, at) == 0 and rest[at + 3] == 0
                if entry == MAX_ROUTES and not is_end:
                    return
                at += 4 + rest[at + 3]
                if is_end:
                    break
        if number == 0x88BE and not flags & 0x1000:
            if len(rest) >= at + 14:
                self.mirrored(at, Tunnel.ERSPAN1, 0)
        elif number == 0x88BE:
            if len(rest) >= at + 22 and rest[at] >> 4 == 1:
                self.mirrored(at + 8, Tunnel.ERSPAN2, u16(rest, at) & 0xFFF)
        elif number == 0x22EB:
            self.erspan3(rest, at)
        else:
            self.typed(rest, at, number, Tunnel.GRE)

    def pptp(self, rest: bytes, at: int) -> None:
        if rest[at : at + 2] == b"\xff\x03":
            at += 2
        if rest[at : at + 1] in (b"\x21", b"\x57"):
            number, at = rest[at], at + 1
        else:
            number, at = u16(rest, at), at + 2
        version = {0x21: 4, 0x57: 6}.get(number)
        if version and holds_ip(rest[at:], version):
            self.pos += at
            self.enter(Tunnel.GRE)
            self.ip_header(0)

    def erspan3(self, rest: bytes, at: int) -> None:
        if len(rest) < at + 12 or rest[at] >> 4 != 2:
            return
        vlan = u16(rest, at) & 0xFFF
        word = u16(rest, at + 10)
        at += 12 + 8 * (word & 1)
        frame_type = word >> 10 & 31
        if frame_type == 0 and len(rest) >= at + 14:
            self.mirrored(at, Tunnel.ERSPAN3, vlan)
        elif frame_type == 2 and holds_ip(rest[at:], 0):
            self.pos += at
            self.enter(Tunnel.ERSPAN3)
            self.ip_header(0)

    def mirrored(self, at: int, tunnel: Tunnel, vlan: int) -> None:
        self.pos += at
        self.enter(tunnel)
        self.new_link(vlan or VLAN_NONE)


def decode_one(
    content: bytes,
    *,
    link_type: int = 1,
    wire_len: int | None = None,
    vlan_tci: int = -1,
    vxlan_ports: Sequence[int] = (4789, 8472),
    geneve_port: int = 6081,
) -> dict[str, Any]:
    """Return the columns of one frame by name; addresses as 16 bytes `src` and `dst`.

    Beside the columns: `payload` (bytes), `quote` (tuple or None) and `copied`.
    `payload_off` counts from the start of the frame.
    """
    wire = len(content) if wire_len is None else wire_len
    frame = _Frame(content, wire, vlan_tci, vxlan_ports, geneve_port)
    row: dict[str, Any] = dict.fromkeys(
        [
            "ttl",
            "fragment",
            "fragment_id",
            "protocol",
            "src_port",
            "dst_port",
            "tcp_flags",
            "tcp_seq",
            "tcp_ack",
            "payload_off",
            "payload_wire",
        ],
        0,
    )
    row |= {"src": bytes(16), "dst": bytes(16), "payload": b"", "quote": None, "copied": None}
    row |= {"stop": 0, "is_copy_sure": False}
    blank = dict(row)
    try:
        frame.link(link_type)
        for name in ("ttl", "fragment", "fragment_id", "protocol", "src", "dst"):
            row[name] = frame.ip[name]
        fill_transport(frame.content, frame.pos, frame.wire, frame.ip, row)
    except StoppedError as error:
        row = blank | {"stop": error.stop}
    row["tunnel"] = frame.tunnel
    row["vlan"] = frame.vlan
    row["src_mac"], row["dst_mac"] = frame.macs
    row["wire_len"] = frame.frame_wire - frame.link_start
    return row
