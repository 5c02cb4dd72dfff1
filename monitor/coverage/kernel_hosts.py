"""Who sent and who received: address ranges, and the table of stations."""

from typing import Any, TypeAlias

import numpy as np

from monitor.coverage.tables import PROBES, STATIONS, Spans, Tables
from monitor.model.arrays import U64
from monitor.model.jit import kernel_inline, kernel_inner, kernel_merged

Int: TypeAlias = Any
"""An int64 in machine code."""

Word: TypeAlias = Any
"""A uint64 in machine code. Int and Word never meet in one expression: it would be a float64."""

MIX_1 = np.uint64(0xBF58_476D_1CE4_E5B9)
MIX_2 = np.uint64(0x94D0_49BB_1331_11EB)
S16, S32 = np.uint64(16), np.uint64(32)
ZERO, ONE = np.uint64(0), np.uint64(1)
NOT_SITE = -2
UNSET = np.uint64(0xFFFF_0000_0000)
"""0.0.0.0: what a host calls itself before it has an address."""


@kernel_inline
def mix(one: Word, two: Word) -> Word:
    """Return a hash of two words."""
    mixed = (one ^ one >> S32) * MIX_1 + (two ^ two >> S32) * MIX_2
    return (mixed ^ mixed >> S32) * MIX_1


@kernel_inner
def in_spans(spans: Spans, hi: Word, lo: Word) -> bool:
    """Tell whether an address lies in one of some ranges."""
    low, high = 0, len(spans.first_lo)
    while low < high:
        middle = (low + high) >> 1
        first_hi = spans.first_hi[middle]
        if first_hi < hi or (first_hi == hi and spans.first_lo[middle] <= lo):
            low = middle + 1
        else:
            high = middle
    if low == 0:
        return False
    last_hi = spans.last_hi[low - 1]
    is_within: bool = last_hi > hi or (last_hi == hi and spans.last_lo[low - 1] >= lo)
    return is_within


@kernel_inline
def in_sorted(numbers: U64, number: Word) -> bool:
    """Tell whether a number stands in a sorted array."""
    low, high = 0, len(numbers)
    while low < high:
        middle = (low + high) >> 1
        if numbers[middle] < number:
            low = middle + 1
        else:
            high = middle
    return low < len(numbers) and numbers[low] == number


@kernel_merged
def station(t: Tables, hi: Word, lo: Word, mac: Word, vlan: Int, ts_ns: Int) -> Int:
    """Return the place of a station, entered if it is new.

    Returns:
        -1 when there is no room, `NOT_SITE` when the address is not one of the site.
    """
    if hi == ZERO and lo == UNSET:
        lo = ZERO
    place = mix(lo ^ np.uint64(vlan), mac ^ hi) >> S16
    for probe in range(PROBES):
        at = (place + np.uint64(probe)) & np.uint64(STATIONS - 1)
        one = t.stations[at]
        if one.is_used == 0:
            break
        if one.lo == lo and one.hi == hi and one.mac == mac and one.vlan == vlan:
            return np.int64(at)
    return enter(t, hi, lo, mac, vlan, ts_ns, place)


@kernel_inner
def enter(t: Tables, hi: Word, lo: Word, mac: Word, vlan: Int, ts_ns: Int, place: Word) -> Int:
    """Enter a station that is not in the table, if its address is one of the site."""
    has_address = hi != ZERO or lo != ZERO
    if has_address and not in_spans(t.site, hi, lo):
        return NOT_SITE
    at: Int = -1
    for probe in range(PROBES):
        near = np.int64((place + np.uint64(probe)) & np.uint64(STATIONS - 1))
        if t.stations[near].is_used == 0:
            at = near
            break
    if at < 0:
        t.control[0].stations_left_out += 1
        return -1
    one = t.stations[at]
    one.is_used = 1
    one.hi = hi
    one.lo = lo
    one.mac = mac
    one.vlan = vlan
    one.first_ns = ts_ns
    one.last_ns = ts_ns
    one.is_camera = in_sorted(t.camera_macs, mac) or (
        has_address and (t.control[0].assumes_cameras != 0 or in_spans(t.cameras, hi, lo))
    )
    t.used_stations[t.control[0].stations] = at
    t.control[0].stations += 1
    return at
