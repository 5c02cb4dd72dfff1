"""The door: faults of inputs, standard input, progress, hashes."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.capture import open_capture
from monitor.errors import UsageError
from monitor.model.frames import FrameBatch
from tests.support.capture_bytes import (
    frames_of,
    pcap_file,
    pcap_header,
    pcap_record,
    run_tool,
    write,
)

ROOT = Path(__file__).resolve().parents[3]
DATA = pcap_file([(i, 0, bytes([i % 256]) * 100) for i in range(20_000)])


def test_the_hash_is_of_the_bytes_on_disk(tmp_path: Path) -> None:
    _, (info,) = frames_of(write(tmp_path / "a.pcap", DATA))
    assert info.sha256 == hashlib.sha256(DATA).hexdigest()
    assert info.size_bytes == len(DATA)


def test_the_hash_covers_what_lies_behind_a_fault(tmp_path: Path) -> None:
    data = pcap_header() + b"\xff" * 3_000_000
    _, (info,) = frames_of(write(tmp_path / "a.pcap", data))
    assert info.fault == "byte 24: record of 4294967295 bytes is longer than any packet"
    assert info.sha256 == hashlib.sha256(data).hexdigest()


def test_one_bad_file_among_several_leaves_the_others(tmp_path: Path) -> None:
    good = write(tmp_path / "good.pcap", pcap_file([(1, 0, b"one"), (3, 0, b"three")]))
    late = write(tmp_path / "late.pcap", pcap_file([(2, 0, b"two")]))
    text = write(tmp_path / "text.pcap", b"GET / HTTP/1.1\r\n")
    blob = write(tmp_path / "blob.pcap", bytes(range(20)))
    none = write(tmp_path / "none.pcap", b"")
    missing = str(tmp_path / "missing.pcap")
    names = [missing, good, text, str(tmp_path), late, blob, none, "a\0b"]
    frames, inputs = frames_of(*names)
    assert [(frame.source, frame.frame_no, frame.packet) for frame in frames] == [
        (1, 1, b"one"),
        (4, 1, b"two"),
        (1, 2, b"three"),
    ]
    assert [info.name for info in inputs] == names
    assert [info.fault for info in inputs] == [
        "cannot be opened: No such file or directory",
        "",
        'not a capture file: starts with "GET / HT"',
        "cannot be opened: it is a directory",
        "",
        "not a capture file: starts with 00 01 02 03 04 05 06 07",
        "the file is empty",
        "cannot be opened: embedded null byte",
    ]
    assert [bool(info.sha256) for info in inputs] == [
        False, True, True, False, True, True, True, False,
    ]  # fmt: skip


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_an_unreadable_file_is_a_fault(tmp_path: Path) -> None:
    path = write(tmp_path / "a.pcap", DATA)
    (tmp_path / "a.pcap").chmod(0)
    _, (info,) = frames_of(path)
    assert info.fault == "cannot be opened: Permission denied"


def test_progress_ends_at_the_total(tmp_path: Path) -> None:
    names = [
        write(tmp_path / "a.pcap", DATA),
        write(tmp_path / "b.pcap", pcap_header() + b"\xff" * 3_000_000),
        write(tmp_path / "c.pcap", b"no capture"),
        str(tmp_path / "missing.pcap"),
    ]
    seen: list[int] = []
    with open_capture(names, chunk_bytes=100_000, progress=seen.append) as capture:
        total = capture.total_bytes
        for _ in capture.batches():
            pass
    assert total == len(DATA) + 3_000_024 + 10
    assert seen[-1] == total
    assert seen == sorted(seen)
    assert len(seen) > len(DATA) // 100_000


def test_a_batch_is_read_only_but_for_the_bytes(tmp_path: Path) -> None:
    with open_capture([write(tmp_path / "a.pcap", DATA)]) as capture:
        batch = next(iter(capture.batches()))
        assert isinstance(batch, FrameBatch)
        with pytest.raises(ValueError, match="read-only"):
            batch.ts_ns[0] = 1


def test_leaving_early_closes_all_files(tmp_path: Path) -> None:
    names = [write(tmp_path / f"{i}.pcap", DATA) for i in range(5)]
    before = len(list(Path("/proc/self/fd").iterdir()))
    with open_capture(names, chunk_bytes=1000) as capture:
        next(iter(capture.batches()))
        assert len(list(Path("/proc/self/fd").iterdir())) > before
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_reading_to_the_end_closes_all_files(tmp_path: Path) -> None:
    names = [write(tmp_path / f"{i}.pcap", DATA) for i in range(5)]
    before = len(list(Path("/proc/self/fd").iterdir()))
    frames_of(*names, tmp_path, tmp_path / "missing")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_no_names_give_no_frames() -> None:
    assert frames_of() == ([], [])


def test_more_inputs_than_can_be_numbered_are_refused() -> None:
    with pytest.raises(UsageError, match="65536 inputs: at most 65535"):
        open_capture(["x"] * 65536)


READ_STDIN = """
import sys
from monitor.capture import open_capture
with open_capture(sys.argv[1:]) as capture:
    total = capture.total_bytes
    frames = [int(no) for batch in capture.batches() for no in batch.frame_no]
