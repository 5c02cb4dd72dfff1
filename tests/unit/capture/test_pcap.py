"""Classic pcap files: every magic, and what is refused."""

import struct
from pathlib import Path

import pytest

from tests.support.capture_bytes import (
    PCAP_MICRO,
    PCAP_MODIFIED,
    PCAP_NANO,
    Frame,
    frames_of,
    packets_of,
    pcap_file,
    pcap_header,
    pcap_record,
    run_tool,
    write,
)

PACKET = bytes(range(60))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("magic", "unit_ns"), [(PCAP_MICRO, 1000), (PCAP_NANO, 1)])
def test_both_byte_orders_and_both_time_units_are_read(
    tmp_path: Path, order: str, magic: int, unit_ns: int
) -> None:
    path = write(
        tmp_path / "a.pcap",
        pcap_header(order, magic, network=113)
        + pcap_record((1_700_000_000, 7, PACKET), order, wire=1500)
        + pcap_record((4_294_967_295, 999_999, b""), order),
    )
    frames, (info,) = frames_of(path)
    assert frames == [
        Frame(0, 1, 1_700_000_000 * 10**9 + 7 * unit_ns, 113, 1500, PACKET),
        Frame(0, 2, 4_294_967_295 * 10**9 + 999_999 * unit_ns, 113, 0, b""),
    ]
    assert info.format == "pcap"
    assert info.compression == "none"
    assert info.link_types == (113,)
    assert (info.frames, info.frame_bytes, info.captured_bytes) == (2, 1500, 60)
    assert info.first_ns == 1_700_000_000 * 10**9 + 7 * unit_ns
    assert info.last_ns == 4_294_967_295 * 10**9 + 999_999 * unit_ns
    assert info.fault == ""


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_modified_format_has_longer_record_headers(tmp_path: Path, order: str) -> None:
    record = struct.pack(order + "IIIIIHBB", 5, 6, 4, 9, 2, 0x0800, 0, 0) + b"abcd"
    path = write(tmp_path / "a.pcap", pcap_header(order, PCAP_MODIFIED) + record + record)
    frames, (info,) = frames_of(path)
    assert frames == [
        Frame(0, 1, 5_000_006_000, 1, 9, b"abcd"),
        Frame(0, 2, 5_000_006_000, 1, 9, b"abcd"),
    ]
    assert info.fault == ""


@pytest.mark.parametrize("name", ["pcap", "nsecpcap", "modpcap", "pcapng"])
def test_what_editcap_writes_is_read(tmp_path: Path, name: str) -> None:
    records = [(10 + i, 100 * i, bytes([i]) * (20 + i)) for i in range(50)]
    plain = write(tmp_path / "plain.pcap", pcap_file(records))
    path = tmp_path / f"made.{name}"
    run_tool("editcap", "-F", name, plain, path)
    frames, (info,) = frames_of(path)
    assert [frame.packet for frame in frames] == [packet for _, _, packet in records]
    assert [frame.ts_ns for frame in frames] == [(10 + i) * 10**9 + i * 10**5 for i in range(50)]
    assert info.fault == ""


@pytest.mark.parametrize(
    ("version", "stated", "expected"),
    [
        ((2, 2), (1500, 60), (1500, 60)),  # wire length first, always
        ((2, 3), (1500, 60), (1500, 60)),  # the captured length cannot be the longer
        ((2, 3), (60, 1500), (1500, 60)),
        ((2, 4), (60, 1500), (1500, 60)),
        ((2, 543), (60, 1500), (1500, 60)),  # Kuznetzov's own version number
    ],
)
def test_lengths_that_old_writers_exchanged_are_put_right(
    tmp_path: Path,
    version: tuple[int, int],
    stated: tuple[int, int],
    expected: tuple[int, int],
) -> None:
    record = struct.pack("<IIII", 1, 2, *stated) + PACKET
    path = write(tmp_path / "a.pcap", pcap_header(version=version) + record)
    frames, _ = frames_of(path)
    assert [(frame.wire_len, len(frame.packet)) for frame in frames] == [expected]


def test_the_fcs_is_neither_link_type_nor_length(tmp_path: Path) -> None:
    network = 0x24000000 | 1  # two 16-bit words of FCS follow every Ethernet frame
    path = write(
        tmp_path / "a.pcap",
        pcap_header(network=network)
        + pcap_record((1, 0, PACKET + b"FCS!"))
        + pcap_record((1, 0, PACKET[:40]), wire=64)
        + pcap_record((1, 0, b"ab")),
    )
    frames, (info,) = frames_of(path)
    assert [(frame.link_type, frame.wire_len, frame.packet) for frame in frames] == [
        (1, 60, PACKET),
        (1, 60, PACKET[:40]),
        (1, 0, b""),
    ]
    assert info.frame_bytes == 120


