"""The loop over packets: time, mirror copies, the flow of each packet, and what it changes there."""

from typing import NamedTuple

import numpy as np

from monitor.flow.kernel_buckets import find, put
from monitor.flow.kernel_copies import (
    copy_place,
    count_copy,
    is_same,
    note_share,
    remember,
    seen_before,
)
from monitor.flow.kernel_errors import QuoteColumns, credit_error
from monitor.flow.kernel_fragments import follow_later, fragment_place, fragment_word, join
from monitor.flow.kernel_payload import keep
from monitor.flow.kernel_prefetch import look_ahead
from monitor.flow.kernel_roles import is_answer
from monitor.flow.kernel_table import (
    clear_side,
    cut_part,
    do_due,
    end_flow,
    free_slot,
    has_room,
    idle_reason,
    schedule,
    start_part,
    unschedule,
)
from monitor.flow.kernel_tcp import first_kind, is_another, note_flags
from monitor.flow.kernel_words import (
    ICMP,
    ICMPV6,
    RST,
    SYN,
    TCP,
    UDP,
    Int,
)
from monitor.flow.tables import (
    ANSWERED,
    FLIPPED,
    KIND_CLOSED,
    NO_VLAN_KEY,
    ORIG_IS_A,
    SPOKE_ORIG,
    SPOKE_RESP,
    Outbox,
    Tables,
)
from monitor.model.arrays import I64, U8, U16, U32, U64, Bool
from monitor.model.jit import kernel_borrowing, kernel_inline
from monitor.model.words import EndReason, Fragment

_END_OF_FLOW, _IDLE = int(EndReason.END_OF_FLOW), int(EndReason.IDLE)
_WHOLE, _LATER = int(Fragment.WHOLE), int(Fragment.LATER)

DNS = 53
TOLD_PORTS = (5353, 5355, 67, 68, 546, 547)
"""mDNS, LLMNR, DHCP and DHCPv6: RFC 6762, 4795, 2131, 8415."""


class PacketColumns(NamedTuple):
    """The columns of a PacketBatch that the kernel reads."""

    data: U8
    ts_ns: I64
    source: U16
    frame_no: U64
    wire_len: U32
    stop: U8
    tunnel: U8
    vlan: U16
    src_mac: U64
    dst_mac: U64
    src_hi: U64
    src_lo: U64
    dst_hi: U64
    dst_lo: U64
    protocol: U8
    fragment: U8
    fragment_id: U32
    src_port: U16
    dst_port: U16
    tcp_flags: U8
    tcp_seq: U32
    payload_off: I64
    payload_len: U32
    payload_wire: U32
    copy_key: U64
    is_copy_sure: Bool


