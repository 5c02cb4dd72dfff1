"""Mirrors that are broken in the usual ways, made of a sample: each is told within two intervals.

The sample is that of cameras on a closed VLAN; here its scene is tagged and goes on for minutes.
"""

import ipaddress
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.capture import open_capture
from monitor.coverage.account import Account
from monitor.coverage.canary import CanaryResult
from monitor.coverage.judge import IntervalVerdict, Judge
from monitor.coverage.stage import CoverageStage, Watched
from monitor.decode import Decoder
from monitor.model.addresses import Networks
from pcaps.make import media, wire
from pcaps.make.local import ntp
from pcaps.make.scene import Host, Scene
from pcaps.make.tcp import Tcp

CAMERA = Host("10.20.7.21", "a4:14:37:10:2c:31")
RECORDER = Host("10.20.7.5", "54:c4:15:00:be:e1")
GATEWAY = Host("10.20.7.1", "00:1b:d4:7a:31:c7")
TIMES = Host("10.20.0.123", "", 63)
VLAN = 20
WATCHED = Watched(Networks([ipaddress.ip_network("10.0.0.0/8")]))

Frames = list[tuple[int, bytes]]


def minutes() -> Frames:
    """Return a recorder's stream and the camera's clock over four minutes, in VLAN 20."""
    scene = Scene("mirrors", "2026-11-02T06:00:00", GATEWAY, vlan=VLAN)
    for minute in range(4):
        stream = Tcp(scene, 60.0 * minute + 1, (RECORDER, CAMERA), 554, 0.0006)
        stream.open()
        media.rtsp_interleaved(stream, "/Streaming/Channels/101", 28)
        stream.close()
        ntp(scene, 60.0 * minute + 30, (CAMERA, TIMES), rtt=0.0012)
    return sorted(scene.frames, key=lambda frame: frame[0])


def is_from_camera(frame: bytes) -> bool:
    return frame[6:12] == wire.mac_bytes(CAMERA.mac)


def judged(folder: Path, frames: Frames, *, until_s: int = 0) -> list[IntervalVerdict]:
    """Write a capture and read it again; `until_s` moves time on as a live sensor does."""
    path = folder / "input.pcap"
    wire.write_pcap(path, frames, 65535)
    stage, judge, decoder = CoverageStage(WATCHED), Judge(), Decoder()
    parts = []
    with open_capture([str(path)]) as capture:
        for batch in capture.batches():
            parts += stage.step(batch, decoder.decode(batch)[0])
    if not until_s:
        parts += stage.finish()
    while until_s and stage.end_ns <= frames[0][0] * 1000 + until_s * 1_000_000_000:
        parts += stage.advance(stage.end_ns)
    return [verdict for part in parts for verdict in judge.take(part)]


def told(verdicts: list[IntervalVerdict]) -> list[tuple[str, ...]]:
    return [
        tuple(sorted({str(reason.kind) for one in verdict.vlans for reason in one.reasons}))
        for verdict in verdicts
    ]


def test_the_whole_mirror_is_ok(tmp_path: Path) -> None:
    verdicts = judged(tmp_path, minutes())
    assert told(verdicts) == [(), (), (), ()]
    assert all(one.two_sided for verdict in verdicts for one in verdict.vlans)


def test_cut_off(tmp_path: Path) -> None:
    frames = minutes()
    begin = frames[0][0]
    shown = [frame for frame in frames if frame[0] < begin + 90_000_000]
    assert told(judged(tmp_path, shown, until_s=239))[2:] == [("silent",)] * 2


@pytest.mark.parametrize("shows_camera", [True, False])
def test_one_sided(tmp_path: Path, *, shows_camera: bool) -> None:
    shown = [frame for frame in minutes() if is_from_camera(frame[1]) is shows_camera]
    assert told(judged(tmp_path, shown))[:2] == [("one-sided",)] * 2


def test_doubled(tmp_path: Path) -> None:
    shown = [copy for at, frame in minutes() for copy in ((at, frame), (at + 20, frame))]
    assert told(judged(tmp_path, shown))[:2] == [("doubled",)] * 2


def test_tags_stripped_one_way(tmp_path: Path) -> None:
    def strip(frame: bytes) -> bytes:
        assert frame[12:16] == struct.pack(">HH", 0x8100, VLAN)
        return frame if is_from_camera(frame) else frame[:12] + frame[16:]

    shown = [(at, strip(frame)) for at, frame in minutes()]
    assert told(judged(tmp_path, shown))[:2] == [("tags-differ",)] * 2


def every(count: int) -> Callable[[int], bool]:
    return lambda number: number % count == count // 2


def test_one_frame_in_fifty_lost(tmp_path: Path) -> None:
    is_lost = every(50)
    shown = [frame for number, frame in enumerate(minutes()) if not is_lost(number)]
    account = Account()
    for verdict in judged(tmp_path, shown):
        account._take(verdict)
    counts = account.vlans[VLAN].counts
    share = counts.lost_segments / (counts.segments + counts.lost_segments)
    assert 0.01 < share < 0.04


def test_a_canary_that_stays_away_is_told_though_frames_come(tmp_path: Path) -> None:
    frames = minutes()[:100]
    wire.write_pcap(tmp_path / "input.pcap", frames, 65535)
    stage, decoder, judge = CoverageStage(WATCHED), Decoder(), Judge()
    with open_capture([str(tmp_path / "input.pcap")]) as capture:
        for batch in capture.batches():
            stage.step(batch, decoder.decode(batch)[0])
    (part,) = stage.finish()
    (verdict,) = judge.take(part, canaries=[CanaryResult(VLAN, sent=1, returned=0)])
    assert told([verdict]) == [("canary-missing",)]
