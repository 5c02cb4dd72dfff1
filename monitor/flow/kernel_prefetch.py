"""Memory that will be needed soon is asked for now: most of the time of a packet is waiting for it.

Rows are looked at some dozens ahead of the loop that follows them: first the buckets and recent
packets of all are asked for, then the flows that the buckets name, then what the flows name. It
changes no answer: what it finds may be out of date when the loop comes by, which looks again.
"""

import numpy as np

from monitor.flow.kernel_copies import copy_place
from monitor.flow.kernel_words import LOW_32, S32, Int, Word, key_hash, key_ports, key_word
from monitor.flow.tables import AHEAD, LINE, NO_VLAN_KEY, ORIG_IS_A, Rows, Tables
from monitor.model.jit import kernel_inner, prefetch


@kernel_inner
def look_ahead(p: Rows, t: Tables, first: Int, seed: Word, use_vlan: bool) -> Int:
    """Work out the keys of the rows from `first` on, and ask for what they will touch.

    Bound: at most AHEAD rows, and none behind the last.

    Returns:
        The row behind the last that was looked at.
    """
    stop: Int = min(first + AHEAD, len(p.ts_ns))
    mask = np.uint64(len(t.buckets) - 1)
    for i in range(first, stop):
        k = np.uint64(i)
        j = np.uint64(i - first)
        protocol = np.int64(p.protocol[k])
        vlan = np.int64(p.vlan[k]) if use_vlan else np.int64(NO_VLAN_KEY)
        src_hi, src_lo, dst_hi, dst_lo = p.src_hi[k], p.src_lo[k], p.dst_hi[k], p.dst_lo[k]
        src_port, dst_port = key_ports(protocol, np.int64(p.src_port[k]), np.int64(p.dst_port[k]))
        is_from_a = src_hi < dst_hi or (
            src_hi == dst_hi and (src_lo < dst_lo or (src_lo == dst_lo and src_port <= dst_port))
        )
        if is_from_a:
            word = key_word(src_port, dst_port, vlan, protocol)
            hashed = key_hash(src_hi, src_lo, dst_hi, dst_lo, word, seed)
        else:
            word = key_word(dst_port, src_port, vlan, protocol)
            hashed = key_hash(dst_hi, dst_lo, src_hi, src_lo, word, seed)
        t.ahead_from_a[j] = is_from_a
        t.ahead_word[j] = word
        t.ahead_hash[j] = hashed
        prefetch(t.buckets, np.int64(hashed & mask), 0)
        prefetch(t.copies, np.int64(copy_place(p.copy_key[k])), 0)
    fresh = np.int64(t.control[0].fresh_flow)
    for row in range(stop - first):
        j = np.uint64(row)
        hashed = t.ahead_hash[j]
        entry = t.buckets[hashed & mask]
        slot: Int = -1
        if entry >> S32 == hashed:
            slot = np.int64(entry & LOW_32) - 1
            prefetch(t.flows, slot, 0)
            prefetch(t.flows, slot, LINE)
        elif entry == 0:
            # Probably the first packet of a flow, which will have the next unused record.
            prefetch(t.flows, fresh, 0)
            prefetch(t.flows, fresh, LINE)
            prefetch(t.flows, fresh, 2 * LINE)
            prefetch(t.sides, 2 * fresh, 0)
            prefetch(t.sides, 2 * fresh + 1, 0)
            fresh += 1
        t.ahead_slot[j] = slot
    for row in range(stop - first):
        j = np.uint64(row)
        slot = t.ahead_slot[j]
        is_told = False
        if slot >= 0:
            flow = t.flows[np.uint64(slot)]
            way = 0 if (t.ahead_from_a[j] != 0) == ((flow.state & ORIG_IS_A) != 0) else 1
            prefetch(t.sides, 2 * slot + way, 0)
            is_told = flow.talk < 0
            if flow.talk > 0:
                talk = np.int64(flow.talk) - 1
                prefetch(t.talks, talk, 0)
                prefetch(t.talk_sides, 2 * talk, 0)
        k = np.uint64(first + row)
        if p.payload_len[k] > 0 and not is_told:
            prefetch(p.data, p.payload_off[k], 0)
    return stop
