"""The loop over packets: time, mirror copies, the flow of each packet, and what it changes there.

Trap: Numba's cache on disk looks at this file alone. Whoever edits another ``kernel_*.py`` must
touch this one as well, or old machine code runs.
"""

from typing import NamedTuple

import numpy as np

from monitor.flow.kernel_buckets import find, put
from monitor.flow.kernel_copies import copy_place, count_copy, note_share, remember, seen_before
from monitor.flow.kernel_fragments import fragment_place, fragment_word, hold, join
from monitor.flow.kernel_payload import keep
from monitor.flow.kernel_prefetch import look_ahead
from monitor.flow.kernel_table import (
    cut_part,
    end_flow,
    free_slot,
    has_room,
    idle_reason,
    ring,
    schedule,
    unschedule,
)
from monitor.flow.kernel_words import (
    ACK,
    FIN,
    ICMP,
    ICMPV6,
    RST,
    SYN,
    TCP,
    UDP,
    VLAN_MASK,
    Int,
    Row,
    Truth,
    Word,
    key_hash,
    key_ports,
    key_word,
)
from monitor.flow.tables import (
    ANSWERED,
    FIN_ORIG,
    FIN_RESP,
    FLIPPED,
    KIND_CLOSED,
    KIND_HALF_OPEN,
    KIND_ICMP,
    KIND_OTHER,
    KIND_TCP,
    KIND_UDP,
    NO_VLAN_KEY,
    ORIG_IS_A,
    SAW_RESET,
    SAW_SYN,
    SAW_SYN_ACK,
    SPOKE_ORIG,
    SPOKE_RESP,
    Outbox,
    Tables,
)
from monitor.model.arrays import I64, U8, U16, U32, U64, Bool
from monitor.model.jit import kernel_borrowing, kernel_inline, kernel_inner
from monitor.model.words import EndReason, Fragment

_END_OF_FLOW, _IDLE = int(EndReason.END_OF_FLOW), int(EndReason.IDLE)
_WHOLE, _LATER = int(Fragment.WHOLE), int(Fragment.LATER)

REFUSED_BY_RESET = 1
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


class QuoteColumns(NamedTuple):
    """The columns of a QuoteBatch."""

    row: I64
    protocol: U8
    src_hi: U64
    src_lo: U64
    dst_hi: U64
    dst_lo: U64
    src_port: U16
    dst_port: U16


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
        if now >= control.alarm_ns and not ring(t, out):
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
        if is_sure:
            note_share(t.shares[source], is_copy)
        if is_copy:
            slot = np.int64(t.copies[known].flow)
            if slot >= 0 and is_same(
                t.flows[slot], a_hi, a_lo, b_hi, b_lo, word, fragment == _LATER
            ):
                count_copy(t, slot, is_from_a, ts_ns, wire_len, payload, is_sure, vlan)
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
            is_flipped = protocol == TCP and flags & (SYN | ACK) == SYN | ACK
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


@kernel_inline
def first_kind(protocol: Int, flags: Int) -> Int:
    """Return the kind of a flow that opens with this packet."""
    if protocol == TCP:
        return KIND_HALF_OPEN if flags & (SYN | ACK | RST) == SYN else KIND_TCP
    if protocol == UDP:
        return KIND_UDP
    return KIND_ICMP if protocol in (ICMP, ICMPV6) else KIND_OTHER


@kernel_inline
def start_part(flow: Row, ts_ns: Int, frame_no: Word, source: Int) -> None:
    """Let the record of a flow begin with a packet."""
    flow.start_ns = ts_ns
    flow.end_ns = ts_ns
    flow.copy_end_ns = ts_ns
    flow.frame_no = frame_no
    flow.source = source


@kernel_inline
def clear_side(side: Row) -> None:
    """Set what one side sent to nothing."""
    side.pkts = 0
    side.bytes = 0
    side.payload = 0
    side.data_pkts = 0
    side.copies = 0
    side.copy_bytes = 0
    side.copy_payload = 0
    side.copy_data_pkts = 0
    side.flags = 0
    side.has_base = 0


