"""Record headers to columns: one pass over a buffer of classic pcap or of pcapng bytes.

The kernels read headers only; packet bytes stay where the read put them. Each one stops before
the first byte that it cannot account for, and says why with one of the numbers below. Positions
are int64 throughout, because int64 and uint64 together would make floats.
"""

import numpy as np

from monitor.model.arrays import I64, U8, U16, U32, U64
from monitor.model.jit import kernel, prefetch
from monitor.model.loads import load_u16_be, load_u16_le, load_u32_be, load_u32_le

MORE = 0
"""The buffer ends inside the record at `pos`; `need` bytes from `pos` on let the scan go on."""

FULL = 1
"""The columns are full."""

HEADER_BLOCK = 2
"""pcapng: a section header or an interface description stands at `pos`."""

LONG_RECORD = 3
"""The captured length at `pos`, which is `need`, is more than `MAX_CAPTURED`."""

BLOCK_LENGTH = 4
"""pcapng: the block length at `pos`, which is `need`, is not a multiple of 4, or out of bounds."""

BLOCK_TRAILER = 5
"""pcapng: the length at the end of the block, which is `need`, is not the one at its start."""

BLOCK_SHORT = 6
"""pcapng: the block at `pos` is too short for its type, or for its `need` captured bytes."""

NO_INTERFACE = 7
"""pcapng: the block at `pos` belongs to interface `need`, which is not described."""

AHEAD = 6
"""Records by which memory is asked for ahead."""

MAX_CAPTURED = 262144
"""Longest packet, bytes: what libpcap calls MAXIMUM_SNAPLEN, and Wireshark's bound as well."""

MAX_BLOCK = 16 * 1024 * 1024
"""Longest pcapng block, bytes: the bound that Wireshark sets."""

SWAP_NEVER = 0
SWAP_LONGER = 1
"""pcap 2.3: the two lengths were exchanged by some writers; the captured one is not the longer."""

SWAP_ALWAYS = 2
"""pcap before 2.3: the length on the wire comes first."""

UNIT_TIMES = 0
"""A tick is `factor` nanoseconds."""

UNIT_PARTS = 1
"""`factor` ticks are a nanosecond; 0 stands for more than 64 bits can count."""

UNIT_SHIFT = 2
"""2 to the power `factor` ticks are a second."""

WIRE_BYTES = 0
CAPTURED_BYTES = 1
FIRST_NS = 2
LAST_NS = 3
TOTALS = 4
"""Entries of `totals`, which every scan adds to: sums of lengths, earliest and latest time."""

LATEST_NS = 2**63 - 1
"""A time that int64 nanoseconds cannot hold, after 2262, is given as this one."""

_SECTION = 0x0A0D0D0A
_INTERFACE = 1
_PACKET = 2
_SIMPLE = 3
_ENHANCED = 6
_SECOND = np.uint64(1_000_000_000)
_LATEST = np.uint64(LATEST_NS)
_U32 = np.uint64(32)
_U31_BIT = np.uint64(1 << 31)
_U32_MASK = np.uint64(0xFFFFFFFF)


@kernel
def _u32(data: U8, at: int, swapped: bool) -> int:
    return load_u32_be(data, at) if swapped else load_u32_le(data, at)


@kernel
def _u16(data: U8, at: int, swapped: bool) -> int:
    return load_u16_be(data, at) if swapped else load_u16_le(data, at)


