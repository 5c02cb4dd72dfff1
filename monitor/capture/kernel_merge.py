"""Frames of several inputs into one order, and their bytes into one buffer."""

import numpy as np

from monitor.model.arrays import I32, I64, U8, U16, U32, U64
from monitor.model.jit import kernel

DRY = 0
"""A lane has no more frames at hand."""

FULL = 1
"""The output has no room for the next frame."""

LIMIT = 2
"""The next frame is not before the limit."""


@kernel
def merge_order(
    ts_ns: I64,
    cap_len: U32,
    at: I64,
    stop: I64,
    rank: I64,
    limit_ns: int,
    limit_rank: int,
    out_lane: I64,
    out_row: I64,
    out_off: I64,
    n: int,
    used: int,
    room: int,
) -> tuple[int, int, int]:
    """Choose frames from several lanes, always the one whose next frame is earliest.

    The order inside a lane is kept, even where its times fall. Equal times go by rank.

    Args:
        ts_ns: Times of the frames at hand, shape (lanes, rows).
        cap_len: Their captured lengths, shape (lanes, rows).
        at: Next row of each lane, below `stop`; moved on by this call, shape (lanes,).
        stop: First row behind the last of each lane, shape (lanes,).
        rank: Rank of each lane, all different, shape (lanes,).
        limit_ns: Time of the next frame of an input that is not open yet.
        limit_rank: The rank of that input.
        out_lane: Lane of each chosen frame, filled from `n` on; its length bounds the output.
        out_row: Row of it in its lane.
        out_off: First byte of it in the output.
        n: Rows of the output in use.
        used: Bytes of the output in use.
        room: Bytes of the output.

    Returns:
        (rows in use, bytes in use, one of `DRY`, `FULL`, `LIMIT`).
    """
    lanes = len(at)
    rows = len(out_lane)
    while True:
        best, next_ns, next_rank = -1, limit_ns, limit_rank
        for lane in range(lanes):
            # at[lane] < stop[lane] <= rows of ts_ns: the caller refills dry lanes.
            time, order = ts_ns[lane, at[lane]], rank[lane]
            if best < 0:
                is_better = time < next_ns or (time == next_ns and order < next_rank)
                if is_better:
                    best = lane
                continue
            best_ns = ts_ns[best, at[best]]
            if time < best_ns or (time == best_ns and order < rank[best]):
                next_ns, next_rank = best_ns, rank[best]
                best = lane
            elif time < next_ns or (time == next_ns and order < next_rank):
                next_ns, next_rank = time, order
        if best < 0:
            return n, used, LIMIT
        row, last, order = at[best], stop[best], rank[best]
        while row < last:
            time, length = ts_ns[best, row], cap_len[best, row]
            if time > next_ns or (time == next_ns and order > next_rank):
                break
            if n == rows or used + length > room:
                at[best] = row
                return n, used, FULL
            out_lane[n], out_row[n], out_off[n] = best, row, used
            used += length
            n += 1
            row += 1
        at[best] = row
        if row == last:
            return n, used, DRY


@kernel
def copy_lane(
    lane: int,
    first: int,
    n: int,
    out_lane: I64,
    out_row: I64,
    out_off: I64,
    data: U8,
    off: I64,
    cap_len: U32,
    wire_len: U32,
    ts_ns: I64,
    link_type: U16,
    vlan_tci: I32,
    frame_no: U64,
    source: int,
    to_data: U8,
    to_cap_len: U32,
    to_wire_len: U32,
    to_ts_ns: I64,
    to_link_type: U16,
    to_vlan_tci: I32,
    to_frame_no: U64,
    to_source: U16,
) -> None:
    """Copy the frames that `merge_order` chose from one lane.

    Args:
        lane: The lane that `data` and the columns after it belong to.
        first: First row of the output to look at.
        n: First row behind the last one.
        out_lane: As `merge_order` filled it, like the two that follow.
        out_row: Row in the lane.
        out_off: First byte in the output.
        data: Bytes of the lane's batch.
        off: Column of the lane's batch, like the six that follow.
        cap_len: Column of the batch.
        wire_len: Column of the batch.
        ts_ns: Column of the batch.
        link_type: Column of the batch.
        vlan_tci: Column of the batch.
        frame_no: Column of the batch.
        source: Index of the lane's input.
        to_data: Bytes of the output; `merge_order` left room for every chosen frame.
        to_cap_len: Column of the output, like the six that follow.
        to_wire_len: Column of the output.
        to_ts_ns: Column of the output.
        to_link_type: Column of the output.
        to_vlan_tci: Column of the output.
        to_frame_no: Column of the output.
        to_source: Column of the output.
    """
    for i in range(first, n):
        if out_lane[i] != lane:
            continue
        row = out_row[i]
        start, length, to = off[row], np.int64(cap_len[row]), out_off[i]
        # Views, whose indices are plainly not negative: only then is the loop vectorised, six
        # times as fast on frames of 200 bytes.
        copy, frame = to_data[to : to + length], data[start : start + length]
        for j in range(length):
            copy[j] = frame[j]
        to_cap_len[i] = length
        to_wire_len[i] = wire_len[row]
        to_ts_ns[i] = ts_ns[row]
        to_link_type[i] = link_type[row]
        to_vlan_tci[i] = vlan_tci[row]
        to_frame_no[i] = frame_no[row]
        to_source[i] = source
