"""Frames of a TPACKET_V3 block to columns: one pass over the headers that the kernel wrote.

The layout is that of ``struct tpacket3_hdr`` in linux/if_packet.h (in host byte order; every
processor that Numba compiles for is little-endian). Packet bytes stay where the kernel put them.
"""

from monitor.model.arrays import I32, I64, U8, U32
from monitor.model.jit import kernel
from monitor.model.loads import load_u16_le, load_u32_le

NEXT_OFFSET = 0
SECONDS = 4
NANOSECONDS = 8
CAPTURED = 12
LENGTH = 16
STATUS = 20
MAC_OFFSET = 24
VLAN_TCI = 32
HEADER_BYTES = 48
"""Of ``struct tpacket3_hdr``; what the kernel fills in lies before."""

VLAN_VALID = 1 << 4
"""TP_STATUS_VLAN_VALID: a tag was taken out of the frame, and `VLAN_TCI` holds it."""

TAG_BYTES = 4
"""What a tag that the kernel took out was on the wire."""


@kernel
def scan_block(
    data: U8,
    first: int,
    end: int,
    count: int,
    off: I64,
    cap_len: U32,
    wire_len: U32,
    ts_ns: I64,
    vlan_tci: I32,
) -> int:
    """Write one row for each frame of a block.

    Args:
        data: The ring.
        first: Position of the first frame header in `data`.
        end: Position behind the block.
        count: Frames that the block says it has; the columns have as many rows or more.
        off: Gets the position of the frame's bytes in `data`, as the other columns get theirs.
        cap_len: Captured bytes.
        wire_len: Bytes on the wire, with the tag that the kernel took out.
        ts_ns: Time of arrival.
        vlan_tci: The tag, or -1.

    Returns:
        Rows written: fewer than `count` only where the block contradicts itself.
    """
    at = first
    row = 0
    while row < count:
        # Bounds: every load below lies within the header, which lies within the block.
        if at + HEADER_BYTES > end:
            break
        captured = load_u32_le(data, at + CAPTURED)
        begin = at + load_u16_le(data, at + MAC_OFFSET)
        if begin + captured > end:
            break
        length = load_u32_le(data, at + LENGTH)
        tag = -1
        if load_u32_le(data, at + STATUS) & VLAN_VALID:
            tag = load_u32_le(data, at + VLAN_TCI) & 0xFFFF
            length += TAG_BYTES
        off[row] = begin
        cap_len[row] = captured
        wire_len[row] = length
        ts_ns[row] = load_u32_le(data, at + SECONDS) * 1_000_000_000 + load_u32_le(
            data, at + NANOSECONDS
        )
        vlan_tci[row] = tag
        row += 1
        step = load_u32_le(data, at + NEXT_OFFSET)
        if step == 0:
            break
        at += step
    return row
