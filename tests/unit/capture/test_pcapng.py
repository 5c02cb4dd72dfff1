"""pcapng files: sections, interfaces, times, blocks, and what is refused."""

import struct
from pathlib import Path

import pytest

from monitor.capture.pcapng import MAX_INTERFACES
from tests.support.capture_bytes import (
    Frame,
    block,
    enhanced,
    frames_of,
    interface,
    obsolete,
    option,
    packets_of,
    run_tool,
    section,
    simple,
    write,
)

PACKET = bytes(range(61))
MICRO = 1_700_000_000_000_007


@pytest.mark.parametrize("order", ["<", ">"])
def test_all_packet_blocks_of_both_byte_orders_are_read(tmp_path: Path, order: str) -> None:
    path = write(
        tmp_path / "a.pcapng",
        section(order)
        + interface(1, order=order)
        + interface(113, order=order)
        + enhanced(MICRO, PACKET, order=order, number=1, wire=1500)
        + obsolete(MICRO + 1, PACKET[:3], order=order, number=0)
        + simple(PACKET[:5], order=order),
    )
    frames, (info,) = frames_of(path)
    assert frames == [
        Frame(0, 1, MICRO * 1000, 113, 1500, PACKET),
        Frame(0, 2, (MICRO + 1) * 1000, 1, 3, PACKET[:3]),
        Frame(0, 3, (MICRO + 1) * 1000, 1, 5, PACKET[:5]),
    ]
    assert (info.format, info.link_types, info.fault) == ("pcapng", (1, 113), "")
    assert (info.frames, info.frame_bytes, info.captured_bytes) == (3, 1508, 69)
    assert (info.first_ns, info.last_ns) == (MICRO * 1000, (MICRO + 1) * 1000)


@pytest.mark.parametrize(
    ("tsresol", "ticks", "expected_ns"),
    [
        (None, 1_500_000, 1_500_000_000),
        (0, 3, 3_000_000_000),
        (3, 1_500, 1_500_000_000),
        (9, 1_500_000_001, 1_500_000_001),
        (12, 1_500_000_001_999, 1_500_000_001),
        (19, 2**64 - 1, 1_844_674_407),
        (28, 2**64 - 1, 1),
        (29, 2**64 - 1, 0),
        (127, 2**64 - 1, 0),
        (0x80, 7, 7_000_000_000),
        (0x80 | 10, 1536, 1_500_000_000),
        (0x80 | 32, 3 << 31, 1_500_000_000),
        (0x80 | 40, (1 << 40) + 1, 1_000_000_000),
        (0x80 | 63, 2**64 - 1, 1_999_999_999),
        (0x80 | 64, 2**64 - 1, 999_999_999),
        (0x80 | 70, 2**64 - 1, 15_624_999),
        (0x80 | 127, 2**64 - 1, 0),
        (0, 2**63, 2**63 - 1),  # past 2262: the latest time there is
        (6, 2**64 - 1, 2**63 - 1),
        (0x80, 9_223_372_036, 9_223_372_036_000_000_000),
        (0x80, 9_223_372_037, 2**63 - 1),
    ],
)
def test_every_resolution_gives_nanoseconds(
    tmp_path: Path, tsresol: int | None, ticks: int, expected_ns: int
) -> None:
    path = write(
        tmp_path / "a.pcapng", section() + interface(tsresol=tsresol) + enhanced(ticks, PACKET)
    )
    assert [frame.ts_ns for frame in frames_of(path)[0]] == [expected_ns]


@pytest.mark.parametrize(
    ("offset_s", "expected_ns"),
    [
        (1_700_000_000, 1_700_000_000_000_001_000),
        (-1, -999_999_000),
        (2**62, 2**63 - 1),
        (-(2**62), -(2**63) + 1 + 1000),
    ],
)
def test_the_time_offset_is_added(tmp_path: Path, offset_s: int, expected_ns: int) -> None:
    path = write(
        tmp_path / "a.pcapng", section() + interface(tsoffset=offset_s) + enhanced(1, PACKET)
    )
    assert [frame.ts_ns for frame in frames_of(path)[0]] == [expected_ns]


def test_sections_have_interfaces_and_byte_orders_of_their_own(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.pcapng",
        section("<")
        + interface(1)
        + enhanced(1, b"one")
        + section(">", version=(1, 2))
        + interface(101, order=">", tsresol=9)
        + enhanced(2, b"two", order=">")
        + section("<")
        + interface(113)
        + enhanced(3, b"three"),
    )
    frames, (info,) = frames_of(path)
    assert frames == [
        Frame(0, 1, 1000, 1, 3, b"one"),
        Frame(0, 2, 2, 101, 3, b"two"),
        Frame(0, 3, 3000, 113, 5, b"three"),
    ]
    assert info.link_types == (1, 101, 113)


def test_interfaces_may_be_described_between_packets(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.pcapng",
        section()
        + interface(1)
        + enhanced(1, b"one")
        + interface(113, tsresol=9)
        + enhanced(2, b"two", number=1),
    )
    frames, _ = frames_of(path)
    assert [(frame.link_type, frame.ts_ns) for frame in frames] == [(1, 1000), (113, 2)]


def test_many_interfaces_keep_their_settings(tmp_path: Path) -> None:
    described = b"".join(interface(i, tsresol=9) for i in range(200))
    packets = b"".join(enhanced(i, b"x", number=i) for i in range(200))
    frames, _ = frames_of(write(tmp_path / "a.pcapng", section() + described + packets))
    assert [(frame.link_type, frame.ts_ns) for frame in frames] == [(i, i) for i in range(200)]


