"""A scene: hosts on one network, seen from a mirror port, and the frames they exchange."""

import dataclasses
import datetime as dt
import ipaddress
import struct
from pathlib import Path

from pcaps.make import wire


@dataclasses.dataclass(frozen=True)
class Host:
    """One end of a conversation."""

    ip: str
    mac: str = ""
    """Empty: the host lies behind the gateway."""

    ttl: int = 64
    """TTL or hop limit as it is seen at the mirror port."""

    stack: str = "linux"
    """Shape of the TCP options: ``linux``, ``windows`` or ``lwip``."""

    @property
    def is_group(self) -> bool:
        """Whether this is a multicast or broadcast address."""
        address = ipaddress.ip_address(self.ip)
        return address.is_multicast or self.ip.endswith(".255")


def server(ip: str, ttl: int = 48) -> Host:
    """Return a host on the Internet; `ttl` is what is left of 64 after the way."""
    return Host(ip, "", ttl)


def group(ip: str) -> Host:
    """Return a multicast or broadcast address."""
    return Host(ip, wire.group_mac(ip))


class Scene:
    """Collects frames in any order and writes them in the order of time."""

    def __init__(self, name: str, start: str, gateway: Host, *, vlan: int | None = None) -> None:
        self.name = name
        self.gateway = gateway
        self.vlan = vlan
        self.snap_length = 65535
        self.is_doubled = False
        moment = dt.datetime.fromisoformat(start).replace(tzinfo=dt.UTC)
        self.start_us = int(moment.timestamp()) * 1_000_000
        self.frames: list[tuple[int, bytes]] = []
        self._idents: dict[tuple[str, str, int], int] = {}
        self._drawn = 0

    def jitter(self) -> float:
        """Return the next number in [0, 1) of this scene."""
        self._drawn += 1
        return wire.number(f"{self.name}/jitter/{self._drawn}", 32) / 2**32

    def port(self) -> int:
        """Return an ephemeral port."""
        return 32768 + int(self.jitter() * 28000)

    def _frame(self, at: float, macs: tuple[str, str], ethertype: int, payload: bytes) -> None:
        frame = wire.ethernet(macs[0], macs[1], ethertype, payload, self.vlan)
        time_us = self.start_us + round(at * 1e6)
        self.frames.append((time_us, frame))
        if self.is_doubled:
            self.frames.append((time_us + 9 + int(self.jitter() * 30), frame))

    def _hop(self, host: Host) -> str:
        return host.mac or self.gateway.mac

    def ip(self, at: float, ends: tuple[Host, Host], protocol: int, payload: bytes) -> bytes:
        """Send one IP packet; gives it back for an ICMP error that quotes it."""
        src, dst = ends
        pair = (src.ip, dst.ip)
        if ":" in src.ip:
            packet = wire.ipv6(pair, protocol, payload, hops=src.ttl)
            kind = wire.ETHERTYPE_IPV6
        else:
            key = (src.ip, dst.ip, protocol)
            ident = self._idents.get(key, wire.number(f"{self.name}/{key}", 16))
            self._idents[key] = ident + 1
            packet = wire.ipv4(pair, protocol, payload, ttl=src.ttl, ident=ident)
            kind = wire.ETHERTYPE_IPV4
        self._frame(at, (self._hop(src), self._hop(dst)), kind, packet)
        return packet

    def udp(self, at: float, ends: tuple[Host, Host], ports: tuple[int, int], data: bytes) -> bytes:
        """Send one UDP datagram."""
        datagram = wire.udp((ends[0].ip, ends[1].ip), ports, data)
        return self.ip(at, ends, wire.UDP, datagram)

    def ask(
        self,
        at: float,
        ends: tuple[Host, Host],
        ports: tuple[int, int],
        messages: tuple[bytes, bytes],
        rtt: float = 0.02,
    ) -> float:
        """Send one datagram and its answer; gives the time of the answer."""
        self.udp(at, ends, ports, messages[0])
        answered = at + rtt * (0.9 + 0.4 * self.jitter())
        self.udp(answered, (ends[1], ends[0]), (ports[1], ports[0]), messages[1])
        return answered

    def arp(self, at: float, asker: Host, asked: Host) -> None:
        """Let `asker` find the MAC of `asked`."""
        nobody = "00:00:00:00:00:00"
        request = wire.arp(1, (asker.mac, asker.ip), (nobody, asked.ip))
        reply = wire.arp(2, (asked.mac, asked.ip), (asker.mac, asker.ip))
        self._frame(at, (asker.mac, wire.BROADCAST), wire.ETHERTYPE_ARP, request)
        self._frame(at + 0.0004, (asked.mac, asker.mac), wire.ETHERTYPE_ARP, reply)

    def ping(self, at: float, ends: tuple[Host, Host], sequence: int, rtt: float = 0.0006) -> None:
        """Send an echo request and its answer (RFC 792)."""
        ident = wire.number(f"{self.name}/ping/{ends}", 16)
        body = bytes(range(56))
        for delay, kind, pair in ((0.0, 8, ends), (rtt, 0, (ends[1], ends[0]))):
            message = wire.icmp(kind, 0, struct.pack(">HH", ident, sequence), body)
            self.ip(at + delay, pair, wire.ICMP, message)

    def prohibit(self, at: float, packet: bytes, sender: Host) -> None:
        """Answer a packet with ICMP communication administratively prohibited (RFC 1812)."""
        message = wire.icmp(3, 13, b"\0\0\0\0", packet[:28])
        self.ip(at, (self.gateway, sender), wire.ICMP, message)

    def neighbour(self, at: float, asker: Host, asked: Host) -> None:
        """Let `asker` find the MAC of `asked` over IPv6 (RFC 4861)."""
        target = wire.packed(asked.ip)
        tail = ":".join((target[13:14].hex(), target[14:].hex()))
        solicited = group(str(ipaddress.ip_address(f"ff02::1:ff{tail}")))
        body = b"\0\0\0\0" + target + b"\x01\x01" + wire.mac_bytes(asker.mac)
        ask = dataclasses.replace(asker, ttl=255)
        pair = (asker.ip, solicited.ip)
        self.ip(at, (ask, solicited), wire.ICMPV6, wire.icmpv6(pair, 135, 0, body))
        body = b"\x60\0\0\0" + target + b"\x02\x01" + wire.mac_bytes(asked.mac)
        back = dataclasses.replace(asked, ttl=255)
        pair = (asked.ip, asker.ip)
        self.ip(at + 0.0005, (back, asker), wire.ICMPV6, wire.icmpv6(pair, 136, 0, body))

    def write(self, folder: Path) -> None:
        """Write ``input.pcap``; frames of one microsecond keep the order they were sent in."""
        folder.mkdir(parents=True, exist_ok=True)
        ordered = sorted(self.frames, key=lambda frame: frame[0])
        wire.write_pcap(folder / "input.pcap", ordered, self.snap_length)
