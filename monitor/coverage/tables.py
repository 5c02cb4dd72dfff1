"""The memory of the coverage stage: what an interval holds of VLANs, stations and conversations.

Nothing outlives its interval but counts that were handed on: so a flood of made-up addresses costs
the interval it falls into, and no more. Counters are int64, addresses and MACs uint64.
"""

from typing import Any, NamedTuple, TypeAlias

import numpy as np

from monitor.model.addresses import Networks
from monitor.model.arrays import I32, I64, U64

Rows: TypeAlias = Any
"""An array of records. Their fields are attributes in machine code, which types cannot say."""

VLANS = 4097
"""802.1Q ids, and one row for frames without a tag."""
UNTAGGED = 4096
STATIONS = 1 << 14
"""Pairs of address and MAC in a VLAN that an interval can hold; further ones are counted."""
CONVERSATIONS = 1 << 12
"""TCP conversations that an interval follows; further ones are counted. A sample is enough."""
PROBES = 8
"""Places that are tried for an entry before it is left out."""
HOLES = 8
"""Holes in the sequence of one side that can wait to be filled."""
COPIES = 1 << 13
"""Recent packets that a mirror copy is compared with."""
MARKS = 64
"""Rows of one call that may carry a canary; further ones are looked at in the next call."""

VLAN = np.dtype(
    [
        ("frames", "i8"),
        ("bytes", "i8"),
        ("not_ip", "i8"),
        ("first_ns", "i8"),
        ("last_ns", "i8"),
        ("from_camera", "i8"),
        ("from_camera_bytes", "i8"),
        ("to_camera", "i8"),
        ("to_camera_bytes", "i8"),
        ("sure", "i8"),
        ("copies", "i8"),
        ("conversations", "i8"),
        ("one_way", "i8"),
        ("outside_one_way", "i8"),
        ("tags_compared", "i8"),
        ("tags_differ", "i8"),
        ("segments", "i8"),
        ("lost_segments", "i8"),
        ("gapped", "i8"),
    ],
    align=True,
)
"""One VLAN in one interval; the fields are those of `VlanCounts`."""

STATION = np.dtype(
    [
        ("hi", "u8"),
        ("lo", "u8"),
        ("mac", "u8"),
        ("vlan", "i4"),
        ("is_used", "u1"),
        ("is_camera", "u1"),
        ("first_ns", "i8"),
        ("last_ns", "i8"),
        ("sent", "i8"),
        ("sent_bytes", "i8"),
        ("received", "i8"),
        ("received_bytes", "i8"),
    ],
    align=True,
)
"""An address behind a MAC in a VLAN. Address 0: frames without IP, known by MAC alone."""

CONVERSATION = np.dtype(
    [
        ("a_hi", "u8"),
        ("a_lo", "u8"),
        ("b_hi", "u8"),
        ("b_lo", "u8"),
        ("ports", "u8"),
        ("is_used", "i4"),
        ("is_outside", "i4"),
    ],
    align=True,
)

SIDE = np.dtype(
    [
        ("pkts", "i8"),
        ("progress", "i8"),
        ("segments", "i8"),
        ("lost", "i8"),
        ("mss", "i8"),
        ("edge", "i8"),
        ("last_ack", "i8"),
        ("has_edge", "i4"),
        ("has_ack", "i4"),
        ("vlan", "i4"),
        ("other_vlan", "i4"),
        ("vlans", "i4"),
        ("holes", "i4"),
    ],
    align=True,
)
"""What one side of a conversation sent: row 2 * conversation is the end that sorts first."""

HOLE = np.dtype([("start", "i8"), ("end", "i8"), ("seen_ns", "i8"), ("is_acked", "i8")], align=True)
"""Bytes ``start`` to ``end`` of a stream that were not seen yet; row `HOLES` * side and on."""

COPY = np.dtype([("key", "u8"), ("ts_ns", "i8"), ("is_used", "i8")], align=True)

CONTROL = np.dtype(
    [
        ("start_ns", "i8"),
        ("end_ns", "i8"),
        ("vlans", "i8"),
        ("stations", "i8"),
        ("conversations", "i8"),
        ("stations_left_out", "i8"),
        ("conversations_left_out", "i8"),
        ("holes_undecided", "i8"),
        ("marks", "i8"),
        ("follows_inside", "i8"),
        ("assumes_cameras", "i8"),
    ],
    align=True,
)
"""The scalars: one record."""


class Spans(NamedTuple):
    """Sorted ranges of addresses, ends included; each shape (n,)."""

    first_hi: U64
    first_lo: U64
    last_hi: U64
    last_lo: U64


class Tables(NamedTuple):
    """Everything that lives between two calls."""

    control: Rows
    vlans: Rows
    stations: Rows
    conversations: Rows
    sides: Rows
    holes: Rows
    copies: Rows
    used_vlans: I32
    used_stations: I32
    used_conversations: I32
    marks: I64
    site: Spans
    cameras: Spans
    camera_macs: U64


def make_tables(
    site: Networks, cameras: Networks, camera_macs: U64, *, follows_inside: bool
) -> Tables:
    """Return empty tables.

    Args:
        site: Addresses whose stations are kept.
        cameras: Addresses that are cameras; empty: every site address may be one.
        camera_macs: MACs that are cameras wherever they are, sorted.
        follows_inside: Whether conversations that stay on the site are followed.
    """
    tables = Tables(
        control=np.zeros(1, CONTROL),
        vlans=np.zeros(VLANS, VLAN),
        stations=np.zeros(STATIONS, STATION),
        conversations=np.zeros(CONVERSATIONS, CONVERSATION),
        sides=np.zeros(2 * CONVERSATIONS, SIDE),
        holes=np.zeros(2 * CONVERSATIONS * HOLES, HOLE),
        copies=np.zeros(COPIES, COPY),
        used_vlans=np.zeros(VLANS, np.int32),
        used_stations=np.zeros(STATIONS, np.int32),
        used_conversations=np.zeros(CONVERSATIONS, np.int32),
        marks=np.zeros(MARKS, np.int64),
        site=_spans(site),
        cameras=_spans(cameras),
        camera_macs=np.array(camera_macs, np.uint64),
    )
    control = tables.control[0]
    control["follows_inside"] = follows_inside
    control["assumes_cameras"] = not cameras and not len(camera_macs)
    return tables


def _spans(networks: Networks) -> Spans:
    word = (1 << 64) - 1
    pairs = networks.spans
    return Spans(
        np.array([first >> 64 for first, _ in pairs], np.uint64),
        np.array([first & word for first, _ in pairs], np.uint64),
        np.array([last >> 64 for _, last in pairs], np.uint64),
        np.array([last & word for _, last in pairs], np.uint64),
    )
