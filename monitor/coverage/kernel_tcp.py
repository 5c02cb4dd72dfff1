"""TCP conversations: both ways seen, tagged alike, and holes in their sequence.

A hole that the receiver acknowledged, or that nobody filled for seconds while the stream went on,
was on the wire and not in the mirror: the one loss that no counter of the kernel knows. Zeek's
capture-loss script rests on the same thought (acknowledgements of bytes that were not seen).
"""

import numpy as np

from monitor.coverage.kernel_hosts import Int, Word, mix
from monitor.coverage.tables import CONVERSATIONS, HOLES, PROBES, UNTAGGED, Rows, Tables
from monitor.model.jit import kernel_inline, kernel_inner, kernel_merged

FIN, SYN, RST, ACK = 1, 2, 4, 16
FARTHEST = 1 << 24
"""Bytes that a hole can have at most: beyond, it is another connection with the same ports."""
STALE_NS = 3_000_000_000
"""A hole nobody filled for so long is one: Linux repeats a lost segment after 0.2 to 2 s."""
MIN_PROGRESS = 4
"""Segments with news that show that a conversation goes on; a dead peer gets repeats only."""
MIN_TAGGED = 2
"""Segments of each side before their tags are compared."""
MSS_LEAST = 536

S16, S32 = np.uint64(16), np.uint64(32)


@kernel_inline
def ahead(seq: Int, base: Int) -> Int:
    """Return how many bytes `seq` lies behind `base` in the stream: RFC 9293 arithmetic, signed."""
    return ((seq - base + 0x8000_0000) & 0xFFFF_FFFF) - 0x8000_0000


@kernel_merged
def conversation(
    t: Tables, a_hi: Word, a_lo: Word, b_hi: Word, b_lo: Word, ports: Word, may_enter: bool
) -> Int:
    """Return the place of a conversation, entered if it is new; -1 when it is not followed."""
    place = mix(a_lo ^ ports * np.uint64(3), b_lo ^ a_hi ^ b_hi) >> S16
    at: Int = -1
    for probe in range(PROBES):
        at = np.int64((place + np.uint64(probe)) & np.uint64(CONVERSATIONS - 1))
        one = t.conversations[at]
        if one.is_used == 0:
            break
        if (
            one.ports == ports
            and one.a_lo == a_lo
            and one.b_lo == b_lo
            and one.a_hi == a_hi
            and one.b_hi == b_hi
        ):
            return at
    else:
        if may_enter:
            t.control[0].conversations_left_out += 1
        return -1
    if not may_enter:
        return -1
    one.is_used = 1
    one.a_hi = a_hi
    one.a_lo = a_lo
    one.b_hi = b_hi
    one.b_lo = b_lo
    one.ports = ports
    for way in range(2):
        side = t.sides[2 * at + way]
        side.pkts = 0
        side.progress = 0
        side.segments = 0
        side.lost = 0
        side.mss = MSS_LEAST
        side.edge = 0
        side.has_edge = 0
        side.has_ack = 0
        side.vlans = 0
        side.vlan = -1
        side.other_vlan = -1
        side.holes = 0
    t.used_conversations[t.control[0].conversations] = at
    t.control[0].conversations += 1
    return at


@kernel_inline
def note_vlan(side: Rows, vlan: Int) -> None:
    """Note a VLAN in which a side was seen; two are told apart, more are not judged."""
    if side.vlans == 0:
        side.vlan = vlan
        side.vlans = 1
    elif side.vlan != vlan and side.vlans == 1:
        side.other_vlan = vlan
        side.vlans = 2
    elif vlan not in (side.vlan, side.other_vlan):
        side.vlans = 3


@kernel_merged
def follow(
    t: Tables, at: Int, way: Int, ts_ns: Int, flags: Int, seq: Int, ack: Int, payload: Int
) -> None:
    """Follow one segment of side `way` of a conversation."""
    place = 2 * at + way
    other_place = 2 * at + 1 - way
    side = t.sides[place]
    other = t.sides[other_place]
    side.pkts += 1
    if flags & RST:
        return
    if payload > 0:
        side.segments += 1
        side.mss = max(side.mss, payload)
    end = (seq + payload + ((flags & SYN) != 0) + (flags & FIN)) & 0xFFFF_FFFF
    is_news = False
    step = ahead(seq, side.edge)
    if flags & SYN or side.has_edge == 0 or abs(step) > FARTHEST:
        side.edge = end
        side.has_edge = 1
        side.holes = 0
    else:
        if step > 0:
            add_hole(t, place, side.edge, seq, ts_ns, 0)
        elif side.holes:
            fill(t, place, seq, end)
        if ahead(end, side.edge) > 0:
            side.edge = end
            is_news = True
    if flags & ACK:
        if side.has_ack and 0 < ahead(ack, side.last_ack) <= FARTHEST:
            is_news = True
        side.last_ack = ack
        side.has_ack = 1
        if other.has_edge:
            unseen = ahead(ack, other.edge)
            if 0 < unseen <= FARTHEST:
                add_hole(t, other_place, other.edge, ack, ts_ns, 1)
                other.edge = ack
            if other.holes:
                acknowledge(t, other_place, ack)
        side.progress += is_news and flags & SYN == 0


