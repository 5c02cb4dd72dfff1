"""How many processes do a replay, and that their number changes nothing."""

import os
import struct
from pathlib import Path

import pytest

from monitor import config, run, share

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


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(share, "SHARED_FROM_BYTES", 1_000_000)
    monkeypatch.setattr(share, "SAMPLE_BYTES", 1_000_000)
    monkeypatch.setattr(share, "CHUNK_BYTES", 100_000)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2})


def test_a_capture_of_many_flows_is_shared(tmp_path: Path) -> None:
    assert share.how_many([str(capture(tmp_path / "flows.pcap", 10_000, 100))]) == 3


def test_a_capture_of_long_streams_is_not(tmp_path: Path) -> None:
    assert share.how_many([str(capture(tmp_path / "video.pcap", 20, 1300))]) == 1


def test_streams_that_were_open_before_do_not_count(tmp_path: Path) -> None:
    many, few = (capture(tmp_path / f"{n}", n, 100).read_bytes() for n in (10_000, 10))
    (tmp_path / "both.pcap").write_bytes(many[:400_000] + few[24:])
    assert share.how_many([str(tmp_path / "both.pcap")]) == 1


@pytest.mark.parametrize("content", [b"", b"\x1f\x8b" + bytes(2_000_000), bytes(2_000_000)])
def test_what_is_small_compressed_or_no_capture_is_not_shared(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "input").write_bytes(content)
    assert share.how_many([str(tmp_path / "input")]) == 1
    assert share.how_many([str(tmp_path / "none")]) == 1


def test_one_core_has_one_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    assert share.how_many([str(capture(tmp_path / "flows.pcap", 10_000, 100))]) == 1


def test_several_processes_write_what_one_does_and_leave_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = capture(tmp_path / "flows.pcap", 10_000, 100)
    written = []
    for shares in (1, 3):
        monkeypatch.setattr(share, "how_many", lambda _, shares=shares: shares)
        out = tmp_path / str(shares)
        job = run.Job(
            files=[str(file)], settings=config.load(None), out=out, store_url="", command=[]
        )
        run.replay(job, run.Progress(enabled=False))
        assert sorted(path.name for path in out.iterdir()) == [
            "findings.json",
            "flows.jsonl",
            "manifest.json",
            "report.html",
        ]
        written.append((out / "flows.jsonl").read_bytes())
    assert written[0].count(b"\n") == 10_000
    assert written[0] == written[1]
