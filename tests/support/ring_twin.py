"""TPACKET_V3 blocks, written and read slowly, from the description in linux/if_packet.h."""

import struct
from typing import NamedTuple

VLAN_VALID = 0x10


class Arrived(NamedTuple):
    """A frame as the kernel puts it into a block."""

    payload: bytes
    wire_len: int
    seconds: int
    nanoseconds: int
    tag: int | None
    gap: int
    """Bytes between header and frame, beyond what the kernel needs."""


class Row(NamedTuple):
    """A frame as a scan gives it."""

    off: int
    cap_len: int
    wire_len: int
    ts_ns: int
    vlan_tci: int


def block(frames: list[Arrived], first: int) -> bytes:
    """The bytes of a block whose first frame header is at `first`."""
    made = bytearray(first)
    for number, item in enumerate(frames):
        mac = 48 + 20 + item.gap
        size = (mac + len(item.payload) + 15) // 16 * 16
        is_last = number == len(frames) - 1
        head = struct.pack(
            "=IIIIIIHHIIHH",
            0 if is_last else size,
            item.seconds,
            item.nanoseconds,
            len(item.payload),
            item.wire_len,
            0x01 | (0 if item.tag is None else VLAN_VALID),
            mac,
            mac + 14,
            0xDEADBEEF,
            0xFFFF if item.tag is None else item.tag,
            0x8100,
            0,
        )
        made += (head + bytes(mac - len(head)) + item.payload).ljust(size, b"\xee")
    return bytes(made)


def scan(data: bytes, first: int, end: int, count: int) -> list[Row]:
    """The rows of a block, one header after the other."""
    rows: list[Row] = []
    at = first
    while len(rows) < count and at + 48 <= end:
        step, seconds, nanoseconds, captured, length, status = struct.unpack_from("=6I", data, at)
        (mac,) = struct.unpack_from("=H", data, at + 24)
        (tag,) = struct.unpack_from("=I", data, at + 32)
        if at + mac + captured > end:
            break
        has_tag = bool(status & VLAN_VALID)
        rows.append(
            Row(
                at + mac,
                captured,
                length + (4 if has_tag else 0),
                seconds * 10**9 + nanoseconds,
                tag & 0xFFFF if has_tag else -1,
            )
        )
        if step == 0:
            break
        at += step
    return rows
