"""Slow scalar twins of the scan and merge kernels, written from the format descriptions."""

import struct
from typing import NamedTuple

MORE, FULL, HEADER, LONG, LENGTH, TRAILER, SHORT, NO_INTERFACE = range(8)
LATEST = 2**63 - 1


class Row(NamedTuple):
    """One frame as a scan gives it."""

    off: int
    cap_len: int
    wire_len: int
    ts_ns: int
    link_type: int


class Scan(NamedTuple):
    """What a scan gives."""

    position: int
    rows: list[Row]
    status: int
    need: int


class Interface(NamedTuple):
    """A described interface; `units` ticks are a second."""

    link: int
    units: int
    offset_s: int
    snap_len: int


def scan_pcap(
    data: bytes,
    *,
    order: str,
    header_len: int,
    frac_ns: int,
    swap: str,
    fcs_len: int,
    room: int,
) -> Scan:
    """Scan records from byte 0. `swap` is ``never``, ``longer`` or ``always``."""
    rows: list[Row] = []
    at = 0
    while len(data) - at >= header_len:
        if len(rows) == room:
            return Scan(at, rows, FULL, header_len)
        seconds, fraction, captured, wire = struct.unpack_from(order + "4I", data, at)
        if swap == "always" or (swap == "longer" and captured > wire):
            captured, wire = wire, captured
        if captured > 262144:
            return Scan(at, rows, LONG, captured)
        if len(data) - at < header_len + captured:
            return Scan(at, rows, MORE, header_len + captured)
        ts_ns = seconds * 10**9 + fraction * frac_ns
        start, at = at + header_len, at + header_len + captured
        if fcs_len:
            wire = max(0, wire - fcs_len)
            captured = min(captured, wire)
        rows.append(Row(start, captured, wire, ts_ns, 0))
    return Scan(at, rows, MORE, header_len)


def scan_pcapng(data: bytes, *, order: str, interfaces: list[Interface], room: int) -> Scan:
    """Scan blocks from byte 0."""
    rows: list[Row] = []
    before_ns = at = 0
    while len(data) - at >= 12:
        kind, length = struct.unpack_from(order + "II", data, at)
        if kind in (1, 0x0A0D0D0A):
            return Scan(at, rows, HEADER, 12)
        if not 12 <= length <= 16 * 2**20 or length % 4:
            return Scan(at, rows, LENGTH, length)
        if len(data) - at < length:
            return Scan(at, rows, MORE, length)
        block = data[at : at + length]
        (trailer,) = struct.unpack(order + "I", block[-4:])
        if trailer != length:
            return Scan(at, rows, TRAILER, trailer)
        if kind in (2, 3, 6):
            if len(rows) == room:
                return Scan(at, rows, FULL, 12)
            taken = _packet(kind, block, order, interfaces, before_ns)
            if isinstance(taken, tuple):
                return Scan(at, rows, *taken)
            rows.append(taken.row._replace(off=at + taken.row.off))
            before_ns = taken.row.ts_ns
        at += length
    return Scan(at, rows, MORE, 12)


class _Taken:
    def __init__(self, row: Row) -> None:
        self.row = row


def _packet(
    kind: int, block: bytes, order: str, interfaces: list[Interface], before_ns: int
) -> _Taken | tuple[int, int]:
    body = block[8:-4]
    if len(body) < (4 if kind == 3 else 20):
        return SHORT, 0
    high = low = 0
    if kind == 3:
        (wire,) = struct.unpack_from(order + "I", body)
        number, start, captured = 0, 4, wire
    else:
        number, high, low, captured, wire = struct.unpack_from(order + "5I", body)
        if kind == 2:
            (number,) = struct.unpack_from(order + "H", body)
        start = 20
    if number >= len(interfaces):
        return NO_INTERFACE, number
    iface = interfaces[number]
    if kind == 3:
        if iface.snap_len:
            captured = min(captured, iface.snap_len)
        ts_ns = before_ns
    else:
        since = min((high * 2**32 + low) * 10**9 // iface.units, LATEST)
        offset = max(-LATEST, min(iface.offset_s * 10**9, LATEST))
        ts_ns = min(since + offset, LATEST)
    if captured > 262144:
        return LONG, captured
    if captured > len(body) - start:
        return SHORT, captured
    return _Taken(Row(8 + start, captured, wire, ts_ns, iface.link))


def merge(lanes: list[list[int]], ranks: list[int]) -> list[tuple[int, int]]:
    """Return (lane, row) in merged order: always the lane whose next time is least."""
    at = [0] * len(lanes)
    order: list[tuple[int, int]] = []
    while True:
        heads = [
            (times[row], ranks[lane], lane)
            for lane, (times, row) in enumerate(zip(lanes, at, strict=True))
            if row < len(times)
        ]
        if not heads:
            return order
        lane = min(heads)[2]
        order.append((lane, at[lane]))
        at[lane] += 1