@kernel_borrowing
def follow(
    p: PacketColumns, quotes: QuoteColumns, t: Tables, out: Outbox, messages: I64, first: Int
) -> Int:
    """Follow the packets from row `first` on, as far as the outbox has room.

    Bound: slots come from the tables themselves; rows are below the length of the columns; the
    caller gives `messages` that length too. Payload is checked against `data` before it is kept.

    Returns:
        The row to go on from once the outbox is empty; the number of rows when all are done.
    """
    control = t.control[0]
    copy_window_ns = control.copy_window_ns
    use_vlan = control.use_vlan != 0
    seed = control.seed
    quote = 0
    ahead_from = ahead_to = first
    for i in range(first, len(p.ts_ns)):
        if i >= ahead_to:
            ahead_from = i
            ahead_to = look_ahead(p, t, i, seed, use_vlan)
        # Trap: with a signed index the compiler puts a test for negative ones into every access.
        k = np.uint64(i)
        ts_ns = p.ts_ns[k]
        if ts_ns > control.clock_ns:
            control.clock_ns = ts_ns
        now = control.clock_ns
        if now >= control.alarm_ns and not do_due(t, out):
            return i
        if not has_room(control):
            return i
        if p.stop[k] != 0:
            continue
        control.packets += 1
        if ts_ns < now:
            control.packets_late += 1

        protocol = np.int64(p.protocol[k])
        vlan = np.int64(p.vlan[k])
        key_vlan = vlan if use_vlan else np.int64(NO_VLAN_KEY)
        src_port, dst_port = np.int64(p.src_port[k]), np.int64(p.dst_port[k])
        src_hi, src_lo, dst_hi, dst_lo = p.src_hi[k], p.src_lo[k], p.dst_hi[k], p.dst_lo[k]

        if protocol in (ICMP, ICMPV6):
            while quote < len(quotes.row) and quotes.row[quote] < i:
                quote += 1
            if quote < len(quotes.row) and quotes.row[quote] == i:
                refusal = src_port << 8 | dst_port
                if credit_error(t, quotes, quote, key_vlan, protocol, refusal):
                    control.icmp_errors += 1
                    continue

        wire_len = np.int64(p.wire_len[k])
        payload = np.int64(p.payload_wire[k])
        fragment = p.fragment[k]
        source = p.source[k]
        ahead = np.uint64(i - ahead_from)
        is_from_a = t.ahead_from_a[ahead] != 0
        word = t.ahead_word[ahead]
        hashed = t.ahead_hash[ahead]
        if is_from_a:
            a_hi, a_lo, b_hi, b_lo = src_hi, src_lo, dst_hi, dst_lo
        else:
            a_hi, a_lo, b_hi, b_lo = dst_hi, dst_lo, src_hi, src_lo

        copy_key = p.copy_key[k]
        is_sure = p.is_copy_sure[k]
        place = copy_place(copy_key)
        known = seen_before(t.copies, place, copy_key, ts_ns, copy_window_ns)
        is_copy = known >= 0
        is_first_copy = False
        if is_copy:
            recent = t.copies[known]
            is_first_copy = recent.times == 1
            recent.times = 2
        if is_sure:
            note_share(t.shares[source], is_first_copy)
        if is_copy:
            slot = np.int64(t.copies[known].flow)
            if slot >= 0 and is_same(
                t.flows[slot], a_hi, a_lo, b_hi, b_lo, word, fragment == _LATER
            ):
                count_copy(
                    t, slot, is_from_a, ts_ns, wire_len, payload, is_sure, is_first_copy, vlan
                )
                continue
        if fragment == _LATER:
            slot = follow_later(
                t,
                src_hi,
                src_lo,
                dst_hi,
                dst_lo,
                fragment_word(protocol, np.int64(p.fragment_id[k]), key_vlan),
                ts_ns,
                wire_len,
                payload,
                is_copy,
            )
            if not is_copy:
                remember(t.copies, place, copy_key, ts_ns, slot)
            continue

        slot = find(t.buckets, t.flows, hashed, a_hi, a_lo, b_hi, b_lo, word)
        flags = np.int64(p.tcp_flags[k])
        seq = np.int64(p.tcp_seq[k])
        if slot >= 0:
            flow = t.flows[slot]
            silence = now - flow.seen_ns
            if silence > t.idle_ns[flow.kind] or (
                flags & SYN and is_another(t, slot, is_from_a, seq, silence)
            ):
                end_flow(t, out, slot, idle_reason(t, slot))
                slot = np.int64(-1)
            elif now - flow.part_ns >= control.active_ns:
                cut_part(t, out, slot)
                start_part(flow, ts_ns, p.frame_no[k], source)
        if slot < 0:
            slot = free_slot(t, out)
            is_flipped = is_answer(protocol, flags, src_port, dst_port)
            flow = t.flows[slot]
            flow.a_hi = a_hi
            flow.a_lo = a_lo
            flow.b_hi = b_hi
            flow.b_lo = b_lo
            flow.word = word
            flow.alias = 0
            flow.state = (ORIG_IS_A if is_from_a != is_flipped else 0) | (
                FLIPPED if is_flipped else 0
            )
            flow.kind = first_kind(protocol, flags)
            flow.icmp_code = dst_port & 255
            flow.vlan = vlan
            flow.tunnel = p.tunnel[k]
            flow.part = 0
            flow.part_ns = now
            flow.refused_by = 0
            flow.talk = 0
            flow.messages = 0
            flow.hash = np.uint32(hashed)
            flow.orig_mac = p.dst_mac[k] if is_flipped else p.src_mac[k]
            flow.resp_mac = p.src_mac[k] if is_flipped else p.dst_mac[k]
            flow.sure = 0
            flow.sure_copies = 0
            start_part(flow, ts_ns, p.frame_no[k], source)
            control.flow_no += 1
            flow.flow_no = control.flow_no
            control.opened += 1
            control.active += 1
            flow.seen_ns = now
            clear_side(t.sides[2 * slot])
            clear_side(t.sides[2 * slot + 1])
            put(t.buckets, hashed, slot)
            schedule(t, slot)

        flow = t.flows[slot]
        state = np.int64(flow.state)
        way = 0 if is_from_a == ((state & ORIG_IS_A) != 0) else 1
        side = t.sides[2 * slot + way]
        side.pkts += 1
        side.bytes += wire_len
        side.payload += payload
        side.data_pkts += payload > 0
        flow.sure += is_sure
        flow.seen_ns = now
        if ts_ns > flow.end_ns:
            flow.end_ns = ts_ns
        control.in_flows += 1
        if state & (SPOKE_RESP if way else SPOKE_ORIG) == 0:
            if way:
                state |= SPOKE_RESP
                flow.resp_mac = p.src_mac[k]
            else:
                state |= SPOKE_ORIG
                flow.orig_mac = p.src_mac[k]
        if protocol == TCP:
            kind = np.int64(flow.kind)
            if way and flags & RST == 0:
                state |= ANSWERED
            flow.state = state
            note_flags(flow, side, way, flags, seq)
            if flow.kind == KIND_CLOSED and kind != KIND_CLOSED:
                # The wheel may look too late now: move the flow to an earlier tick.
                unschedule(t, slot)
                schedule(t, slot)
        else:
            if way:
                state |= ANSWERED
            flow.state = state
        remember(t.copies, place, copy_key, ts_ns, slot)
        if fragment != _WHOLE:
            datagram = fragment_place(
                t,
                src_hi,
                src_lo,
                dst_hi,
                dst_lo,
                fragment_word(protocol, np.int64(p.fragment_id[k]), key_vlan),
            )
            join(t, t.fragments[datagram], slot, way)
        length = np.int64(p.payload_len[k])
        if length > 0:
            off = p.payload_off[k]
            is_wanted = flow.talk == 0 or (
                flow.talk > 0 and (t.talks[flow.talk - 1].done >> way) & 1 == 0
            )
            if is_wanted and off >= 0 and off + length <= len(p.data):
                # Data on a SYN (RFC 7413) begins behind the SYN itself.
                data_seq = (seq + 1) & 0xFFFF_FFFF if flags & SYN else seq
                keep(t, out, slot, way, protocol, ts_ns, p.data, off, length, data_seq)
            if protocol == UDP and is_message(src_port, dst_port):
                budget = control.max_answers if src_port == DNS else control.max_messages
                if flow.messages < budget:
                    flow.messages += 1
                    messages[control.out_messages] = i
                    control.out_messages += 1
                else:
                    control.messages_skipped += 1
    return len(p.ts_ns)


@kernel_inline
def is_message(src_port: Int, dst_port: Int) -> bool:
    """Tell whether a datagram is read at once: answers, and what devices say of themselves."""
    return src_port == DNS or src_port in TOLD_PORTS or dst_port in TOLD_PORTS
