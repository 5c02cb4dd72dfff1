"""How many processes do a replay, and that their number changes nothing."""

import os
import signal
import struct
from collections.abc import Iterator
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from monitor import config, follower, run
from monitor.errors import CaptureError, ConfigError, UsageError
from monitor.follower import Follower, is_worth
from monitor.following import Following, Frames, Work

CAMERAS, CLOUD = b"\x0a\x14", b"\x2d\x00\x00\x01"


def datagram(port: int, size: int) -> bytes:
    udp = struct.pack(">HHHH", port, 32100, 8 + size, 0) + bytes(size)
    ip = (
        struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0)
        + CAMERAS
        + port.to_bytes(2)
        + CLOUD
    )
    return bytes(12) + b"\x08\x00" + ip + udp


def capture(path: Path, ports: int, size: int) -> Path:
    """Write 4 MB of datagrams from some ports in turn, each used for as long as the others."""
    count = 4_000_000 // (size + 58)
    records = b"".join(
        struct.pack("<IIII", 1_700_000_000 + at // 1000, at % 1000, size + 42, size + 42)
        + datagram(1024 + at * ports // count, size)
        for at in range(count)
    )
    path.write_bytes(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1) + records)
    return path


def unknown_hash(_fd: int, _is_over: object) -> str:
    return ""


def nothing(_consumed: int) -> None:
    """Progress that nobody looks at."""


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower, "FOLLOWED_FROM_BYTES", 1_000_000)
    monkeypatch.setattr(follower, "SAMPLE_BYTES", 1_000_000)
    monkeypatch.setattr(follower, "SHARE_FLOWS", 2_000)
    monkeypatch.setattr(follower, "CHUNK_BYTES", 100_000)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2})


@pytest.fixture
def many(tmp_path: Path) -> Path:
    return capture(tmp_path / "flows.pcap", 10_000, 100)


def follow(file: Path) -> Follower:
    return Follower([str(file)], config.load(None), unknown_hash)


def shares(file: Path, most: int = 8) -> int:
    with follow(file) as process:
        process.total_bytes()
        return process.shares(most)


def replay(file: Path, out: Path, process: Follower | None) -> run.Done:
    job = run.Job(
        files=[str(file)],
        settings=config.load(None),
        out=out,
        store_url="",
        command=[],
        follower=process,
    )
    return run.replay(job, run.Progress(enabled=False))


def test_a_capture_of_many_flows_has_a_process_for_each_core(many: Path) -> None:
    assert shares(many) == 3


def test_no_more_processes_than_are_wanted(many: Path) -> None:
    assert shares(many, 2) == 2


def test_a_capture_of_long_streams_has_one(tmp_path: Path) -> None:
    assert shares(capture(tmp_path / "video.pcap", 20, 1300)) == 1


def test_streams_that_were_open_before_do_not_count(tmp_path: Path) -> None:
    many, few = (capture(tmp_path / f"{n}", n, 100).read_bytes() for n in (10_000, 10))
    (tmp_path / "both.pcap").write_bytes(many[:400_000] + few[24:])
    assert shares(tmp_path / "both.pcap") == 1


def test_what_is_small_or_not_there_is_followed_in_the_same_process(tmp_path: Path) -> None:
    (tmp_path / "small").write_bytes(bytes(1000))
    assert not is_worth([str(tmp_path / "small")])
    assert not is_worth([str(tmp_path / "none")])
    assert not is_worth(["-"])
    assert is_worth([str(capture(tmp_path / "large", 10, 100))])


def test_so_is_all_on_one_core(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    assert not is_worth([str(many)])


def test_several_processes_write_what_one_does_and_leave_nothing_behind(
    many: Path, tmp_path: Path
) -> None:
    alone = replay(many, tmp_path / "alone", None)
    with follow(many) as process:
        together = replay(many, tmp_path / "together", process)
    for out in ("alone", "together"):
        assert sorted(path.name for path in (tmp_path / out).iterdir()) == [
            "findings.json",
            "flows.jsonl",
            "manifest.json",
            "report.html",
        ]
    written = [(tmp_path / out / "flows.jsonl").read_bytes() for out in ("alone", "together")]
    assert written[0].count(b"\n") == 10_000
    assert written[0] == written[1]
    assert alone.report == together.report


def test_what_is_no_capture_is_told_as_by_one_process(tmp_path: Path) -> None:
    (tmp_path / "zeros").write_bytes(bytes(2_000_000))
    with follow(tmp_path / "zeros") as process:
        together = replay(tmp_path / "zeros", tmp_path / "together", process)
    alone = replay(tmp_path / "zeros", tmp_path / "alone", None)
    assert together.faults == alone.faults
    assert len(together.faults) == 1


def test_a_process_that_dies_is_an_error_and_no_hang(many: Path, tmp_path: Path) -> None:
    with follow(many) as process:
        os.kill(process.pid, signal.SIGKILL)
        with pytest.raises(RuntimeError, match="ended with status -9"):
            replay(many, tmp_path / "out", process)


def test_death_in_the_middle_of_the_work_is_an_error_too(
    many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    received, taken = follower._received, []  # where a message is taken

    with follow(many) as process:

        def dying(end: Connection) -> bytes:
            taken.append(end)
            if len(taken) == 2:
                os.kill(process.pid, signal.SIGKILL)
            return received(end)

        monkeypatch.setattr(follower, "_received", dying)
        with pytest.raises(RuntimeError, match="ended with status -9"):
            replay(many, tmp_path / "out", process)
    assert not list((tmp_path / "out").glob("*part*"))


def test_an_error_in_the_middle_is_told_as_it_is(
    many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = Following.works

    def failing(self: Following, capture: Frames) -> Iterator[Work]:
        for number, work in enumerate(works(self, capture)):
            if number == 15:
                raise CaptureError("the disk was pulled out")
            yield work

    monkeypatch.setattr(Following, "works", failing)
    with follow(many) as process, pytest.raises(CaptureError, match="pulled out"):
        replay(many, tmp_path / "out", process)


def test_nobody_reads_on_for_those_who_are_gone(many: Path) -> None:
    with follow(many) as process:
        process.total_bytes()
        assert process.shares(1) == 1
        works = process.works(0, nothing)
        next(works)
        process._ends[0].close()  # as when its process is gone
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)


def test_what_waits_before_it_is_known_who_takes_it_is_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(follower, "_EARLY_BYTES", 1000)
    news, _ = Pipe()
    waiting = follower._Outgoing(news, [])  # what the process sends with
    waiting.put(bytes(500))
    assert not waiting.is_full
    waiting.put(bytes(500))
    assert waiting.is_full


def test_what_the_process_is_refused_is_raised_here(many: Path, tmp_path: Path) -> None:
    settings = config.load(None)
    site = settings.site.model_copy(update={"inventory": tmp_path / "none.csv"})
    lost = settings.model_copy(update={"site": site})
    with (
        Follower([str(many)], lost, unknown_hash) as process,
        pytest.raises((ConfigError, UsageError), match=r"none\.csv"),
    ):
        process.total_bytes()
