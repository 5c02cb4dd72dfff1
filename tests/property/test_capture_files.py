"""Properties of whole captures: chunks, cuts, any bytes, merging."""

import gzip
import lzma
import tempfile
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import capture_twin as twin
from tests.support.capture_bytes import (
    PCAP_MICRO,
    PCAP_MODIFIED,
    PCAP_NANO,
    block,
    enhanced,
    frames_of,
    interface,
    obsolete,
    pcap_file,
    pcap_header,
    section,
    simple,
    write,
)

PACKET = st.binary(max_size=50)
RECORD = st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 999_999), PACKET)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def pcaps() -> st.SearchStrategy[bytes]:
    return st.builds(
        pcap_file,
        st.lists(RECORD, max_size=12),
        order=st.sampled_from("<>"),
        magic=st.sampled_from([PCAP_MICRO, PCAP_NANO]),
    )


@st.composite
def pcapngs(draw: st.DrawFn) -> bytes:
    data = b""
    for _ in range(draw(st.integers(1, 3))):
        order = draw(st.sampled_from("<>"))
        data += section(order) + interface(draw(st.integers(0, 300)), order=order)
        count = 1
        for _ in range(draw(st.integers(0, 6))):
            number = draw(st.integers(0, count - 1))
            packet = draw(PACKET)
            ticks = draw(st.integers(0, 2**64 - 1))
            kind = draw(st.integers(0, 4))
            if kind == 0:
                data += interface(draw(st.integers(0, 300)), order=order, tsresol=9)
                count += 1
            elif kind == 1:
                data += block(77, packet, order)
            elif kind == 2:
                data += simple(packet, order=order)
            elif kind == 3:
                data += obsolete(ticks, packet, order=order, number=number)
            else:
                data += enhanced(ticks, packet, order=order, number=number)
    return data


@settings(max_examples=60, deadline=None)
@given(data=pcaps() | pcapngs(), chunk_bytes=st.integers(1, 400))
def test_any_chunk_size_gives_the_same_frames(folder: Path, data: bytes, chunk_bytes: int) -> None:
    path = write(folder / "a", data)
    frames, inputs = frames_of(path)
    assert frames_of(path, chunk_bytes=chunk_bytes) == (frames, inputs)
    assert inputs[0].fault == ""


@settings(max_examples=60, deadline=None)
@given(data=pcapngs(), share=st.floats(0, 1), chunk_bytes=st.integers(1, 200))
def test_any_cut_of_a_pcapng_file_leaves_the_frames_before_it(
    folder: Path, data: bytes, share: float, chunk_bytes: int
) -> None:
    frames, _ = frames_of(write(folder / "a", data))
    path = write(folder / "b", data[: round(share * len(data))])
    part, _ = frames_of(path, chunk_bytes=chunk_bytes)
    assert part == frames[: len(part)]


@settings(max_examples=60, deadline=None)
@given(
    packets=st.lists(PACKET, max_size=12), share=st.floats(0, 1), chunk_bytes=st.integers(1, 200)
)
def test_any_cut_of_a_pcap_file_leaves_every_whole_frame_before_it(
    folder: Path, packets: list[bytes], share: float, chunk_bytes: int
) -> None:
    data = pcap_file([(i, 0, packet) for i, packet in enumerate(packets)])
    kept = round(share * len(data))
    ends = list(accumulate((16 + len(packet) for packet in packets), initial=24))
    path = write(folder / "a", data[:kept])
    frames, (info,) = frames_of(path, chunk_bytes=chunk_bytes)
    whole = sum(end <= kept for end in ends[1:])
    assert [frame.packet for frame in frames] == packets[:whole]
    assert bool(info.fault) == (kept not in ends)


@settings(max_examples=60, deadline=None)
@given(
    data=pcaps() | pcapngs(),
    pack=st.sampled_from([gzip.compress, zstandard.compress, lzma.compress]),
    cut=st.integers(0, 100),
    flip=st.integers(0, 2**30),
)
def test_a_damaged_compressed_capture_never_raises(
    folder: Path, data: bytes, pack: object, cut: int, flip: int
) -> None:
    assert callable(pack)
    packed = bytearray(pack(data))
    whole, _ = frames_of(write(folder / "a", bytes(packed)))
    assert whole == frames_of(write(folder / "b", data))[0]
    part, (info,) = frames_of(write(folder / "a", bytes(packed[: max(0, len(packed) - 1 - cut)])))
    assert part == whole[: len(part)]
    assert info.fault
    packed[flip % len(packed)] ^= 1 << flip % 8
    frames_of(write(folder / "a", bytes(packed)))


HEADS = [
    b"",
    *(pcap_header(order, magic) for order in "<>" for magic in (PCAP_MICRO, PCAP_MODIFIED)),
    section("<") + interface(),
    section(">") + interface(order=">"),
    section("<")[:16],
    gzip.compress(b"", mtime=0)[:10],
    zstandard.compress(b"abc")[:6],
    lzma.compress(b"")[:12],
]


@settings(max_examples=200, deadline=None)
@given(head=st.sampled_from(HEADS), tail=st.binary(max_size=300), chunk=st.integers(1, 300))
def test_any_bytes_are_read_without_an_exception(
    folder: Path, head: bytes, tail: bytes, chunk: int
) -> None:
    path = write(folder / "a", head + tail)
    frames, inputs = frames_of(path)
    assert frames_of(path, chunk_bytes=chunk) == (frames, inputs)
    assert inputs[0].frames == len(frames)
    assert inputs[0].captured_bytes == sum(len(frame.packet) for frame in frames)


@settings(max_examples=80, deadline=None)
@given(
    lanes=st.lists(st.lists(st.integers(0, 30), max_size=15), min_size=2, max_size=4),
    chunk_bytes=st.integers(1, 2000),
)
def test_merging_takes_the_earliest_next_frame(
    folder: Path, lanes: list[list[int]], chunk_bytes: int
) -> None:
    names = [
        write(folder / str(i), pcap_file([(t, 0, b"%d/%d" % (i, t)) for t in lane]))
        for i, lane in enumerate(lanes)
    ]
    ranks = [0] * len(lanes)
    known = [i for i, lane in enumerate(lanes) if lane]
    for rank, lane in enumerate(sorted(known, key=lambda i: (lanes[i][0], i))):
        ranks[lane] = rank
    frames, _ = frames_of(*names, chunk_bytes=chunk_bytes)
    assert [(frame.source, frame.frame_no - 1) for frame in frames] == twin.merge(lanes, ranks)
    assert [frame.packet for frame in frames] == [
        b"%d/%d" % (frame.source, frame.ts_ns // 10**9) for frame in frames
    ]
