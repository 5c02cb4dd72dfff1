"""Headers on the wire: Ethernet, 802.1Q, ARP, IPv4, IPv6, UDP, ICMP and the pcap file around them."""

import hashlib
import ipaddress
import struct
from collections.abc import Iterable
from pathlib import Path

ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58
ETHERTYPE_IPV4, ETHERTYPE_ARP, ETHERTYPE_VLAN, ETHERTYPE_IPV6 = 0x0800, 0x0806, 0x8100, 0x86DD
BROADCAST = "ff:ff:ff:ff:ff:ff"
SHORTEST = 60
"""Shortest Ethernet frame without its check sequence; senders fill up with zeros."""


def noise(label: str, length: int) -> bytes:
    """Return bytes that look encrypted and are the same for the same label."""
    blocks = (length + 31) // 32
    stream = b"".join(
        hashlib.sha256(label.encode() + struct.pack(">I", block)).digest()
        for block in range(blocks)
    )
    return stream[:length]


def number(label: str, bits: int) -> int:
    """Return an unsigned number of `bits` bits that belongs to a label."""
    return int.from_bytes(noise(label, 8)) >> (64 - bits)


def checksum(data: bytes) -> int:
    """Return the Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def mac_bytes(mac: str) -> bytes:
    """Return the six bytes of a MAC address written with colons."""
    return bytes.fromhex(mac.replace(":", ""))


def packed(ip: str) -> bytes:
    """Return the bytes of an IPv4 or IPv6 address."""
    return ipaddress.ip_address(ip).packed


def group_mac(ip: str) -> str:
    """Return the MAC that a multicast or broadcast address is sent to (RFC 1112, RFC 2464)."""
    raw = packed(ip)
    if len(raw) == 16:
        six = b"\x33\x33" + raw[12:]
    elif raw[0] >> 4 == 0xE:
        six = b"\x01\x00\x5e" + bytes((raw[1] & 0x7F,)) + raw[2:]
    else:
        return BROADCAST
    return six.hex(":")


def ethernet(src: str, dst: str, ethertype: int, payload: bytes, vlan: int | None = None) -> bytes:
    """Return a frame, tagged where `vlan` is given, filled up to the shortest length."""
    tag = b"" if vlan is None else struct.pack(">HH", ETHERTYPE_VLAN, vlan)
    frame = mac_bytes(dst) + mac_bytes(src) + tag + struct.pack(">H", ethertype) + payload
    return frame.ljust(SHORTEST + len(tag), b"\0")


def arp(operation: int, sender: tuple[str, str], target: tuple[str, str]) -> bytes:
    """Return an ARP body; `sender` and `target` are (MAC, IPv4 address)."""
    return (
        struct.pack(">HHBBH", 1, ETHERTYPE_IPV4, 6, 4, operation)
        + mac_bytes(sender[0])
        + packed(sender[1])
        + mac_bytes(target[0])
        + packed(target[1])
    )


def ipv4(
    ends: tuple[str, str], protocol: int, payload: bytes, *, ttl: int, ident: int, tos: int = 0
) -> bytes:
    """Return an IPv4 packet that may not be fragmented."""
    head = struct.pack(
        ">BBHHHBBH", 0x45, tos, 20 + len(payload), ident & 0xFFFF, 0x4000, ttl, protocol, 0
    )
    head += packed(ends[0]) + packed(ends[1])
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def ipv6(ends: tuple[str, str], protocol: int, payload: bytes, *, hops: int) -> bytes:
    """Return an IPv6 packet without extension headers."""
    head = struct.pack(">IHBB", 6 << 28, len(payload), protocol, hops)
    return head + packed(ends[0]) + packed(ends[1]) + payload


def sealed(ends: tuple[str, str], protocol: int, segment: bytes, at: int) -> bytes:
    """Return a TCP, UDP or ICMPv6 segment with its checksum, pseudo-header included, at byte `at`."""
    src, dst = packed(ends[0]), packed(ends[1])
    if len(src) == 4:
        pseudo = src + dst + struct.pack(">BBH", 0, protocol, len(segment))
    else:
        pseudo = src + dst + struct.pack(">IHBB", len(segment), 0, 0, protocol)
    value = checksum(pseudo + segment)
    if protocol == UDP and value == 0:
        value = 0xFFFF
    return segment[:at] + struct.pack(">H", value) + segment[at + 2 :]


def udp(ends: tuple[str, str], ports: tuple[int, int], payload: bytes) -> bytes:
    """Return a UDP datagram with its checksum."""
    head = struct.pack(">HHHH", *ports, 8 + len(payload), 0)
    return sealed(ends, UDP, head + payload, 6)


def icmp(kind: int, code: int, rest: bytes, payload: bytes) -> bytes:
    """Return an ICMP message; `rest` are the four bytes behind the checksum."""
    message = struct.pack(">BBH", kind, code, 0) + rest + payload
    return message[:2] + struct.pack(">H", checksum(message)) + message[4:]


def icmpv6(ends: tuple[str, str], kind: int, code: int, body: bytes) -> bytes:
    """Return an ICMPv6 message with its checksum."""
    return sealed(ends, ICMPV6, struct.pack(">BBH", kind, code, 0) + body, 2)


def write_pcap(path: Path, frames: Iterable[tuple[int, bytes]], snap_length: int) -> None:
    """Write frames, (microseconds since 1970, bytes), as a little-endian microsecond pcap."""
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, snap_length, 1))
        for time_us, frame in frames:
            kept = frame[:snap_length]
            stamp = divmod(time_us, 1_000_000)
            file.write(struct.pack("<IIII", *stamp, len(kept), len(frame)) + kept)
