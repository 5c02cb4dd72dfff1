"""The loop over packets: which VLANs, stations and conversations the mirror shows."""

from typing import NamedTuple

import numpy as np

from monitor.coverage.kernel_hosts import NOT_SITE, Int, station
from monitor.coverage.kernel_tcp import conversation, follow, note_vlan, settle, vlan_place
from monitor.coverage.tables import COPIES, MARKS, Tables
from monitor.model.arrays import I64, MAC_NONE, U8, U16, U32, U64, Bool
from monitor.model.jit import kernel_borrowing
from monitor.model.words import Fragment, Stop

_NOT_IP = int(Stop.NOT_IP)
_WHOLE = int(Fragment.WHOLE)
_TCP = 6
COPY_WINDOW_NS = 1_000_000
"""Equal packets this close are copies that a mirror made; the flow stage holds the same."""

S16, S32, S40 = np.uint64(16), np.uint64(32), np.uint64(40)
ZERO, ONE = np.uint64(0), np.uint64(1)
NO_MAC = np.uint64(MAC_NONE)


class PacketColumns(NamedTuple):
    """The columns of a PacketBatch that the kernel reads."""

    ts_ns: I64
    wire_len: U32
    stop: U8
    vlan: U16
    src_mac: U64
    dst_mac: U64
    src_hi: U64
    src_lo: U64
    dst_hi: U64
    dst_lo: U64
    protocol: U8
    fragment: U8
    src_port: U16
    dst_port: U16
    tcp_flags: U8
    tcp_seq: U32
    tcp_ack: U32
    payload_wire: U32
    copy_key: U64
    is_copy_sure: Bool


