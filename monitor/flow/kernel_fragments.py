"""Fragmented datagrams: later fragments have no ports, and join the flow of their first one.

Bounded: FRAGMENT_SLOTS datagrams, in sets of FRAGMENT_WAYS. A full set forgets its oldest; later
fragments that still wait for their first are then counted as lost.
"""

from typing import Any

import numpy as np

from monitor.flow.kernel_words import GOLDEN, MIX_1, MIX_2, S30, S31, Int, Row, Word
from monitor.flow.tables import FRAGMENT_SLOTS, FRAGMENT_WAYS, Tables
from monitor.model.jit import kernel_inline, kernel_inner

LIFETIME_NS = 30_000_000_000
"""How long a datagram is waited for: Linux's default (ipfrag_time)."""

_SET_MASK = np.uint64(FRAGMENT_SLOTS // FRAGMENT_WAYS - 1)


@kernel_inline
def fragment_word(protocol: Int, identification: Int, vlan: Int) -> Word:
    """Return identification, protocol and VLAN as one word that is never 0."""
    return np.uint64(identification | protocol << 32 | vlan << 40 | 1 << 62)


@kernel_inner
def fragment_place(
    t: Tables, src_hi: Word, src_lo: Word, dst_hi: Word, dst_lo: Word, word: Word
) -> Int:
    """Return the place of a datagram, made anew (with no flow, no counts) if it has none."""
    control = t.control[0]
    mixed = ((src_lo ^ src_hi) * MIX_1 + (dst_lo ^ dst_hi)) * MIX_2 ^ word
    mixed = (mixed ^ mixed >> S31) * GOLDEN
    first: Int = np.int64((mixed ^ mixed >> S30) & _SET_MASK) * FRAGMENT_WAYS
    oldest: Int = first
    for place in range(first, first + FRAGMENT_WAYS):
        known = t.fragments[place]
        if (
            known.word == word
            and known.src_lo == src_lo
            and known.dst_lo == dst_lo
            and known.src_hi == src_hi
            and known.dst_hi == dst_hi
        ):
            if control.clock_ns - known.clock_ns <= LIFETIME_NS:
                return place
            oldest = place
            break
        if known.word == 0:
            oldest = place
            break
        if known.clock_ns < t.fragments[oldest].clock_ns:
            oldest = place
    forget_one(t, t.fragments[oldest])
    fresh = t.fragments[oldest]
    fresh.src_hi = src_hi
    fresh.src_lo = src_lo
    fresh.dst_hi = dst_hi
    fresh.dst_lo = dst_lo
    fresh.word = word
    fresh.clock_ns = control.clock_ns
    return oldest


@kernel_inner
def forget_one(t: Tables, datagram: Row) -> None:
    """Empty a place; what waited there is lost."""
    control = t.control[0]
    waiting = datagram.pkts + datagram.copies
    control.fragments_pending -= waiting
    control.fragments_lost += waiting
    datagram.word = 0
    datagram.flow = -1
    datagram.pkts = 0
    datagram.bytes = 0
    datagram.payload = 0
    datagram.data_pkts = 0
    datagram.copies = 0
    datagram.copy_data_pkts = 0
    datagram.copy_bytes = 0
    datagram.copy_payload = 0
    datagram.end_ns = np.iinfo(np.int64).min


@kernel_inner
def forget_fragments(t: Tables, now: Int) -> None:
    """Forget the datagrams that are too old at `now`."""
    for place in range(FRAGMENT_SLOTS):
        datagram = t.fragments[place]
        if datagram.word != 0 and now - LIFETIME_NS > datagram.clock_ns:
            forget_one(t, datagram)
    t.control[0].fragments_due_ns = max(now, now + LIFETIME_NS)


@kernel_inner
def hold(t: Tables, datagram: Row, ts_ns: Int, wire_len: Int, payload: Int, is_copy: bool) -> None:
    """Count a later fragment that came before its first one."""
    control = t.control[0]
    if control.fragments_pending == 0:
        control.fragments_due_ns = control.clock_ns + LIFETIME_NS
    control.fragments_pending += 1
    datagram.end_ns = max(datagram.end_ns, ts_ns)
    if is_copy:
        datagram.copies += 1
        datagram.copy_data_pkts += payload > 0
        datagram.copy_bytes += wire_len
        datagram.copy_payload += payload
    else:
        datagram.pkts += 1
        datagram.data_pkts += payload > 0
        datagram.bytes += wire_len
        datagram.payload += payload


@kernel_inner
def join(t: Tables, datagram: Row, slot: Int, way: Int) -> None:
    """Give a datagram its flow, and the flow what was held of the datagram."""
    control = t.control[0]
    flow = t.flows[slot]
    side: Any = t.sides[2 * slot + way]
    datagram.flow = slot
    datagram.flow_no = flow.flow_no
    datagram.way = way
    held = datagram.pkts + datagram.copies
    if held == 0:
        return
    side.pkts += datagram.pkts
    side.data_pkts += datagram.data_pkts
    side.bytes += datagram.bytes
    side.payload += datagram.payload
    side.copies += datagram.copies
    side.copy_data_pkts += datagram.copy_data_pkts
    side.copy_bytes += datagram.copy_bytes
    side.copy_payload += datagram.copy_payload
    flow.sure += held
    flow.end_ns = max(flow.end_ns, datagram.end_ns)
    control.fragments_pending -= held
    control.fragments_joined += datagram.pkts
    control.in_flows += datagram.pkts
    control.copies += datagram.copies
    datagram.pkts = 0
    datagram.bytes = 0
    datagram.payload = 0
    datagram.data_pkts = 0
    datagram.copies = 0
    datagram.copy_data_pkts = 0
    datagram.copy_bytes = 0
    datagram.copy_payload = 0


@kernel_inner
def follow_later(
    t: Tables,
    src_hi: Word,
    src_lo: Word,
    dst_hi: Word,
    dst_lo: Word,
    word: Word,
    ts_ns: Int,
    wire_len: Int,
    payload: Int,
    is_copy: bool,
) -> Int:
    """Count a later fragment for the flow of its first, or hold it.

    Returns:
        The slot of the flow, or -1 when it is held.
    """
    control = t.control[0]
    datagram = t.fragments[fragment_place(t, src_hi, src_lo, dst_hi, dst_lo, word)]
    slot = np.int64(datagram.flow)
    if (
        slot < 0
        or t.flows[slot].flow_no != datagram.flow_no
        or control.clock_ns - t.flows[slot].seen_ns > t.idle_ns[t.flows[slot].kind]
    ):
        datagram.flow = -1
        hold(t, datagram, ts_ns, wire_len, payload, is_copy)
        return -1
    flow = t.flows[slot]
    side = t.sides[2 * slot + datagram.way]
    side.pkts += 1
    side.data_pkts += payload > 0
    side.bytes += wire_len
    side.payload += payload
    flow.sure += 1
    flow.seen_ns = control.clock_ns
    flow.end_ns = max(flow.end_ns, ts_ns)
    control.in_flows += 1
    control.fragments_joined += 1
    return slot
