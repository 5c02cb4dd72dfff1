"""Several inputs as one capture in time order."""

import random
from itertools import pairwise
from pathlib import Path

import pytest

from monitor.capture import open_capture
from tests.support.capture_bytes import (
    enhanced,
    frames_of,
    interface,
    packets_of,
    pcap_file,
    run_tool,
    section,
    write,
)


def seconds_of(*names: str) -> list[tuple[int, int]]:
    """Return (source, whole seconds) of every frame."""
    return [(frame.source, frame.ts_ns // 10**9) for frame in frames_of(*names)[0]]


def capture(path: Path, *seconds: int) -> str:
    return write(path, pcap_file([(second, 0, b"%d" % second) for second in seconds]))


def test_files_that_do_not_overlap_are_read_in_order_of_time(tmp_path: Path) -> None:
    late = capture(tmp_path / "a", 30, 31)
    early = capture(tmp_path / "b", 10, 11)
    middle = capture(tmp_path / "c", 20, 21)
    assert seconds_of(late, early, middle) == [
        (1, 10), (1, 11), (2, 20), (2, 21), (0, 30), (0, 31),
    ]  # fmt: skip


def test_files_that_overlap_are_merged(tmp_path: Path) -> None:
    first = capture(tmp_path / "a", 10, 13, 14, 20)
    second = capture(tmp_path / "b", 11, 12, 15, 30, 31)
    assert seconds_of(first, second) == [
        (0, 10), (1, 11), (1, 12), (0, 13), (0, 14), (1, 15), (0, 20), (1, 30), (1, 31),
    ]  # fmt: skip


def test_the_order_inside_a_file_is_kept_where_its_times_fall(tmp_path: Path) -> None:
    first = capture(tmp_path / "a", 10, 5, 12)
    second = capture(tmp_path / "b", 11, 9, 30)
    assert seconds_of(first, second) == [(0, 10), (0, 5), (1, 11), (1, 9), (0, 12), (1, 30)]


def test_equal_times_go_by_first_frame_then_by_place_among_the_names(tmp_path: Path) -> None:
    first = capture(tmp_path / "a", 9, 10, 20)
    second = capture(tmp_path / "b", 8, 10, 20)
    third = capture(tmp_path / "c", 9, 10, 20)
    assert seconds_of(first, second, third) == [
        (1, 8), (0, 9), (2, 9), (1, 10), (0, 10), (2, 10), (1, 20), (0, 20), (2, 20),
    ]  # fmt: skip


def test_merged_frames_keep_their_columns(tmp_path: Path) -> None:
    first = write(
        tmp_path / "a",
        section() + interface(113) + enhanced(10, b"ten", wire=99) + enhanced(30, b"thirty"),
    )
    second = capture(tmp_path / "b", 0)
    frames, inputs = frames_of(second, first)
    assert [frame[:5] for frame in frames] == [
        (0, 1, 0, 1, 1),
        (1, 1, 10_000, 113, 99),
        (1, 2, 30_000, 113, 6),
    ]
    assert [info.link_types for info in inputs] == [(1,), (113,)]


def test_batches_of_files_apart_are_handed_on_as_they_are(tmp_path: Path) -> None:
    names = [capture(tmp_path / str(i), *range(i * 1000, i * 1000 + 1000)) for i in range(3)]
    with open_capture(names) as whole:
        sizes = [(int(batch.source[0]), len(batch)) for batch in whole.batches()]
    assert sizes == [(0, 1000), (1, 1000), (2, 1000)]


def test_only_files_that_overlap_are_open_together(tmp_path: Path) -> None:
    names = [capture(tmp_path / str(i), *range(i * 10, i * 10 + 12)) for i in range(50)]
    most = 0
    before = len(list(Path("/proc/self/fd").iterdir()))
    # Hashing has a descriptor of its own for each input, for as long as its thread is behind.
    with open_capture(names, is_hashed=False) as whole:
        frames = 0
        for batch in whole.batches():
            frames += len(batch)
            now = len(list(Path("/proc/self/fd").iterdir())) - before
            most = max(most, now)
    assert frames == 600
    # Two or three inputs, and slack.
    assert most < 10


def test_a_file_without_frames_does_not_disturb(tmp_path: Path) -> None:
    names = [capture(tmp_path / "a", 2), capture(tmp_path / "b"), capture(tmp_path / "c", 1)]
    frames, inputs = frames_of(*names)
    assert [frame.source for frame in frames] == [2, 0]
    assert [info.fault for info in inputs] == ["", "", ""]


@pytest.mark.parametrize("chunk_bytes", [200, 10_000, 1 << 20])
def test_the_order_is_the_one_of_mergecap(tmp_path: Path, chunk_bytes: int) -> None:
    rng = random.Random(7)  # noqa: S311  repeatable test data
    times = rng.sample(range(5_000_000), 6000)
    names = []
    for share in range(4):
        mine = sorted(times[share::4]) if share < 2 else times[share::4][:700]
        data = pcap_file(
            [(t // 1000, t % 1000 * 1000, rng.randbytes(rng.randrange(300))) for t in mine]
        )
        names.append(write(tmp_path / f"{share}.pcap", data))
    merged = tmp_path / "merged.pcap"
    run_tool("mergecap", "-F", "pcap", "-w", merged, *names)
    assert packets_of(*names, chunk_bytes=chunk_bytes) == packets_of(merged)


def test_merging_large_frames_fills_several_batches(tmp_path: Path) -> None:
    big = bytes(200_000)
    names = [
        write(tmp_path / str(i), pcap_file([(t, 0, big) for t in range(i, 60, 2)]))
        for i in range(2)
    ]
    with open_capture(names) as whole:
        sizes = []
        times: list[int] = []
        for batch in whole.batches():
            sizes.append(int(batch.cap_len.sum()))
            times += batch.ts_ns.tolist()
    assert times == [second * 10**9 for second in range(60)]
    assert max(sizes) <= 1 << 20
    assert all(earlier < later for earlier, later in pairwise(times))