@kernel_borrowing
def watch(p: PacketColumns, t: Tables, first: Int) -> Int:
    """Look at the packets from row `first` on, until one belongs to a later interval.

    Bound: rows are below the length of the columns; places in tables come from masks and from
    `vlan_place`; lists of used places are as long as their tables.

    Returns:
        The row to go on from, once the interval is closed or the marks are read; else the number
        of rows.
    """
    control = t.control[0]
    for i in range(first, len(p.ts_ns)):
        k = np.uint64(i)
        ts_ns = p.ts_ns[k]
        if ts_ns >= control.end_ns or control.marks == MARKS:
            return i
        vlan = vlan_place(np.int64(p.vlan[k]))
        wire_len = np.int64(p.wire_len[k])
        src_mac, dst_mac = p.src_mac[k], p.dst_mac[k]
        row = t.vlans[vlan]
        if row.frames == 0:
            t.used_vlans[control.vlans] = vlan
            control.vlans += 1
            row.first_ns = ts_ns
            row.last_ns = ts_ns
        row.frames += 1
        row.bytes += wire_len
        row.first_ns = min(row.first_ns, ts_ns)
        row.last_ns = max(row.last_ns, ts_ns)
        stop = p.stop[k]
        if stop != 0:
            row.not_ip += 1
            if stop == _NOT_IP:
                t.marks[control.marks] = i
                control.marks += 1
            at = station(t, ZERO, ZERO, src_mac, vlan, ts_ns) if src_mac != NO_MAC else -1
            if at >= 0:
                one = t.stations[at]
                one.sent += 1
                one.sent_bytes += wire_len
                one.last_ns = max(one.last_ns, ts_ns)
                row.from_camera += one.is_camera
                row.from_camera_bytes += wire_len * one.is_camera
            continue

        src_hi, src_lo, dst_hi, dst_lo = p.src_hi[k], p.src_lo[k], p.dst_hi[k], p.dst_lo[k]
        is_copy = False
        if p.is_copy_sure[k]:
            row.sure += 1
            key = p.copy_key[k]
            recent = t.copies[(key ^ key >> S32) & np.uint64(COPIES - 1)]
            is_copy = (
                recent.is_used != 0
                and recent.key == key
                and abs(ts_ns - recent.ts_ns) <= COPY_WINDOW_NS
            )
            row.copies += is_copy
            if not is_copy:
                recent.key = key
                recent.ts_ns = ts_ns
                recent.is_used = 1

        is_inside = False
        if not is_copy:
            # A group MAC (bit 40) is for all: it does not show that a camera is spoken to.
            is_alone = (dst_mac >> S40) & ONE == ZERO or dst_mac == NO_MAC
            sender = station(t, src_hi, src_lo, src_mac, vlan, ts_ns)
            receiver = station(t, dst_hi, dst_lo, dst_mac, vlan, ts_ns) if is_alone else NOT_SITE
            is_inside = NOT_SITE not in (sender, receiver)
            if sender >= 0:
                one = t.stations[sender]
                one.sent += 1
                one.sent_bytes += wire_len
                one.last_ns = max(one.last_ns, ts_ns)
                row.from_camera += one.is_camera
                row.from_camera_bytes += wire_len * one.is_camera
            if receiver >= 0:
                one = t.stations[receiver]
                one.received += 1
                one.received_bytes += wire_len
                row.to_camera += one.is_camera
                row.to_camera_bytes += wire_len * one.is_camera

        if np.int64(p.protocol[k]) != _TCP or p.fragment[k] != _WHOLE:
            continue
        if is_inside and control.follows_inside == 0:
            continue
        src_port, dst_port = np.uint64(p.src_port[k]), np.uint64(p.dst_port[k])
        is_from_a = src_hi < dst_hi or (
            src_hi == dst_hi and (src_lo < dst_lo or (src_lo == dst_lo and src_port <= dst_port))
        )
        if is_from_a:
            at = conversation(
                t, src_hi, src_lo, dst_hi, dst_lo, src_port << S16 | dst_port, not is_copy
            )
        else:
            at = conversation(
                t, dst_hi, dst_lo, src_hi, src_lo, dst_port << S16 | src_port, not is_copy
            )
        if at < 0:
            continue
        way = 0 if is_from_a else 1
        note_vlan(t.sides[2 * at + way], vlan)
        if not is_copy:
            t.conversations[at].is_outside = not is_inside
            follow(
                t,
                at,
                way,
                ts_ns,
                np.int64(p.tcp_flags[k]),
                np.int64(p.tcp_seq[k]),
                np.int64(p.tcp_ack[k]),
                np.int64(p.payload_wire[k]),
            )
    return len(p.ts_ns)


@kernel_borrowing
def close(t: Tables, now_ns: Int) -> None:
    """Count the conversations of the interval in their VLANs; `now_ns` is its end."""
    for number in range(t.control[0].conversations):
        settle(t, np.int64(t.used_conversations[number]), now_ns)


@kernel_borrowing
def clear(t: Tables) -> None:
    """Forget the interval."""
    control = t.control[0]
    for number in range(control.vlans):
        row = t.vlans[t.used_vlans[number]]
        row.frames = 0
        row.bytes = 0
        row.not_ip = 0
        row.from_camera = 0
        row.from_camera_bytes = 0
        row.to_camera = 0
        row.to_camera_bytes = 0
        row.sure = 0
        row.copies = 0
        row.conversations = 0
        row.one_way = 0
        row.outside_one_way = 0
        row.tags_compared = 0
        row.tags_differ = 0
        row.segments = 0
        row.lost_segments = 0
        row.gapped = 0
    for number in range(control.stations):
        one = t.stations[t.used_stations[number]]
        one.is_used = 0
        one.sent = 0
        one.sent_bytes = 0
        one.received = 0
        one.received_bytes = 0
    for number in range(control.conversations):
        t.conversations[t.used_conversations[number]].is_used = 0
    for at in range(len(t.copies)):
        t.copies[at].is_used = 0
    control.vlans = 0
    control.stations = 0
    control.conversations = 0
    control.stations_left_out = 0
    control.conversations_left_out = 0
    control.holes_undecided = 0
