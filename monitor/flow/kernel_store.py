"""The payload store: chains of blocks, written piece by piece, and handed over in order.

The payload of a flow is one chain of blocks for both sides, in the order seen: a header of two
words (sequence number; length and side), then the bytes. A header lies in one block. All loops
are bounded by the length of a chain, which the budgets bound.
"""

import numpy as np

from monitor.flow.kernel_words import TCP, Int, Row, behind
from monitor.flow.tables import BLOCK, LINE, MOST_PIECES, Outbox, Tables
from monitor.model.arrays import U8
from monitor.model.jit import kernel_inline, kernel_inner, kernel_merged, prefetch

HEADER = 8


@kernel_inline
def copy_run(to: U8, to_off: Int, source: U8, off: Int, length: Int) -> None:
    """Copy bytes. The callers have checked both ranges."""
    # Trap: unsigned places. With signed ones the test for negative indices stays in the loop,
    # which then copies byte by byte.
    at, begin = np.uint64(to_off), np.uint64(off)
    for i in range(length):
        step = np.uint64(i)
        to[at + step] = source[begin + step]


@kernel_merged
def append(t: Tables, talk: Row, way: Int, data: U8, off: Int, length: Int, seq: Int) -> None:
    """Write one piece at the end of a chain; the caller has made room.

    Bound: a position in the pool is a block number times BLOCK and at most BLOCK more.
    """
    used: Int = (np.int64(talk.used) + 3) & ~3
    if used + HEADER > BLOCK:
        add_block(t, talk)
        used = 0
    word = (np.int64(talk.tail) * BLOCK + used) >> 2
    t.pool_words[word] = seq
    t.pool_words[word + 1] = length | way << 16
    used += HEADER
    while length > 0:
        if used == BLOCK:
            add_block(t, talk)
            used = 0
        step = min(length, BLOCK - used)
        copy_run(t.pool, np.int64(talk.tail) * BLOCK + used, data, off, step)
        off += step
        used += step
        length -= step
    talk.used = used
    talk.pieces += 1


