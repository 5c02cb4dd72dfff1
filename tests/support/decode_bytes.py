"""Headers as bytes, for tests of the decode stage that say each field themselves."""

import ipaddress
import struct

CAMERA_MAC, GATEWAY_MAC = 0x2857BE000001, 0x020000000002
CAMERA, CLOUD = "10.20.0.2", "45.1.2.3"
CAMERA6, CLOUD6 = "fd00::2", "2001:db8::3"
SWITCH, SENSOR = "192.0.2.1", "192.0.2.2"


def ether(kind: int, rest: bytes, *, src: int = CAMERA_MAC, dst: int = GATEWAY_MAC) -> bytes:
    return dst.to_bytes(6, "big") + src.to_bytes(6, "big") + struct.pack("!H", kind) + rest


def tag(vlan: int, kind: int, rest: bytes) -> bytes:
    """What stands behind the EtherType of a tag: TCI (priority 5), next EtherType, the rest."""
    return struct.pack("!HH", 5 << 13 | vlan, kind) + rest


def ipv4(
    protocol: int,
    rest: bytes,
    *,
    src: str = CAMERA,
    dst: str = CLOUD,
    length: int | None = None,
    ident: int = 7,
    place: int = 0,
    ttl: int = 64,
    options: bytes = b"",
) -> bytes:
    """An IPv4 packet; `place` is the word of flags and fragment offset. The checksum is 0."""
    size = 20 + len(options)
    total = size + len(rest) if length is None else length
    header = struct.pack("!BBHHHBBH", 0x40 | size // 4, 0, total, ident, place, ttl, protocol, 0)
    addresses = ipaddress.IPv4Address(src).packed + ipaddress.IPv4Address(dst).packed
    return header + addresses + options + rest


def ipv6(
    protocol: int,
    rest: bytes,
    *,
    src: str = CAMERA6,
    dst: str = CLOUD6,
    length: int | None = None,
    hops: int = 64,
) -> bytes:
    header = struct.pack("!IHBB", 6 << 28, len(rest) if length is None else length, protocol, hops)
    return header + ipaddress.IPv6Address(src).packed + ipaddress.IPv6Address(dst).packed + rest


def udp(rest: bytes = b"", *, src: int = 5000, dst: int = 53, length: int | None = None) -> bytes:
    return struct.pack("!HHHH", src, dst, 8 + len(rest) if length is None else length, 0) + rest


def tcp(rest: bytes = b"", *, flags: int = 0x18, words: int = 5, options: bytes = b"") -> bytes:
    """A TCP segment 40000 -> 443; `words` is the data offset that it claims."""
    header = struct.pack("!HHIIBBHHH", 40000, 443, 1000, 2000, words << 4, flags, 8192, 0, 0)
    return header + options + rest