def test_a_header_without_frames_is_a_capture_without_fault(tmp_path: Path) -> None:
    frames, (info,) = frames_of(write(tmp_path / "a.pcap", pcap_header()))
    assert frames == []
    assert (info.format, info.frames, info.fault) == ("pcap", 0, "")
    assert (info.first_ns, info.last_ns) == (None, None)


def test_a_cut_file_header_is_a_fault(tmp_path: Path) -> None:
    _, (info,) = frames_of(write(tmp_path / "a.pcap", pcap_header()[:10]))
    assert info.fault == "byte 0: the file ends inside the file header (have 10 of 24 bytes)"


def test_a_cut_record_is_a_fault_after_the_frames_before_it(tmp_path: Path) -> None:
    whole = pcap_file([(1, 0, PACKET), (2, 0, PACKET)])
    frames, (info,) = frames_of(write(tmp_path / "a.pcap", whole[:-56]))
    assert [frame.packet for frame in frames] == [PACKET]
    assert info.fault == "byte 100: the file ends inside a packet record (have 20 of 76 bytes)"


def test_a_cut_record_header_is_a_fault(tmp_path: Path) -> None:
    path = write(tmp_path / "a.pcap", pcap_file([(1, 0, PACKET)]) + b"\x01\x02\x03")
    _, (info,) = frames_of(path)
    assert info.fault == "byte 100: the file ends inside a packet record (have 3 of 16 bytes)"


def test_a_record_longer_than_any_packet_is_damage(tmp_path: Path) -> None:
    damaged = struct.pack("<IIII", 1, 0, 99_999_999, 60) + bytes(500)
    path = write(tmp_path / "a.pcap", pcap_file([(1, 0, PACKET)]) + damaged)
    frames, (info,) = frames_of(path)
    assert len(frames) == 1
    assert info.fault == "byte 100: record of 99999999 bytes is longer than any packet"


def test_the_longest_packet_is_read_through_a_small_buffer(tmp_path: Path) -> None:
    longest = bytes(262144)
    path = write(tmp_path / "a.pcap", pcap_file([(1, 0, b"a"), (2, 0, longest), (3, 0, b"b")]))
    assert packets_of(path, chunk_bytes=100) == [b"a", longest, b"b"]


def test_a_record_one_byte_longer_than_the_longest_packet_is_damage(tmp_path: Path) -> None:
    path = write(tmp_path / "a.pcap", pcap_file([(2, 0, bytes(262145))]))
    _, (info,) = frames_of(path)
    assert info.fault == "byte 24: record of 262145 bytes is longer than any packet"


def test_an_unknown_version_is_refused(tmp_path: Path) -> None:
    _, (info,) = frames_of(write(tmp_path / "a.pcap", pcap_header(version=(3, 1))))
    assert info.fault == "byte 4: pcap version 3.1 is not known"


def test_reserved_bits_in_the_link_type_are_refused(tmp_path: Path) -> None:
    _, (info,) = frames_of(write(tmp_path / "a.pcap", pcap_header(network=0x00300001)))
    assert info.fault == "byte 20: link type 0x00300001 has reserved bits set"


def test_first_and_last_time_are_the_earliest_and_the_latest(tmp_path: Path) -> None:
    records = [(5, 0, b"a"), (3, 0, b"b"), (9, 0, b"c"), (4, 0, b"d")]
    frames, (info,) = frames_of(write(tmp_path / "a.pcap", pcap_file(records)))
    assert [frame.ts_ns for frame in frames] == [5 * 10**9, 3 * 10**9, 9 * 10**9, 4 * 10**9]
    assert (info.first_ns, info.last_ns) == (3 * 10**9, 9 * 10**9)


def test_more_frames_than_a_batch_holds_come_in_several(tmp_path: Path) -> None:
    path = write(tmp_path / "a.pcap", pcap_header() + pcap_record((1, 0, b"")) * 70_000)
    frames, (info,) = frames_of(path, chunk_bytes=1 << 23)
    assert [frame.frame_no for frame in frames] == list(range(1, 70_001))
    assert info.frames == 70_000