def test_other_blocks_are_passed_over_however_large(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.pcapng",
        section()
        + block(0x0BAD, bytes(400_000))
        + interface()
        + block(5, b"statistics")
        + enhanced(1, PACKET, options=option(2, bytes(4)) + option(0, b""))
        + block(10, bytes(16 * 2**20 - 12))
        + enhanced(2, PACKET),
    )
    frames, (info,) = frames_of(path, chunk_bytes=4096)
    assert [frame.packet for frame in frames] == [PACKET, PACKET]
    assert info.fault == ""


def test_a_simple_packet_is_cut_by_the_snap_length(tmp_path: Path) -> None:
    path = write(tmp_path / "a.pcapng", section() + interface(snap=8) + simple(PACKET[:8], wire=61))
    frames, (info,) = frames_of(path)
    assert frames == [Frame(0, 1, 0, 1, 61, PACKET[:8])]
    assert (info.first_ns, info.last_ns) == (None, None)


@pytest.mark.parametrize(
    ("fault", "damaged"),
    [
        (
            "block of 13 bytes: not a multiple of 4 from 12 to 16777216",
            struct.pack("<III", 6, 13, 0),
        ),
        (
            "block of 8 bytes: not a multiple of 4 from 12 to 16777216",
            struct.pack("<III", 6, 8, 0),
        ),
        (
            "block of 16777220 bytes: not a multiple of 4 from 12 to 16777216",
            struct.pack("<III", 77, 16777220, 0),
        ),
        (
            "the block's length is given as 99 at its end, and otherwise at its start",
            struct.pack("<III", 77, 12, 99),
        ),
        (
            "packet of interface 1, which the section does not describe",
            enhanced(1, PACKET, number=1),
        ),
        (
            "the packet block is too short for 0 bytes of packet",
            block(6, bytes(16)),
        ),
        (
            "the packet block is too short for 61 bytes of packet",
            block(6, struct.pack("<IIIII", 0, 0, 0, 61, 61) + bytes(60)),
        ),
        (
            "the packet block is too short for 9 bytes of packet",
            simple(PACKET[:8], wire=9),
        ),
        (
            "record of 262145 bytes is longer than any packet",
            block(6, struct.pack("<IIIII", 0, 0, 0, 262145, 9)),
        ),
        (
            "no byte-order magic: 01 02 03 04",
            block(0x0A0D0D0A, bytes([1, 2, 3, 4]) + bytes(12)),
        ),
        ("pcapng version 2.0 is not known", section(version=(2, 0))),
        ("pcapng version 1.1 is not known", section(version=(1, 1))),
        (
            "block of 24 bytes: not a multiple of 4 from 12 to 16777216",
            block(0x0A0D0D0A, struct.pack("<IHHI", 0x1A2B3C4D, 1, 0, 0)),
        ),
        (
            "option 4 of 9 bytes is longer than its block",
            section(options=struct.pack("<HH", 4, 9) + bytes(8)),
        ),
        (
            "option 9 of 500 bytes is longer than its block",
            block(1, struct.pack("<HHIHH", 1, 0, 0, 9, 500)),
        ),
        (
            "the block's length is given as 7 at its end, and otherwise at its start",
            interface()[:-4] + struct.pack("<I", 7),
        ),
    ],
)
def test_damage_ends_reading_after_the_frames_before_it(
    tmp_path: Path, fault: str, damaged: bytes
) -> None:
    good = section() + interface() + enhanced(1, PACKET)
    frames, (info,) = frames_of(write(tmp_path / "a.pcapng", good + damaged + bytes(16)))
    assert [frame.packet for frame in frames] == [PACKET]
    assert info.fault == f"byte {len(good)}: {fault}"


@pytest.mark.parametrize(
    ("cut", "fault"),
    [
        (5, "byte 48: the file ends inside a block (have 5 of 12 bytes)"),
        (50, "byte 48: the file ends inside a block (have 50 of 96 bytes)"),
    ],
)
def test_a_cut_block_is_a_fault(tmp_path: Path, cut: int, fault: str) -> None:
    data = section() + interface() + enhanced(1, PACKET)[:cut]
    frames, (info,) = frames_of(write(tmp_path / "a.pcapng", data))
    assert frames == []
    assert info.fault == fault


@pytest.mark.parametrize("kept", [4, 11, 20])
def test_a_cut_first_block_is_a_fault(tmp_path: Path, kept: int) -> None:
    _, (info,) = frames_of(write(tmp_path / "a.pcapng", section()[:kept]))
    need = 12 if kept < 12 else 28
    assert info.fault == f"byte 0: the file ends inside a block (have {kept} of {need} bytes)"


def test_a_section_with_too_many_interfaces_is_damage(tmp_path: Path) -> None:
    data = section() + interface() * (MAX_INTERFACES + 1)
    _, (info,) = frames_of(write(tmp_path / "a.pcapng", data))
    assert info.fault == (
        f"byte {28 + 20 * MAX_INTERFACES}: more than 65536 interfaces in a section"
    )


def test_a_packet_before_any_interface_is_damage(tmp_path: Path) -> None:
    _, (info,) = frames_of(write(tmp_path / "a.pcapng", section() + simple(PACKET)))
    assert info.fault == "byte 28: packet of interface 0, which the section does not describe"


def test_what_mergecap_writes_of_two_link_types_is_read(tmp_path: Path) -> None:
    first = write(tmp_path / "1.pcapng", section() + interface(1) + enhanced(10, b"a" * 20))
    second = write(tmp_path / "2.pcapng", section() + interface(113) + enhanced(20, b"b" * 20))
    path = tmp_path / "merged.pcapng"
    run_tool("mergecap", "-w", path, first, second)
    assert packets_of(path) == [b"a" * 20, b"b" * 20]
    assert [frame.link_type for frame in frames_of(path)[0]] == [1, 113]
