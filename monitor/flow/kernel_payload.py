"""The first payload of flows: what is kept of it, and when it is handed on."""

import numpy as np

from monitor.flow.kernel_store import HEADER, append, hand_over
from monitor.flow.kernel_words import TCP, Int, Row, behind
from monitor.flow.tables import BLOCK, Outbox, Tables
from monitor.model.arrays import U8
from monitor.model.jit import kernel_inner, kernel_merged

TLS_HANDSHAKE = 0x16
CLIENT_HELLO = 1
BASE_IS_LOWEST, BASE_FROM_SYN = 1, 2


@kernel_merged
def keep(
    t: Tables,
    out: Outbox,
    slot: Int,
    way: Int,
    protocol: Int,
    ts_ns: Int,
    data: U8,
    off: Int,
    length: Int,
    seq: Int,
) -> None:
    """Keep payload of a flow as far as its budgets go, and hand the conversation on when full.

    Bound: the caller has checked that ``off:off + length`` lies within `data`.
    """
    control = t.control[0]
    flow = t.flows[slot]
    if protocol != TCP:
        take = min(length, control.datagram_bytes)
        if control.datagrams == 0 or take == 0 or not make_room(t, out, slot, take, ts_ns):
            return
        talk = t.talks[flow.talk - 1]
        side = t.talk_sides[2 * (flow.talk - 1) + way]
        append(t, talk, way, data, off, take, np.int64(0))
        side.pieces += 1
        if side.pieces >= control.datagrams:
            talk.done |= 1 << way
            if talk.done == 3:
                hand_over(t, out, slot)
        return

    sender = t.sides[2 * slot + way]
    budget = control.orig_bytes if way == 0 else control.resp_bytes
    wanted = budget
    base = np.int64(sender.base) if sender.has_base else seq
    edge = base
    is_open = False
    is_sure = sender.has_base != 0
    if flow.talk > 0:
        known = t.talk_sides[2 * (flow.talk - 1) + way]
        if known.is_open:
            is_open = True
            is_sure = known.is_open == BASE_FROM_SYN
            base = np.int64(known.base)
            edge = np.int64(known.edge)
            wanted = np.int64(known.wanted)
    if is_sure and not is_open and length > 1 and seq == (base - 1) & 0xFFFF_FFFF:
        # Data that is numbered from the SYN itself, against RFC 9293 §3.4: crude stacks and makers
        # of captures do it. A single byte there is a keep-alive probe, §3.8.4.
        base = seq
        edge = base
    at = behind(seq, base)
    if at < 0 and (is_sure or -at > budget):
        off -= at
        length += at
        at = 0
    if way == 0 and at <= 0:
        wanted = min(wanted, hello_length(data, off, length, budget))
    take = min(length, wanted - max(at, 0))
    if take <= 0 or (is_open and at >= 0 and at + take <= behind(edge, base)):
        return
    if not make_room(t, out, slot, take, ts_ns):
        return
    talk = t.talks[flow.talk - 1]
    side = t.talk_sides[2 * (flow.talk - 1) + way]
    if not is_open:
        # A SYN that comes later does not move what is collected already.
        side.is_open = BASE_FROM_SYN if is_sure else BASE_IS_LOWEST
        side.base = base
        side.edge = base
    side.wanted = wanted
    move_edge(side, (base + at) & 0xFFFF_FFFF, take)
    append(t, talk, way, data, off, take, (base + at) & 0xFFFF_FFFF)
    side.pieces += 1
    side.stored += take
    if (
        behind(np.int64(side.edge), np.int64(side.base)) >= wanted
        or side.pieces >= control.segments
        or side.stored >= budget
    ):
        talk.done |= 1 << way
        if talk.done == 3:
            hand_over(t, out, slot)


@kernel_inner
def hello_length(data: U8, off: Int, length: Int, budget: Int) -> Int:
    """Return how much of a stream's start a TLS ClientHello fills, if it lies in one record.

    Otherwise the whole budget: where later records begin is not known before they come.
    """
    if length < 9 or data[off] != TLS_HANDSHAKE or data[off + 1] != 3:
        return budget
    record = np.int64(data[off + 3]) << 8 | np.int64(data[off + 4])
    message = np.int64(data[off + 6]) << 16 | np.int64(data[off + 7]) << 8 | np.int64(data[off + 8])
    if data[off + 5] != CLIENT_HELLO or message + 4 > record:
        return budget
    return min(budget, 5 + record)


@kernel_inner
def move_edge(side: Row, seq: Int, length: Int) -> None:
    """Move the edge of a stream on for a segment, over segments that came before their turn.

    One such run is remembered. With more of them the edge may lie too low: then the conversation
    waits for its window, and loses nothing.
    """
    base = np.int64(side.base)
    end = (seq + length) & 0xFFFF_FFFF
    if behind(seq, base) < 0:
        # Seen from the middle, and this is older: the stream begins here.
        if behind(end, base) < 0:
            side.early_from = side.base
            side.early_to = side.edge
            side.edge = end
        elif behind(end, np.int64(side.edge)) > 0:
            side.edge = end
        side.base = seq
    elif behind(seq, np.int64(side.edge)) <= 0:
        if behind(end, np.int64(side.edge)) > 0:
            side.edge = end
    elif side.early_from == side.early_to:
        side.early_from = seq
        side.early_to = end
    elif behind(seq, np.int64(side.early_to)) <= 0 and behind(end, np.int64(side.early_from)) >= 0:
        if behind(seq, np.int64(side.early_from)) < 0:
            side.early_from = seq
        if behind(end, np.int64(side.early_to)) > 0:
            side.early_to = end
    if (
        side.early_from != side.early_to
        and behind(np.int64(side.early_from), np.int64(side.edge)) <= 0
    ):
        if behind(np.int64(side.early_to), np.int64(side.edge)) > 0:
            side.edge = side.early_to
        side.early_from = side.early_to


@kernel_inner
def make_room(t: Tables, out: Outbox, slot: Int, take: Int, ts_ns: Int) -> bool:
    """Make room for `take` bytes, and a talk for the flow; the oldest talks go when there is none.

    Returns:
        False when the talk of this very flow had to go.
    """
    control = t.control[0]
    flow = t.flows[slot]
    while control.blocks_left < (take + HEADER) // BLOCK + 2:
        control.windows_cut += 1
        hand_over(t, out, np.int64(t.talks[control.oldest].flow))
    if flow.talk < 0:
        return False
    if flow.talk > 0:
        return True
    number = control.free_talk
    if number >= 0:
        control.free_talk = t.talks[number].next
    else:
        # Bound: there are as many talks as blocks, and each talk holds a block.
        number = control.fresh_talk
        control.fresh_talk += 1
    talk = t.talks[number]
    talk.first_ns = ts_ns
    talk.clock_ns = control.clock_ns
    talk.flow = slot
    talk.prev = control.youngest
    talk.next = -1
    talk.head = -1
    talk.tail = -1
    talk.used = BLOCK
    talk.done = 0
    talk.pieces = 0
    talk.blocks = 0
    for way in range(2):
        side = t.talk_sides[2 * number + way]
        side.early_from = 0
        side.early_to = 0
        side.stored = 0
        side.pieces = 0
        side.is_open = 0
    if control.youngest >= 0:
        t.talks[control.youngest].next = number
    else:
        control.oldest = number
        control.alarm_ns = min(control.alarm_ns, control.clock_ns + control.window_ns)
    control.youngest = number
    flow.talk = number + 1
    return True