@kernel_inner
def add_hole(t: Tables, place: Int, start: Int, end: Int, ts_ns: Int, is_acked: Int) -> None:
    """Note bytes that were passed over; without room the oldest hole is decided at once."""
    side = t.sides[place]
    base = place * HOLES
    if side.holes == HOLES:
        decide(t, place, 0, ts_ns)
        for at in range(base, base + HOLES - 1):
            t.holes[at].start = t.holes[at + 1].start
            t.holes[at].end = t.holes[at + 1].end
            t.holes[at].seen_ns = t.holes[at + 1].seen_ns
            t.holes[at].is_acked = t.holes[at + 1].is_acked
        side.holes -= 1
    hole = t.holes[base + side.holes]
    hole.start = start
    hole.end = end
    hole.seen_ns = ts_ns
    hole.is_acked = is_acked
    side.holes += 1


@kernel_inner
def fill(t: Tables, place: Int, start: Int, end: Int) -> None:
    """Take bytes that came late out of the holes; one that is hit in its middle loses its end."""
    side = t.sides[place]
    base = place * HOLES
    kept = 0
    for number in range(side.holes):
        hole = t.holes[base + number]
        from_start = ahead(start, hole.start)
        from_end = ahead(end, hole.end)
        if ahead(end, hole.start) > 0 and ahead(start, hole.end) < 0:
            if from_start <= 0 and from_end >= 0:
                continue
            if from_start <= 0:
                hole.start = end
            else:
                hole.end = start
        into = t.holes[base + kept]
        into.start = hole.start
        into.end = hole.end
        into.seen_ns = hole.seen_ns
        into.is_acked = hole.is_acked
        kept += 1
    side.holes = kept


@kernel_inner
def acknowledge(t: Tables, place: Int, ack: Int) -> None:
    """Mark the holes whose bytes the receiver has."""
    base = place * HOLES
    for at in range(base, base + t.sides[place].holes):
        if ahead(ack, t.holes[at].end) >= 0:
            t.holes[at].is_acked = 1


@kernel_inner
def decide(t: Tables, place: Int, number: Int, now_ns: Int) -> None:
    """Count a hole as lost by the mirror, or as one that nothing is known of."""
    hole = t.holes[place * HOLES + number]
    side = t.sides[place]
    if hole.is_acked or now_ns - hole.seen_ns >= STALE_NS:
        side.lost += (ahead(hole.end, hole.start) + side.mss - 1) // side.mss
    else:
        t.control[0].holes_undecided += 1


@kernel_inner
def settle(t: Tables, at: Int, now_ns: Int) -> None:
    """Count one conversation in its VLANs, at the end of the interval."""
    one = t.sides[2 * at]
    two = t.sides[2 * at + 1]
    for way in range(2):
        side = t.sides[2 * at + way]
        other = t.sides[2 * at + 1 - way]
        if side.vlans == 0:
            continue
        for number in range(side.holes):
            decide(t, 2 * at + way, number, now_ns)
        row = t.vlans[side.vlan]
        row.segments += side.segments
        row.lost_segments += side.lost
        row.gapped += side.lost > 0
        if side.progress >= MIN_PROGRESS and (
            way == 0 or one.progress < MIN_PROGRESS or one.vlan != two.vlan
        ):
            row.conversations += 1
            row.one_way += other.pkts == 0
            row.outside_one_way += other.pkts == 0 and t.conversations[at].is_outside != 0
    if one.pkts < MIN_TAGGED or two.pkts < MIN_TAGGED or one.vlans > 2 or two.vlans > 2:
        return
    is_alike = one.vlans == two.vlans and (
        (one.vlan == two.vlan and one.other_vlan == two.other_vlan)
        or (one.vlan == two.other_vlan and one.other_vlan == two.vlan)
    )
    for way in range(2):
        if way == 0 or one.vlan != two.vlan:
            row = t.vlans[t.sides[2 * at + way].vlan]
            row.tags_compared += 1
            row.tags_differ += not is_alike


@kernel_inline
def vlan_place(vlan: Int) -> Int:
    """Return the row of a VLAN id; 65535 and what no tag can hold is untagged."""
    return min(vlan, UNTAGGED)
