"""The life of flows: the wheel of timeouts, ends, and what goes when the table is full.

A flow stands in the wheel at the tick when its timeout may have passed. Packets do not move it:
when its tick comes it is asked when it was seen last, and goes on to a later tick. So a packet
costs nothing, and a tick costs what is due in it.
"""

import numpy as np

from monitor.flow.kernel_buckets import take_out
from monitor.flow.kernel_copies import settle_copies
from monitor.flow.kernel_fragments import forget_fragments
from monitor.flow.kernel_store import hand_over, tell
from monitor.flow.kernel_words import Int, Row, Truth, Word, key_hash
from monitor.flow.tables import (
    ANSWERED,
    BLOCK,
    KIND_CLOSED,
    LINE,
    ROOM_BYTES,
    ROOM_ENDED,
    ROOM_PIECES,
    ROOM_TALKS,
    TICK_NS,
    WHEEL,
    Outbox,
    Tables,
)
from monitor.model.jit import kernel_borrowing, kernel_inline, kernel_inner, kernel_merged, prefetch
from monitor.model.words import EndReason

SPARE_ROWS = 32
"""Rows that one packet may fill in the outbox: a flow that timed out, those that go under pressure
or for lack of room, and conversations that make room in the payload store."""
SPARE_PIECES = 64 * SPARE_ROWS
SPARE_BYTES = 32768 * SPARE_ROWS
RELIEF = 8
"""Flows that are looked at under pressure whenever one opens."""
PRESSURE_SHIFT = 2
"""Under pressure timeouts are a quarter."""
CANDIDATES = 16

_IDLE, _ACTIVE = int(EndReason.IDLE), int(EndReason.ACTIVE)
_END_OF_FLOW, _FORCED = int(EndReason.END_OF_FLOW), int(EndReason.FORCED)
_NO_RESOURCES = int(EndReason.NO_RESOURCES)


@kernel_inline
def has_room(control: Row) -> Truth:
    """Tell whether the outbox can take whatever one packet may bring about."""
    return (
        control.out_ended + SPARE_ROWS <= ROOM_ENDED
        and control.out_talks + SPARE_ROWS <= ROOM_TALKS
        and control.out_pieces + SPARE_PIECES <= ROOM_PIECES
        and control.out_bytes + SPARE_BYTES <= ROOM_BYTES
    )


@kernel_inner
def schedule(t: Tables, slot: Int) -> None:
    """Enter a flow in the wheel, where its timeout may have passed."""
    control = t.control[0]
    flow = t.flows[slot]
    tick = (flow.seen_ns + t.idle_ns[flow.kind]) // TICK_NS + 1
    # The bounds keep a time at the edge of int64 from making an endless loop.
    tick = min(max(tick, control.tick + 1), control.tick + WHEEL - 1)
    spoke = tick % WHEEL
    flow.wheel_tick = tick
    flow.wheel_prev = t.wheel_tail[spoke]
    flow.wheel_next = -1
    if t.wheel_tail[spoke] >= 0:
        t.flows[t.wheel_tail[spoke]].wheel_next = slot
    else:
        t.wheel_head[spoke] = slot
    t.wheel_tail[spoke] = slot


@kernel_inner
def unschedule(t: Tables, slot: Int) -> None:
    """Take a flow out of the wheel."""
    flow = t.flows[slot]
    spoke = flow.wheel_tick % WHEEL
    if flow.wheel_prev >= 0:
        t.flows[flow.wheel_prev].wheel_next = flow.wheel_next
    else:
        t.wheel_head[spoke] = flow.wheel_next
    if flow.wheel_next >= 0:
        t.flows[flow.wheel_next].wheel_prev = flow.wheel_prev
    else:
        t.wheel_tail[spoke] = flow.wheel_prev


@kernel_borrowing
def ring(t: Tables, out: Outbox) -> bool:
    """Do what is due at the packet clock, for a caller in Python.

    Returns:
        False when the outbox is full: empty it, and call again.
    """
    return do_due(t, out)


