"""Mirror copies: packets that stand twice in the input because a switch mirrored them twice.

A packet whose `copy_key` was seen a moment before is suspected, and counted apart in the flow of
the first. Honest traffic repeats itself as well (punching datagrams, duplicate ACKs, stacks with a
constant IP identification), so what was suspected is decided only when the record is written.
"""

import numpy as np

from monitor.flow.kernel_buckets import find, put
from monitor.flow.kernel_words import (
    ONE,
    S27,
    S32,
    VLAN_MASK,
    Int,
    Row,
    Truth,
    Word,
    key_hash,
)
from monitor.flow.tables import COPY_SETS, MIRRORED, ORIG_IS_A, Outbox, Rows, Tables
from monitor.model.jit import kernel_inline, kernel_inner

FLOW_MIN_PACKETS = 4
FLOW_PERCENT = 45
"""Copies are half of what a doubling mirror shows; a little less, since mirrors lose packets.

Only the first copy of a packet bears witness: a mirror makes one of each, while a device that
punches holes sends the same datagram many times over (EZVIZ cameras do, with identification 0)."""
INPUT_MIN_PACKETS = 8
INPUT_PERCENT = 25
INPUT_MEMORY = 8192
"""Packets after which the counts of an input are halved, so that they speak of recent ones."""

_SET_MASK = np.uint64(COPY_SETS - 1)


@kernel_inline
def copy_place(key: Word) -> Word:
    """Return the first of the two places of a packet in the table of recent packets."""
    return ((key ^ key >> S27) & _SET_MASK) << ONE


@kernel_inline
def seen_before(copies: Rows, place: Word, key: Word, ts_ns: Int, window_ns: Int) -> Int:
    """Return the place of an equal packet within the window, or -1."""
    found: Int = -1
    for near in range(2):
        recent = copies[place + np.uint64(near)]
        if recent.key == key and recent.times and abs(ts_ns - recent.ts_ns) <= window_ns:
            found = np.int64(place) + near
            break
    return found


@kernel_inline
def remember(copies: Rows, place: Word, key: Word, ts_ns: Int, slot: Int) -> None:
    """Note a packet in the place of the older of two, or of an equal one that is out of date."""
    one = copies[place]
    two = copies[place + ONE]
    if one.key == key or (two.key != key and one.ts_ns <= two.ts_ns):
        one.key = key
        one.ts_ns = ts_ns
        one.flow = slot
        one.times = 1
    else:
        two.key = key
        two.ts_ns = ts_ns
        two.flow = slot
        two.times = 1


@kernel_inline
def note_share(share: Row, is_copy: bool) -> None:
    """Count a packet whose copies would be certain, and whether it was one."""
    share.sure += 1
    share.copies += is_copy
    if share.sure >= INPUT_MEMORY:
        share.sure >>= 1
        share.copies >>= 1


@kernel_inner
def is_mirrored(flow: Row, share: Row) -> Truth:
    """Decide whether the suspected copies of a flow are copies made by a mirror.

    Yes when one was seen in another VLAN: honest repeats do not change theirs. Yes when they are
    close to half of the flow, or when the recent packets of the input show that it is mirrored
    twice in good part. Only packets with an IP identification or payload bear witness.
    """
    if flow.state & MIRRORED:
        return True
    if (
        flow.sure >= FLOW_MIN_PACKETS
        and np.int64(flow.sure_copies) * 100 >= np.int64(flow.sure) * FLOW_PERCENT
    ):
        return True
    return (
        share.sure >= INPUT_MIN_PACKETS
        and np.int64(share.copies) * 100 >= np.int64(share.sure) * INPUT_PERCENT
    )


@kernel_inner
def settle_copies(t: Tables, out: Outbox, slot: Int, row: Int) -> None:
    """Decide on the copies of the record in `row` of the outbox, and count them in if they are none."""
    control = t.control[0]
    flow = t.flows[slot]
    orig = out.sides[2 * row]
    resp = out.sides[2 * row + 1]
    copies = np.int64(orig.copies) + np.int64(resp.copies)
    out.is_mirrored[row] = 1
    if copies == 0 or is_mirrored(flow, t.shares[flow.source]):
        return
    out.is_mirrored[row] = 0
    out.flows[row].end_ns = max(flow.end_ns, flow.copy_end_ns)
    control.copies -= copies
    control.in_flows += copies
    for way in range(2):
        side = out.sides[2 * row + way]
        side.pkts += side.copies
        side.bytes += side.copy_bytes
        side.payload += side.copy_payload
        side.data_pkts += side.copy_data_pkts
        side.copies = 0


@kernel_inner
def count_copy(
    t: Tables,
    slot: Int,
    is_from_a: bool,
    ts_ns: Int,
    wire_len: Int,
    payload: Int,
    is_sure: bool,
    is_first: bool,
    vlan: Int,
) -> None:
    """Count a suspected copy in the flow of the first."""
    control = t.control[0]
    flow = t.flows[slot]
    way = 0 if is_from_a == ((flow.state & ORIG_IS_A) != 0) else 1
    side = t.sides[2 * slot + way]
    side.copies += 1
    side.copy_bytes += wire_len
    side.copy_payload += payload
    side.copy_data_pkts += payload > 0
    flow.copy_end_ns = max(flow.copy_end_ns, ts_ns)
    flow.sure += is_sure
    flow.sure_copies += is_sure and is_first
    control.copies += 1
    if vlan != flow.vlan:
        flow.state |= MIRRORED
        if control.use_vlan and flow.alias == 0:
            add_alias(t, slot, vlan)


@kernel_inner
def add_alias(t: Tables, slot: Int, vlan: Int) -> None:
    """Let a flow be found by the key that it has in another VLAN, unless a flow has that key.

    The mirror sees a routed packet on both sides of the router, and an answer first on the far
    side: without the second key it would open a flow there. The table keeps a quarter free.
    """
    control = t.control[0]
    flow = t.flows[slot]
    if 2 * np.int64(control.aliases) >= control.max_flows:
        return
    word = (flow.word & ~VLAN_MASK) | np.uint64(vlan) << S32
    hashed = key_hash(flow.a_hi, flow.a_lo, flow.b_hi, flow.b_lo, word, control.seed)
    if find(t.buckets, t.flows, hashed, flow.a_hi, flow.a_lo, flow.b_hi, flow.b_lo, word) < 0:
        flow.alias = word
        control.aliases += 1
        put(t.buckets, hashed, slot)


@kernel_inline
def is_same(
    flow: Row, a_hi: Word, a_lo: Word, b_hi: Word, b_lo: Word, word: Word, is_later: bool
) -> Truth:
    """Tell whether a suspected copy belongs to a flow: all but the VLAN, and ports if it has any."""
    other = (flow.word ^ word) & ~VLAN_MASK
    if is_later:
        other = other >> np.uint64(32)
    return (
        flow.word != 0
        and other == 0
        and flow.a_lo == a_lo
        and flow.b_lo == b_lo
        and flow.a_hi == a_hi
        and flow.b_hi == b_hi
    )