@kernel_inner
def add_block(t: Tables, talk: Row) -> None:
    """Add a free block to a chain."""
    control = t.control[0]
    block = control.free_block
    if block >= 0:
        following: Int = max(np.int64(t.blocks[block]), 0)
        control.free_block = t.blocks[block]
        # It was emptied a while ago: whoever takes it next finds it at hand.
        for line in range(BLOCK // LINE):
            prefetch(t.pool, following * BLOCK, line * LINE)
        prefetch(t.blocks, following, 0)
    else:
        block = control.fresh_block
        control.fresh_block += 1
    control.blocks_left -= 1
    t.blocks[block] = -1
    if talk.tail >= 0:
        t.blocks[talk.tail] = block
    else:
        talk.head = block
    talk.tail = block
    talk.blocks += 1


@kernel_inner
def hand_over(t: Tables, out: Outbox, slot: Int) -> None:
    """Do what `tell` does, where it is done seldom."""
    tell(t, out, slot)


@kernel_merged
def tell(t: Tables, out: Outbox, slot: Int) -> None:
    """Put the conversation of a flow into the outbox, and free what it held.

    Bound: the caller has made sure that the outbox has room for it.
    """
    control = t.control[0]
    flow = t.flows[slot]
    number = np.int64(flow.talk) - 1
    talk = t.talks[number]
    first_piece = control.out_pieces
    if (np.int64(flow.word) >> 48) & 255 == TCP:
        find_segments(t, talk)
        for way in range(2):
            side = t.talk_sides[2 * number + way]
            if side.is_open:
                put_in_order(t, out, talk, side, way)
    else:
        put_datagrams(t, out, talk)
    if control.out_pieces > first_piece:
        row = out.talks[control.out_talks]
        row.flow_no = flow.flow_no
        row.first_ns = talk.first_ns
        row.piece_end = control.out_pieces
        out.talk_flows[control.out_talks] = t.flows[slot]
        control.out_talks += 1

    t.blocks[talk.tail] = control.free_block
    control.free_block = talk.head
    control.blocks_left += talk.blocks
    if talk.prev >= 0:
        t.talks[talk.prev].next = talk.next
    else:
        control.oldest = talk.next
    if talk.next >= 0:
        t.talks[talk.next].prev = talk.prev
    else:
        control.youngest = talk.prev
    talk.next = control.free_talk
    control.free_talk = number
    flow.talk = -1


@kernel_inline
def end_piece(out: Outbox, control: Row, end: Int, way: Int) -> None:
    """Note that a piece ends at byte `end` of the outbox."""
    out.piece_end[control.out_pieces] = end
    out.is_orig[control.out_pieces] = way == 0
    control.out_pieces += 1
    control.out_bytes = end


@kernel_merged
def put_datagrams(t: Tables, out: Outbox, talk: Row) -> None:
    """Copy the pieces of a chain to the outbox, in the order seen."""
    control = t.control[0]
    block = np.int64(talk.head)
    used = 0
    for _ in range(talk.pieces):
        used = (used + 3) & ~3
        if used + HEADER > BLOCK:
            block = np.int64(t.blocks[block])
            used = 0
        head = np.int64(t.pool_words[((block * BLOCK + used) >> 2) + 1])
        length = head & 0xFFFF
        end = control.out_bytes + length
        block, used = copy_bytes(t, out.data, control.out_bytes, block, used + HEADER, length)
        end_piece(out, control, end, head >> 16)


@kernel_merged
def copy_bytes(t: Tables, to: U8, at: Int, block: Int, used: Int, length: Int) -> tuple[Int, Int]:
    """Copy bytes of a chain to ``to[at:]``; return the place behind them."""
    while length > 0:
        if used == BLOCK:
            block = np.int64(t.blocks[block])
            used = 0
        step = min(length, BLOCK - used)
        copy_run(to, at, t.pool, block * BLOCK + used, step)
        at += step
        used += step
        length -= step
    return block, used


@kernel_merged
def find_segments(t: Tables, talk: Row) -> None:
    """Note where the segments of a chain lie: five numbers each in the scratch table."""
    block = np.int64(talk.head)
    used = 0
    pieces: Int = min(np.int64(talk.pieces), MOST_PIECES)
    for piece in range(pieces):
        used = (used + 3) & ~3
        if used + HEADER > BLOCK:
            block = np.int64(t.blocks[block])
            used = 0
        word = (block * BLOCK + used) >> 2
        head = np.int64(t.pool_words[word + 1])
        length: Int = head & 0xFFFF
        used += HEADER
        t.scratch[5 * piece] = np.int64(t.pool_words[word])
        t.scratch[5 * piece + 1] = length
        t.scratch[5 * piece + 2] = head >> 16
        t.scratch[5 * piece + 3] = block
        t.scratch[5 * piece + 4] = used
        while length > 0:
            if used == BLOCK:
                block = np.int64(t.blocks[block])
                used = 0
            step: Int = min(length, BLOCK - used)
            used += step
            length -= step


@kernel_merged
def put_in_order(t: Tables, out: Outbox, talk: Row, side: Row, way: Int) -> None:
    """Lay the segments of one side at their places in the outbox, up to the first gap.

    The last that came is laid down first, so that where two overlap the one that was there first
    stands: a later one cannot rewrite what was seen.
    """
    control = t.control[0]
    base = np.int64(side.base)
    wanted = np.int64(side.wanted)
    pieces: Int = min(np.int64(talk.pieces), MOST_PIECES)
    for piece in range(pieces - 1, -1, -1):
        at = behind(t.scratch[5 * piece], base)
        if t.scratch[5 * piece + 2] == way and 0 <= at < wanted:
            take = min(t.scratch[5 * piece + 1], wanted - at)
            copy_bytes(
                t,
                out.data,
                control.out_bytes + at,
                t.scratch[5 * piece + 3],
                t.scratch[5 * piece + 4],
                take,
            )
    edge = 0
    is_moving = True
    while is_moving:
        is_moving = False
        for piece in range(pieces):
            if t.scratch[5 * piece + 2] == way:
                at = behind(t.scratch[5 * piece], base)
                end = min(at + t.scratch[5 * piece + 1], wanted)
                if at <= edge < end:
                    edge = end
                    is_moving = True
    if edge > 0:
        end_piece(out, control, control.out_bytes + edge, way)
