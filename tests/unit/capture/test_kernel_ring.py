"""The walk through a block: the same rows as the slow twin, and never a byte outside."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.capture.kernel_ring import scan_block
from tests.support import ring_twin
from tests.support.ring_twin import Arrived, Row

ARRIVED = st.builds(
    Arrived,
    payload=st.binary(max_size=120),
    wire_len=st.integers(0, 65_549),
    seconds=st.integers(0, 2**32 - 1),
    nanoseconds=st.integers(0, 999_999_999),
    tag=st.none() | st.integers(0, 0xFFFF),
    gap=st.integers(0, 20),
)


def scanned(data: bytes, first: int, end: int, count: int) -> list[Row]:
    columns: dict[str, Any] = {
        "off": np.zeros(count, np.int64),
        "cap_len": np.zeros(count, np.uint32),
        "wire_len": np.zeros(count, np.uint32),
        "ts_ns": np.zeros(count, np.int64),
        "vlan_tci": np.zeros(count, np.int32),
    }
    rows = scan_block(
        np.frombuffer(bytearray(data), np.uint8), first, end, count, *columns.values()
    )
    return [
        Row(*values)
        for values in zip(*(column[:rows].tolist() for column in columns.values()), strict=True)
    ]


def test_a_tag_that_the_kernel_took_out_counts_on_the_wire() -> None:
    data = ring_twin.block([Arrived(b"x" * 60, 60, 7, 5, 0x2014, 0)], 48)
    assert scanned(data, 48, len(data), 1) == [Row(116, 60, 64, 7_000_000_005, 0x2014)]


def test_a_frame_without_a_tag_has_none() -> None:
    data = ring_twin.block([Arrived(b"x" * 60, 1514, 7, 5, None, 2)], 48)
    assert scanned(data, 48, len(data), 1) == [Row(118, 60, 1514, 7_000_000_005, -1)]


@settings(deadline=None)
@given(frames=st.lists(ARRIVED, min_size=1, max_size=8), first=st.integers(6, 20))
def test_the_kernel_gives_what_the_twin_gives(frames: list[Arrived], first: int) -> None:
    data = ring_twin.block(frames, first * 8)
    rows = scanned(data, first * 8, len(data), len(frames))
    assert rows == ring_twin.scan(data, first * 8, len(data), len(frames))
    assert [data[row.off : row.off + row.cap_len] for row in rows] == [f.payload for f in frames]


@settings(max_examples=300, deadline=None)
@given(data=st.binary(min_size=0, max_size=400), count=st.integers(1, 9), end=st.integers(0, 400))
def test_any_bytes_give_what_the_twin_gives(data: bytes, count: int, end: int) -> None:
    end = min(end, len(data))
    assert scanned(data, 0, end, count) == ring_twin.scan(data, 0, end, count)