@kernel
def scan_pcap(
    data: U8,
    pos: int,
    end: int,
    swapped: bool,
    header_len: int,
    frac_ns: int,
    swap_lengths: int,
    fcs_len: int,
    first_no: int,
    off: I64,
    cap_len: U32,
    wire_len: U32,
    ts_ns: I64,
    frame_no: U64,
    totals: I64,
) -> tuple[int, int, int, int]:
    """Scan the packet records of a classic pcap file.

    Args:
        data: The buffer.
        pos: First byte of a record header in `data`.
        end: First byte behind the valid ones.
        swapped: The file is big-endian.
        header_len: Bytes of a record header: 16, or 24 in the modified format.
        frac_ns: Nanoseconds in a unit of the second time field.
        swap_lengths: One of `SWAP_NEVER`, `SWAP_LONGER`, `SWAP_ALWAYS`.
        fcs_len: Bytes of the frame check sequence that end every frame; they are left out.
        first_no: Frame number of the first record.
        off: Column to fill, like the four that follow; its length bounds the scan.
        cap_len: Column to fill.
        wire_len: Column to fill.
        ts_ns: Column to fill.
        frame_no: Column to fill.
        totals: Running totals to add to, shape (TOTALS,).

    Returns:
        (position of the first record not taken, rows filled, reason, need).

    Source:
        draft-ietf-opsawg-pcap, sections 4 and 5.
    """
    rows = len(off)
    n = 0
    wire_sum = captured_sum = 0
    first, last = totals[FIRST_NS], totals[LAST_NS]
    status, need = MORE, header_len
    # Every access below lies in [pos, pos + header_len), which the loop bounds by `end`.
    while pos + header_len <= end:
        if n == rows:
            status = FULL
            break
        captured = _u32(data, pos + 8, swapped)
        wire = _u32(data, pos + 12, swapped)
        # Where a record begins is known only from the one before; streams have many of one size.
        prefetch(data, pos + AHEAD * (header_len + captured), 0)
        if swap_lengths == SWAP_ALWAYS or (swap_lengths == SWAP_LONGER and captured > wire):
            captured, wire = wire, captured
        if captured > MAX_CAPTURED:
            status, need = LONG_RECORD, captured
            break
        following = pos + header_len + captured
        if following > end:
            need = header_len + captured
            break
        if fcs_len > 0:
            wire = max(wire - fcs_len, 0)
            captured = min(captured, wire)
        time = _u32(data, pos, swapped) * 1_000_000_000 + _u32(data, pos + 4, swapped) * frac_ns
        off[n] = pos + header_len
        cap_len[n] = captured
        wire_len[n] = wire
        ts_ns[n] = time
        frame_no[n] = first_no + n
        wire_sum += wire
        captured_sum += captured
        first = min(first, time)
        last = max(last, time)
        n += 1
        pos = following
    totals[WIRE_BYTES] += wire_sum
    totals[CAPTURED_BYTES] += captured_sum
    totals[FIRST_NS], totals[LAST_NS] = first, last
    return pos, n, status, need


@kernel
def _to_ns(high: int, low: int, unit: int, factor: int, offset_ns: int) -> int:
    """Turn a pcapng time into nanoseconds since 1970, at most `LATEST_NS`."""
    ticks = (np.uint64(high) << _U32) | np.uint64(low)
    parts = np.uint64(factor)
    if unit == UNIT_TIMES:
        # In two halves, for a division to bound `ticks` would cost more than all the rest. Where
        # the upper half of the product stays below 2^31, the whole stays below 2^64.
        upper = np.uint64(high) * parts
        ns = (upper << _U32) + np.uint64(low) * parts if upper < _U31_BIT else _LATEST
    elif unit == UNIT_PARTS:
        ns = np.uint64(0) if parts == np.uint64(0) else ticks // parts
    else:
        second = ticks >> parts if factor < 64 else np.uint64(0)
        rest = ticks - (second << parts) if factor < 64 else ticks
        # rest * 10^9 in two halves of 32 bits, so that nothing is lost above 64.
        if factor < 32:
            ns = (rest * _SECOND) >> parts
        else:
            upper = (rest >> _U32) * _SECOND + (((rest & _U32_MASK) * _SECOND) >> _U32)
            ns = upper >> (parts - _U32) if factor < 96 else np.uint64(0)
        whole = second * _SECOND + ns
        ns = _LATEST if second > np.uint64(9_223_372_036) else whole
    near = np.int64(min(ns, _LATEST))
    if offset_ns > 0 and near > LATEST_NS - offset_ns:
        return LATEST_NS
    return int(near + offset_ns)