@kernel_merged
def do_due(t: Tables, out: Outbox) -> bool:
    """Do what is due at the packet clock: conversations whose window is over, flows that fell silent.

    Returns:
        False when the outbox is full: empty it, and call again.
    """
    control = t.control[0]
    now = control.clock_ns
    while control.oldest >= 0 and now - t.talks[control.oldest].clock_ns >= control.window_ns:
        if not has_room(control):
            return False
        following = np.int64(t.talks[control.oldest].next)
        if following >= 0:
            # What lies there was written seconds ago: ask for it while this one is copied.
            flow_after = np.int64(t.talks[following].flow)
            block = np.int64(t.talks[following].head)
            for line in range(3):
                prefetch(t.flows, flow_after, line * LINE)
            for line in range(BLOCK // LINE):
                prefetch(t.pool, block * BLOCK, line * LINE)
            prefetch(t.talk_sides, 2 * following, 0)
            prefetch(t.blocks, block, 0)
            prefetch(t.talks, max(np.int64(t.talks[following].next), 0), 0)
        tell(t, out, np.int64(t.talks[control.oldest].flow))
    last = now // TICK_NS
    if control.active == 0 or not control.is_started:
        control.is_started = 1
        control.tick = last
    # After a long silence one round of the wheel meets every flow.
    control.tick = max(control.tick, last - WHEEL)
    while control.tick < last:
        tick = control.tick + 1
        control.tick = tick
        slot = np.int64(t.wheel_head[tick % WHEEL])
        while slot >= 0:
            flow = t.flows[slot]
            following = np.int64(flow.wheel_next)
            if flow.wheel_tick <= tick:
                if now - flow.seen_ns > t.idle_ns[flow.kind]:
                    if not has_room(control):
                        control.tick = tick - 1
                        return False
                    end_flow(t, out, slot, idle_reason(t, slot))
                else:
                    unschedule(t, slot)
                    schedule(t, slot)
            slot = following
    if control.fragments_pending > 0 and now >= control.fragments_due_ns:
        forget_fragments(t, now)
    alarm = (control.tick + 1) * TICK_NS
    if control.oldest >= 0:
        alarm = min(alarm, t.talks[control.oldest].clock_ns + control.window_ns)
    control.alarm_ns = alarm
    return True


@kernel_inline
def idle_reason(t: Tables, slot: Int) -> Int:
    """Return why a flow ends that is silent."""
    return _END_OF_FLOW if t.flows[slot].kind == KIND_CLOSED else _IDLE


@kernel_inner
def write_record(t: Tables, out: Outbox, slot: Int, reason: Int) -> None:
    """Put the record of a flow as it is now into the outbox."""
    control = t.control[0]
    row = control.out_ended
    out.flows[row] = t.flows[slot]
    out.sides[2 * row] = t.sides[2 * slot]
    out.sides[2 * row + 1] = t.sides[2 * slot + 1]
    out.reason[row] = reason
    settle_copies(t, out, slot, row)
    control.out_ended += 1


@kernel_inner
def end_flow(t: Tables, out: Outbox, slot: Int, reason: Int) -> None:
    """End a flow: hand on its conversation, write its record, free its place."""
    control = t.control[0]
    flow = t.flows[slot]
    if flow.talk > 0:
        hand_over(t, out, slot)
    write_record(t, out, slot, reason)
    unschedule(t, slot)
    take_out(t.buckets, np.uint64(flow.hash), slot)
    if flow.alias != 0:
        hashed = key_hash(flow.a_hi, flow.a_lo, flow.b_hi, flow.b_lo, flow.alias, control.seed)
        take_out(t.buckets, hashed, slot)
        control.aliases -= 1
    flow.word = 0
    flow.alias = 0
    flow.flow_no = 0
    flow.wheel_next = control.free_flow
    control.free_flow = slot
    control.active -= 1
    t.ended[reason] += 1


@kernel_inner
def cut_part(t: Tables, out: Outbox, slot: Int) -> None:
    """Write the part of a flow that the active timeout ends, and begin the next."""
    control = t.control[0]
    flow = t.flows[slot]
    write_record(t, out, slot, np.int64(_ACTIVE))
    control.parts += 1
    flow.part = min(np.int64(flow.part) + 1, 0xFFFF)
    flow.part_ns = control.clock_ns
    flow.messages = 0
    flow.sure = 0
    flow.sure_copies = 0
    for way in range(2):
        side = t.sides[2 * slot + way]
        side.pkts = 0
        side.bytes = 0
        side.payload = 0
        side.data_pkts = 0
        side.copies = 0
        side.copy_bytes = 0
        side.copy_payload = 0
        side.copy_data_pkts = 0
        side.flags = 0


@kernel_merged
def free_slot(t: Tables, out: Outbox) -> Int:
    """Return the place for a new flow; when all are taken, the least valuable flow goes."""
    control = t.control[0]
    if control.is_pressed or control.active >= control.high_water:
        relieve(t, out)
    slot = np.int64(control.free_flow)
    if slot >= 0:
        control.free_flow = t.flows[slot].wheel_next
        return slot
    slot = np.int64(control.fresh_flow)
    control.fresh_flow += 1
    return slot


@kernel_inner
def relieve(t: Tables, out: Outbox) -> None:
    """End flows before their time while the table is nearly full.

    Policy: at the high-water mark the timeouts are a quarter for the flows that a clock hand
    comes by; a full table gives up one of the next few under the hand.
    """
    control = t.control[0]
    if not control.is_pressed and control.active >= control.high_water:
        control.is_pressed = 1
        control.pressure_steps += 1
    if control.is_pressed:
        for _ in range(RELIEF):
            slot = next_under_hand(t)
            flow = t.flows[slot]
            limit = t.idle_ns[flow.kind] >> PRESSURE_SHIFT
            if flow.word != 0 and control.clock_ns - flow.seen_ns > limit:
                end_flow(t, out, slot, idle_reason(t, slot))
        if control.active <= control.low_water:
            control.is_pressed = 0
        if control.active >= control.max_flows:
            end_flow(t, out, least_valuable(t), np.int64(_NO_RESOURCES))


@kernel_inline
def next_under_hand(t: Tables) -> Int:
    """Move the clock hand one flow on, and return the one it left."""
    control = t.control[0]
    slot = np.int64(control.hand)
    control.hand = slot + 1
    if slot + 1 >= control.fresh_flow:
        control.hand = 0
    return slot


@kernel_inner
def least_valuable(t: Tables) -> Int:
    """Return the flow to give up among a few of a full table.

    Unanswered without payload comes first, then the one that was silent longest.
    """
    best = np.int64(-1)
    best_is_poor = False
    best_seen = np.int64(0)
    for _ in range(CANDIDATES):
        slot = next_under_hand(t)
        flow = t.flows[slot]
        is_poor = flow.talk == 0 and (flow.state & ANSWERED) == 0
        if (
            best < 0
            or (is_poor and not best_is_poor)
            or (is_poor == best_is_poor and flow.seen_ns < best_seen)
        ):
            best = slot
            best_is_poor = is_poor
            best_seen = flow.seen_ns
    return best


@kernel_borrowing
def flush(t: Tables, out: Outbox, first: Int) -> Int:
    """End every flow from slot `first` on, as far as the outbox has room.

    Returns:
        The slot to go on from, or -1 when all are done.
    """
    control = t.control[0]
    for slot in range(first, control.fresh_flow):
        flow = t.flows[slot]
        if flow.word != 0:
            if not has_room(control):
                return slot
            is_over = (
                flow.kind == KIND_CLOSED or control.clock_ns - flow.seen_ns > t.idle_ns[flow.kind]
            )
            end_flow(t, out, slot, idle_reason(t, slot) if is_over else _FORCED)
    forget_fragments(t, np.iinfo(np.int64).max)
    return -1


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