@kernel_inline
def note_flags(flow: Row, side: Row, way: Int, flags: Int, seq: Int) -> None:
    """Move the state of a TCP flow on."""
    side.flags |= flags
    if flags & (SYN | FIN | RST) == 0:
        if flow.kind == KIND_HALF_OPEN:
            flow.kind = KIND_TCP
        return
    if flags & SYN:
        side.base = (seq + 1) & 0xFFFF_FFFF
        side.has_base = 1
        if way:
            flow.kind = KIND_TCP if flow.kind == KIND_HALF_OPEN else flow.kind
            if flags & ACK:
                flow.state |= SAW_SYN_ACK
        elif flags & ACK == 0:
            flow.state |= SAW_SYN
    if flags & FIN:
        flow.state |= FIN_RESP if way else FIN_ORIG
    if flags & RST:
        flow.state |= SAW_RESET
        if way and flow.state & ANSWERED == 0:
            flow.refused_by = REFUSED_BY_RESET
    if flow.state & SAW_RESET or flow.state & (FIN_ORIG | FIN_RESP) == FIN_ORIG | FIN_RESP:
        flow.kind = KIND_CLOSED


@kernel_inner
def is_another(t: Tables, slot: Int, is_from_a: bool, seq: Int, silence: Int) -> Truth:
    """Tell whether a SYN opens another connection than the one that the flow follows.

    A repeated SYN has the sequence number of the first. Another number means another connection
    when the flow is closed, or silent for longer than a half-open one may be (RFC 9293 §3.6.1:
    a reused port after a restart); within a live connection it is noise.
    """
    flow = t.flows[slot]
    way = 0 if is_from_a == ((flow.state & ORIG_IS_A) != 0) else 1
    side = t.sides[2 * slot + way]
    if side.has_base and np.int64(side.base) == (seq + 1) & 0xFFFF_FFFF:
        return False
    return flow.kind == KIND_CLOSED or silence > t.idle_ns[KIND_HALF_OPEN]


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


@kernel_inner
def credit_error(
    t: Tables, quotes: QuoteColumns, row: Int, vlan: Int, protocol: Int, refusal: Int
) -> bool:
    """Credit an ICMP error to the flow whose packet it quotes; False when there is none.

    It refuses the flow when it quotes the originator and says that the packet did not arrive:
    not a redirect or quench (RFC 792), nor a packet that is merely too big (RFC 1191, 4443).
    """
    control = t.control[0]
    quoted = np.int64(quotes.protocol[row])
    src_port, dst_port = key_ports(
        quoted, np.int64(quotes.src_port[row]), np.int64(quotes.dst_port[row])
    )
    src_hi, src_lo = quotes.src_hi[row], quotes.src_lo[row]
    dst_hi, dst_lo = quotes.dst_hi[row], quotes.dst_lo[row]
    is_from_a = src_hi < dst_hi or (
        src_hi == dst_hi and (src_lo < dst_lo or (src_lo == dst_lo and src_port <= dst_port))
    )
    if is_from_a:
        a_hi, a_lo, b_hi, b_lo = src_hi, src_lo, dst_hi, dst_lo
        word = key_word(src_port, dst_port, vlan, quoted)
    else:
        a_hi, a_lo, b_hi, b_lo = dst_hi, dst_lo, src_hi, src_lo
        word = key_word(dst_port, src_port, vlan, quoted)
    hashed = key_hash(a_hi, a_lo, b_hi, b_lo, word, control.seed)
    slot = find(t.buckets, t.flows, hashed, a_hi, a_lo, b_hi, b_lo, word)
    if slot < 0:
        return False
    flow = t.flows[slot]
    if control.clock_ns - flow.seen_ns > t.idle_ns[flow.kind]:
        return False
    icmp_type = refusal >> 8
    if protocol == ICMP:
        is_refusal = (icmp_type == 3 and refusal & 255 != 4) or icmp_type in (11, 12)
    else:
        is_refusal = icmp_type in (1, 3, 4)
    is_quoting_orig = is_from_a == ((flow.state & ORIG_IS_A) != 0)
    if is_refusal and is_quoting_orig and flow.state & ANSWERED == 0 and flow.refused_by == 0:
        flow.refused_by = refusal
    return True