@kernel
def scan_pcapng(
    data: U8,
    pos: int,
    end: int,
    swapped: bool,
    interfaces: int,
    link: U16,
    unit: U8,
    factor: U64,
    offset_ns: I64,
    snap_len: I64,
    first_no: int,
    before_ns: int,
    n: int,
    off: I64,
    cap_len: U32,
    wire_len: U32,
    ts_ns: I64,
    link_type: U16,
    frame_no: U64,
    totals: I64,
) -> tuple[int, int, int, int, int]:
    """Scan the blocks of a pcapng section, passing over those that hold no packet.

    Args:
        data: The buffer.
        pos: First byte of a block in `data`.
        end: First byte behind the valid ones.
        swapped: The section is big-endian.
        interfaces: How many interfaces the section has described so far.
        link: Link type of each interface, like the four that follow.
        unit: How the interface counts time: one of the ``UNIT_`` numbers.
        factor: The number that belongs to `unit`.
        offset_ns: What is added to every time.
        snap_len: Snap length, 0 for none.
        first_no: Frame number of row 0.
        before_ns: Time for simple packets, which carry none: that of the frame before.
        n: Row to go on with.
        off: Column to fill, like the five that follow; its length bounds the scan.
        cap_len: Column to fill.
        wire_len: Column to fill.
        ts_ns: Column to fill.
        link_type: Column to fill.
        frame_no: Column to fill.
        totals: Running totals to add to, shape (TOTALS,).

    Returns:
        (position of the first block not taken, rows filled, reason, need, time of the last frame).

    Source:
        draft-ietf-opsawg-pcapng, sections 3.1 and 4; section 4 of its appendix for block type 2.
    """
    rows = len(off)
    wire_sum = captured_sum = 0
    first, last = totals[FIRST_NS], totals[LAST_NS]
    status, need = MORE, 12
    # A block is looked into only when all of it, `length` >= 12 bytes, lies before `end`; fields
    # beyond byte 12 are read where `length` was found long enough for the block's type.
    while pos + 12 <= end:
        kind = _u32(data, pos, swapped)
        if kind in (_SECTION, _INTERFACE):
            status = HEADER_BLOCK
            break
        length = _u32(data, pos + 4, swapped)
        if length < 12 or length > MAX_BLOCK or length % 4 != 0:
            status, need = BLOCK_LENGTH, length
            break
        if pos + length > end:
            need = length
            break
        trailer = _u32(data, pos + length - 4, swapped)
        if trailer != length:
            status, need = BLOCK_TRAILER, trailer
            break
        if kind not in (_ENHANCED, _PACKET, _SIMPLE):
            pos += length
            continue
        if n == rows:
            status = FULL
            break
        interface = 0
        if kind == _SIMPLE:
            room, at = length - 16, pos + 12
            wire = _u32(data, pos + 8, swapped) if room >= 0 else 0
            captured = wire
        else:
            room, at = length - 32, pos + 28
            wire = captured = 0
            if room >= 0:
                captured = _u32(data, pos + 20, swapped)
                wire = _u32(data, pos + 24, swapped)
                if kind == _ENHANCED:
                    interface = _u32(data, pos + 8, swapped)
                else:
                    interface = _u16(data, pos + 8, swapped)
        if room < 0:
            status, need = BLOCK_SHORT, 0
            break
        if interface >= interfaces:
            status, need = NO_INTERFACE, interface
            break
        if kind == _SIMPLE and snap_len[0] > 0:
            captured = min(captured, snap_len[0])
        if captured > MAX_CAPTURED:
            status, need = LONG_RECORD, captured
            break
        if captured > room:
            status, need = BLOCK_SHORT, captured
            break
        if kind != _SIMPLE:
            before_ns = _to_ns(
                _u32(data, pos + 12, swapped),
                _u32(data, pos + 16, swapped),
                unit[interface],
                factor[interface],
                offset_ns[interface],
            )
            first = min(first, before_ns)
            last = max(last, before_ns)
        off[n] = at
        cap_len[n] = captured
        wire_len[n] = wire
        ts_ns[n] = before_ns
        link_type[n] = link[interface]
        frame_no[n] = first_no + n
        wire_sum += wire
        captured_sum += captured
        n += 1
        pos += length
    totals[WIRE_BYTES] += wire_sum
    totals[CAPTURED_BYTES] += captured_sum
    totals[FIRST_NS], totals[LAST_NS] = first, last
    return pos, n, status, need, before_ns
