"""The slow decode twin from the IP header on: extension headers, transport, quotes."""

import struct
from typing import Any

from monitor.model.words import Fragment, Stop

MAX_EXTENSIONS = 16
ICMP_ERRORS = {1: {3, 4, 5, 11, 12}, 58: {1, 2, 3, 4}}
MAPPED = bytes(10) + b"\xff\xff"


class StoppedError(Exception):
    def __init__(self, stop: Stop) -> None:
        self.stop = stop


def u16(content: bytes, off: int) -> int:
    return int.from_bytes(content[off : off + 2], "big")


def u32(content: bytes, off: int) -> int:
    return int.from_bytes(content[off : off + 4], "big")


def holds_ip(content: bytes, version: int) -> bool:
    if not content:
        return False
    nibble = content[0] >> 4
    return (
        nibble in (4, 6) and version in (0, nibble) and len(content) >= (20 if nibble == 4 else 40)
    )


def walk_extensions(
    content: bytes, pos: int, number: int
) -> tuple[int | None, int, tuple[int, bool, int]]:
    """Return (upper-layer protocol or None, its position, (offset, more, id) of the fragment)."""
    place = (0, False, 0)
    headers = 0
    while number in (0, 43, 44, 51, 60, 135, 139, 140):
        header = content[pos : pos + 8]
        if len(header) < 8 or headers == MAX_EXTENSIONS:
            return None, pos, place
        headers += 1
        if number == 44:
            word = u16(header, 2)
            place = (word >> 3, bool(word & 1), u32(header, 4))
            pos += 8
            number = header[0]
            if place[0]:
                return number, pos, place
            continue
        pos += (header[1] + 2) * 4 if number == 51 else (header[1] + 1) * 8
        number = header[0]
    if pos > len(content):
        return None, pos, place
    return number, pos, place


def read_quote(content: bytes, version: int) -> tuple[int, bytes, bytes, int, int] | None:
    """Return (protocol, source, destination, ports) of the packet that an ICMP error quotes."""
    if version == 4:
        if len(content) < 20 or content[0] >> 4 != 4 or content[0] % 16 < 5:
            return None
        protocol, is_later = content[9], bool(u16(content, 6) & 0x1FFF)
        src, dst = MAPPED + content[12:16], MAPPED + content[16:20]
        at = content[0] % 16 * 4
    else:
        if len(content) < 40 or content[0] >> 4 != 6:
            return None
        src, dst = content[8:24], content[24:40]
        number, at, place = walk_extensions(content, 40, content[6])
        if number is None:
            return None
        protocol, is_later = number, place[0] > 0
    ports = (0, 0)
    rest = content[at:]
    if protocol in (6, 17):
        if is_later or len(rest) < 4:
            return None
        ports = (u16(rest, 0), u16(rest, 2))
    elif protocol in (1, 58):
        if is_later or len(rest) < 2:
            return None
        ports = (rest[0], rest[1])
    return protocol, src, dst, *ports


def fill_transport(
    content: bytes, pos: int, wire_len: int, ip: dict[str, Any], row: dict[str, Any]
) -> None:
    """Fill the transport columns of a row; `pos` is behind the last IP header."""
    rest, wire = content[pos:], wire_len - pos
    protocol = row["protocol"]
    head, wire_end = 0, wire
    if row["fragment"] == Fragment.LATER:
        pass
    elif protocol == 6:
        if len(rest) < 4:
            raise StoppedError(Stop.TRANSPORT_CUT)
        row["src_port"], row["dst_port"] = struct.unpack_from("!HH", rest)
        if len(rest) >= 14:
            row["tcp_seq"], row["tcp_ack"], _, row["tcp_flags"] = struct.unpack_from(
                "!IIBB", rest, 4
            )
        size = (rest[12] >> 4) * 4 if len(rest) >= 13 else 0
        head = size if 20 <= size <= wire else wire
    elif protocol == 17:
        if len(rest) < 4:
            raise StoppedError(Stop.TRANSPORT_CUT)
        row["src_port"], row["dst_port"] = struct.unpack_from("!HH", rest)
        head = 8
        if len(rest) >= 6 and 8 <= u16(rest, 4) <= wire:
            wire_end = u16(rest, 4)
    elif protocol in (1, 58):
        if len(rest) < 2:
            raise StoppedError(Stop.TRANSPORT_CUT)
        row["src_port"], row["dst_port"] = rest[0], rest[1]
        head = 8
        if rest[0] in ICMP_ERRORS[protocol]:
            row["quote"] = read_quote(rest[8:], 4 if protocol == 1 else 6)
    payload = rest[head:wire_end] if wire_end > head else b""
    row["payload"] = payload
    row["payload_off"] = pos + min(head, len(rest))
    row["payload_wire"] = max(wire_end - head, 0)
    row["is_copy_sure"] = row["fragment_id"] != 0 or payload != b""
    row["copied"] = (
        row["src"],
        row["dst"],
        protocol,
        row["fragment_id"],
        ip["place"],
        ip["length"],
        rest[: min(head, len(rest))] + payload[:64],
    )