for info in capture.inputs:
    print(info.name, info.frames, info.size_bytes, info.sha256, total, info.fault, sep="|")
assert len(frames) == sum(info.frames for info in capture.inputs)
"""


def from_stdin(data: bytes | int, *names: str) -> list[list[str]]:
    """Run a reader with a pipe (bytes) or an open file as standard input; return lines, split."""
    command = [sys.executable, "-W", "error", "-c", READ_STDIN, *(names or ("-",))]
    done = subprocess.run(  # noqa: S603  the tests' own program
        command,
        input=data if isinstance(data, bytes) else None,
        stdin=None if isinstance(data, bytes) else data,
        capture_output=True,
        cwd=ROOT,
        check=False,
    )
    assert done.stderr == b""
    return [line.split("|") for line in done.stdout.decode().splitlines()]


@pytest.mark.parametrize("tool", [None, ["gzip"], ["zstd", "-q"], ["xz", "-0"]])
def test_a_pipe_on_standard_input_is_read(tool: list[str] | None) -> None:
    packed = run_tool(*tool, "-c", stdin=DATA) if tool else DATA
    sha = hashlib.sha256(packed).hexdigest()
    assert from_stdin(packed) == [["-", "20000", str(len(packed)), sha, "None", ""]]


def test_a_file_on_standard_input_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(DATA)
    size = str(len(DATA))
    sha = hashlib.sha256(DATA).hexdigest()
    with path.open("rb") as opened:
        assert from_stdin(opened.fileno()) == [["-", "20000", size, sha, size, ""]]


def test_a_pipe_and_a_file_are_merged(tmp_path: Path) -> None:
    path = write(tmp_path / "a.pcap", DATA)
    size = str(len(DATA))
    sha = hashlib.sha256(DATA).hexdigest()
    assert from_stdin(DATA, path, "-") == [
        [path, "20000", size, sha, "None", ""],
        ["-", "20000", size, sha, "None", ""],
    ]


def test_standard_input_is_read_once_however_often_it_is_named() -> None:
    size = str(len(DATA))
    sha = hashlib.sha256(DATA).hexdigest()
    assert from_stdin(DATA, "-", "-") == [
        ["-", "20000", size, sha, "None", ""],
        ["-", "0", "0", "", "None", "standard input can be read only once"],
    ]


def test_a_cut_pipe_gives_its_frames_and_a_fault() -> None:
    cut = DATA[:-50]
    ((_, frames, size, sha, _, fault),) = from_stdin(cut)
    assert (frames, size, sha) == ("19999", str(len(cut)), hashlib.sha256(cut).hexdigest())
    at = len(DATA) - 116
    assert fault == f"byte {at}: the file ends inside a packet record (have 66 of 116 bytes)"


def test_frames_of_a_slow_pipe_come_as_they_are_written() -> None:
    read_end, write_end = os.pipe()
    with open_capture([f"/dev/fd/{read_end}"]) as capture:
        os.write(write_end, pcap_header() + pcap_record((1, 0, b"one")) + b"\x02")
        batches = capture.batches()
        assert next(batches).frame_no.tolist() == [1]
        os.write(write_end, pcap_record((2, 0, b"two"))[1:])
        assert next(batches).frame_no.tolist() == [2]
        os.close(write_end)
        assert list(batches) == []
    os.close(read_end)
    assert capture.inputs[0].fault == ""


def test_a_terminal_on_standard_input_is_refused() -> None:
    main, terminal = os.openpty()
    lines = from_stdin(terminal)
    os.close(main)
    os.close(terminal)
    assert lines[0][-1] == "cannot be opened: standard input is a terminal"
