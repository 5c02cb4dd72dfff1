import subprocess
import sys
from pathlib import Path

import dpkt
import pytest

from monitor.errors import OutputError
from monitor.forensics.pcapng_file import PcapngFile
from tests.support.capture_bytes import frames_of, run_tool
from tests.support.shared import ROOT

ETHERNET, RAW = ("a.pcap", 1), ("b.pcap", 101)


def write(path: Path, *, before_1970_s: int = 0, first_ns: int = 1_794_000_000_123_456_789) -> Path:
    comments = {"comment": "flow abc", "application": "camwatch"}
    with PcapngFile(path, comments=comments, before_1970_s=before_1970_s) as file:
        file.packet(b"one", ts_ns=first_ns, wire_len=60, interface=ETHERNET, comment="frame 1 of ä")
        file.packet(b"four", ts_ns=first_ns + 1, wire_len=4, interface=RAW)
        file.packet(b"", ts_ns=first_ns - 1, wire_len=9, interface=ETHERNET, comment="x" * 5)
        assert file.packets == 3
        file.finish()
    return path


def test_dpkt_reads_packets_and_times_back(tmp_path: Path) -> None:
    with write(tmp_path / "out.pcapng").open("rb") as file:
        read = [(round(float(ts), 6), data) for ts, data in dpkt.pcapng.Reader(file)]
    at = 1_794_000_000.123457
    assert read == [(at, b"one"), (at, b"four"), (at, b"")]


def test_the_capture_stage_reads_lengths_links_and_nanoseconds_back(tmp_path: Path) -> None:
    frames, infos = frames_of(write(tmp_path / "out.pcapng"))
    start = 1_794_000_000_123_456_789
    assert [(f.ts_ns, f.link_type, f.wire_len, f.packet) for f in frames] == [
        (start, 1, 60, b"one"),
        (start + 1, 101, 4, b"four"),
        (start - 1, 1, 9, b""),
    ]
    assert infos[0].fault == ""


def test_times_before_1970_are_kept(tmp_path: Path) -> None:
    path = write(tmp_path / "out.pcapng", before_1970_s=-10, first_ns=-9_000_000_001)
    frames, _ = frames_of(path)
    assert [frame.ts_ns for frame in frames] == [-9_000_000_001, -9_000_000_000, -9_000_000_002]


def test_tshark_reads_the_comments(tmp_path: Path) -> None:
    path = write(tmp_path / "out.pcapng")
    told = run_tool("tshark", "-r", path, "-T", "fields", "-e", "frame.comment").decode()
    assert told.splitlines() == ["frame 1 of ä", "", "xxxxx"]


def test_a_file_that_is_not_finished_is_not_left_behind(tmp_path: Path) -> None:
    with PcapngFile(tmp_path / "out.pcapng", comments={}) as file:
        file.packet(b"one", ts_ns=0, wire_len=3, interface=ETHERNET)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="No such file or directory"):
        PcapngFile(tmp_path / "absent" / "out.pcapng", comments={})


def test_a_comment_too_long_for_an_option_is_cut_between_characters(tmp_path: Path) -> None:
    with PcapngFile(tmp_path / "out.pcapng", comments={"comment": "ä" * 40_000}) as file:
        file.packet(b"one", ts_ns=0, wire_len=3, interface=ETHERNET, comment="é" * 40_000)
        file.finish()
    frames, infos = frames_of(tmp_path / "out.pcapng")
    assert [frame.packet for frame in frames] == [b"one"]
    assert infos[0].fault == ""


def test_a_full_disk_is_told_as_that_and_leaves_no_part(tmp_path: Path) -> None:
    script = (
        "import pathlib, resource, signal\n"
        "from monitor.errors import OutputError\n"
        "from monitor.forensics.pcapng_file import PcapngFile\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (3 << 20, 3 << 20))\n"
        f"out = pathlib.Path({str(tmp_path / 'a.pcapng')!r})\n"
        "try:\n"
        "    with PcapngFile(out, comments={}) as file:\n"
        "        for _ in range(5000):\n"
        "            file.packet(bytes(1000), ts_ns=0, wire_len=1000, interface=('a', 1))\n"
        "        file.finish()\n"
        "except OutputError as error:\n"
        "    print('told:', error)\n"
    )
    done = subprocess.run(  # noqa: S603  # ours
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("told: ")
    assert not list(tmp_path.iterdir())
