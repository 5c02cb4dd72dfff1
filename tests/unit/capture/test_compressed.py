"""gzip, zstd and xz streams: whole, in members, cut and damaged."""

import bz2
import gzip
import lzma
import random
from pathlib import Path

import pytest
import zstandard

from monitor.capture.compressed import compression_of
from tests.support.capture_bytes import (
    frames_of,
    packets_of,
    pcap_file,
    pcap_header,
    run_tool,
    write,
)

NOISE = random.Random(1)  # noqa: S311  repeatable test data
PACKETS = [NOISE.randbytes(NOISE.randrange(20, 1500)) for _ in range(3000)]
PLAIN = pcap_file([(100 + i, 0, packet) for i, packet in enumerate(PACKETS)])
TOOLS = {"gzip": ["gzip", "-c"], "zstd": ["zstd", "-q", "-c"], "xz": ["xz", "-0", "-c"]}


def compress(name: str, data: bytes) -> bytes:
    return run_tool(*TOOLS[name], stdin=data)


@pytest.mark.parametrize("name", TOOLS)
@pytest.mark.parametrize("chunk_bytes", [1000, 1 << 20])
def test_a_compressed_capture_is_read_whatever_its_name(
    tmp_path: Path, name: str, chunk_bytes: int
) -> None:
    packed = compress(name, PLAIN)
    path = write(tmp_path / "capture.pcap", packed)
    frames, (info,) = frames_of(path, chunk_bytes=chunk_bytes)
    assert [frame.packet for frame in frames] == PACKETS
    assert (info.compression, info.format, info.fault) == (name, "pcap", "")
    assert info.size_bytes == len(packed)


@pytest.mark.parametrize("name", TOOLS)
def test_members_one_after_the_other_are_one_stream(tmp_path: Path, name: str) -> None:
    pieces = [PLAIN[i : i + 700_000] for i in range(0, len(PLAIN), 700_000)]
    packed = b"".join(compress(name, piece) for piece in [*pieces, b""])
    frames, (info,) = frames_of(write(tmp_path / "a", packed))
    assert [frame.packet for frame in frames] == PACKETS
    assert info.fault == ""


@pytest.mark.parametrize("name", TOOLS)
def test_zeros_behind_the_last_member_are_padding(tmp_path: Path, name: str) -> None:
    packed = compress(name, PLAIN) + bytes(600_000)
    frames, (info,) = frames_of(write(tmp_path / "a", packed))
    assert (len(frames), info.fault) == (3000, "")


@pytest.mark.parametrize("name", TOOLS)
def test_something_else_behind_the_last_member_is_a_fault(tmp_path: Path, name: str) -> None:
    packed = compress(name, PLAIN)
    frames, (info,) = frames_of(write(tmp_path / "a", packed + b"\0\0rubbish"))
    assert len(frames) == 3000
    assert info.fault == (
        f"compressed byte {len(packed) + 2}: something else follows the {name} stream"
    )


@pytest.mark.parametrize("name", TOOLS)
def test_a_cut_stream_gives_the_frames_before_the_cut(tmp_path: Path, name: str) -> None:
    packed = compress(name, PLAIN)
    keep = len(packed) // 2
    frames, (info,) = frames_of(write(tmp_path / "a", packed[:keep]))
    packets = [frame.packet for frame in frames]
    # The noise does not compress, so half of the file must give nearly half of the frames.
    assert 1300 < len(packets) < 1600
    assert packets == PACKETS[: len(packets)]
    assert info.fault == f"compressed byte {keep}: the file ends inside the {name} stream"


@pytest.mark.parametrize("name", TOOLS)
@pytest.mark.parametrize("chunk_bytes", [1000, 1 << 20])
def test_a_damaged_stream_gives_the_frames_before_the_damage(
    tmp_path: Path, name: str, chunk_bytes: int
) -> None:
    packed = bytearray(compress(name, PLAIN))
    middle = len(packed) // 2
    packed[middle : middle + 5000] = NOISE.randbytes(5000)
    frames, (info,) = frames_of(write(tmp_path / "a", bytes(packed)), chunk_bytes=chunk_bytes)
    sound = [frame.packet for frame, packet in zip(frames, PACKETS, strict=False)]
    first_wrong = next((i for i, packet in enumerate(sound) if packet != PACKETS[i]), len(sound))
    # Stored noise may come out damaged before the checksum tells; what was before it is right.
    assert first_wrong > 1300
    assert info.fault


def test_a_wrong_gzip_checksum_costs_no_frame(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(pcap_file([(1, 0, b"one"), (2, 0, b"two")])))
    packed[-8] ^= 1
    frames, (info,) = frames_of(write(tmp_path / "a.gz", bytes(packed)))
    assert [frame.packet for frame in frames] == [b"one", b"two"]
    assert info.fault.startswith("compressed byte 8: the gzip stream is damaged: Error -3")


def test_a_stream_that_expands_a_thousandfold_is_read_in_pieces(tmp_path: Path) -> None:
    record = pcap_file([(1, 0, bytes(60_000))])[24:]
    packed = gzip.compress(pcap_header() + record * 1000)
    frames, (info,) = frames_of(write(tmp_path / "a.gz", packed))
    assert (len(frames), info.captured_bytes, info.fault) == (1000, 60_000_000, "")


def test_zstd_skippable_frames_are_passed_over(tmp_path: Path) -> None:
    skippable = b"\x50\x2a\x4d\x18" + (6).to_bytes(4, "little") + b"anyway"
    packed = skippable + zstandard.compress(PLAIN[:1_000_000]) + skippable
    packed += zstandard.compress(PLAIN[1_000_000:])
    assert packets_of(write(tmp_path / "a", packed)) == PACKETS


def test_a_window_beyond_the_bound_is_refused(tmp_path: Path) -> None:
    params = zstandard.ZstdCompressionParameters(window_log=30, enable_ldm=True)
    compressor = zstandard.ZstdCompressor(compression_params=params).compressobj()
    packed = compressor.compress(PLAIN) + compressor.flush()
    frames, (info,) = frames_of(write(tmp_path / "a.zst", packed))
    assert frames == []
    assert info.fault.startswith("compressed byte 0: the zstd stream is damaged: ")
    assert "memory" in info.fault


@pytest.mark.parametrize("name", TOOLS)
def test_nothing_compressed_is_a_fault(tmp_path: Path, name: str) -> None:
    _, (info,) = frames_of(write(tmp_path / "a", compress(name, b"")))
    assert info.fault == f"the {name} stream is empty"


def test_something_else_compressed_is_no_capture(tmp_path: Path) -> None:
    _, (info,) = frames_of(write(tmp_path / "a.gz", gzip.compress(b"Hello, world")))
    assert info.fault == 'not a capture file: starts with "Hello, w"'


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (gzip.compress(b""), "gzip"),
        (zstandard.compress(b""), "zstd"),
        (lzma.compress(b""), "xz"),
        (bz2.compress(b""), "none"),
        (b"\x5f\x2a\x4d\x18", "zstd"),
        (b"\x1f\x8b", "none"),
        (b"", "none"),
    ],
)
def test_compression_is_told_by_the_first_bytes(data: bytes, name: str) -> None:
    assert compression_of(data) == name
