"""The canary: a frame that switches flood, that cameras drop, and that nobody can fake."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from monitor.coverage.canary import (
    GROUP_MAC,
    MAGIC,
    MOST_OUT,
    Canary,
    CanaryResult,
    CanaryWatch,
    build,
    content_of,
    read,
)
from monitor.coverage.parts import CanarySighting
from monitor.coverage.stage import CoverageStage
from monitor.decode import Decoder
from tests.support.coverage_script import WATCHED
from tests.support.frames import frames

KEY = bytes(range(32))
SRC = 0x02_00_00_00_00_77
NOW = 1_700_000_000_000_000_000
SECOND = 1_000_000_000
CANARY = Canary("town-hall", 20, NOW, b"nonce--1")


def test_the_frame_is_the_shortest_that_ethernet_has_or_longer_and_goes_to_a_group() -> None:
    frame = build(CANARY, KEY, SRC, is_tagged=True)
    assert len(frame) >= 60
    assert frame[:12].hex() == "036361 6d7701 020000000077".replace(" ", "")
    assert frame[12:18].hex() == "8100001488b5"
    assert frame[18:26] == MAGIC
    assert GROUP_MAC >> 40 & 3 == 3


def test_without_a_tag_the_ethertype_follows_the_macs() -> None:
    assert build(CANARY, KEY, SRC, is_tagged=False)[12:14].hex() == "88b5"
    untagged = build(CANARY._replace(vlan=None), KEY, SRC, is_tagged=True)
    assert untagged[12:14].hex() == "88b5"


def test_what_was_built_is_read_again() -> None:
    content = content_of(build(CANARY, KEY, SRC, is_tagged=True))
    assert content is not None
    found = read(content)
    assert found is not None
    assert found[0] == CANARY


@pytest.mark.parametrize("cut", range(60))
def test_a_cut_frame_never_raises(cut: int) -> None:
    frame = build(CANARY, KEY, SRC, is_tagged=False)[:cut]
    content = content_of(frame)
    assert content is None or read(content) is None


def test_a_name_without_end_or_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="1 to 64 bytes"):
        build(CANARY._replace(sensor="x" * 65), KEY, SRC, is_tagged=False)
    with pytest.raises(ValueError, match="16 bytes"):
        build(CANARY, b"short", SRC, is_tagged=False)


def seen(frame: bytes, at_ns: int, vlan: int | None = 20) -> CanarySighting:
    content = content_of(frame)
    assert content is not None
    return CanarySighting(at_ns, vlan, content)


def test_a_canary_that_came_back_counts_once_however_often_it_is_seen() -> None:
    watch = CanaryWatch("town-hall")
    frame = watch.frame(20, NOW, SRC)
    watch.take([seen(frame, NOW + 5), seen(frame, NOW + 9)])
    assert watch.results(NOW + 60 * SECOND) == [CanaryResult(20, 1, 1, (), NOW + 9)]
    assert watch.results(NOW + 120 * SECOND) == []


def test_one_that_did_not_come_back_is_missing_after_the_interval() -> None:
    watch = CanaryWatch("town-hall")
    watch.frame(20, NOW, SRC)
    assert watch.results(NOW + SECOND) == []
    assert watch.results(NOW + 60 * SECOND) == [CanaryResult(20, 1, 0)]


def test_one_that_came_back_with_another_tag_is_told() -> None:
    watch = CanaryWatch("town-hall")
    frame = watch.frame(20, NOW, SRC)
    watch.take([seen(frame, NOW + 5, vlan=None)])
    assert watch.results(NOW + 60 * SECOND)[0].seen_as == (None,)


def test_nobody_else_can_make_one_nor_use_an_old_one_again() -> None:
    watch = CanaryWatch("town-hall", KEY)
    ours = watch.frame(20, NOW, SRC)
    forged = build(Canary("town-hall", 20, NOW, b"nonce--9"), bytes(32), SRC, is_tagged=False)
    watch.take([seen(forged, NOW)])
    assert watch.forged == 1
    assert watch.results(NOW + 60 * SECOND) == [CanaryResult(20, 1, 0)]
    watch.take([seen(ours, NOW + 90 * SECOND)])
    assert watch.forged == 2


@pytest.mark.parametrize("bit", range(0, 8 * 34, 7))
def test_a_flipped_bit_breaks_the_seal(bit: int) -> None:
    watch = CanaryWatch("town-hall", KEY)
    content = bytearray(seen(watch.frame(20, NOW, SRC), NOW).content)
    content[8 + bit // 8] ^= 1 << bit % 8
    watch.take([CanarySighting(NOW, 20, bytes(content))])
    assert watch.results(NOW + 60 * SECOND) == [CanaryResult(20, 1, 0)]


def test_the_canary_of_another_sensor_is_counted_and_proves_nothing() -> None:
    watch = CanaryWatch("town-hall")
    watch.take([seen(build(CANARY._replace(sensor="school"), KEY, SRC, is_tagged=False), NOW)])
    assert (watch.foreign, watch.forged) == (1, 0)


def test_what_is_waited_for_is_bounded() -> None:
    watch = CanaryWatch("s", KEY)
    for number in range(MOST_OUT + 10):
        watch.frame(20, NOW + number, SRC)
    (result,) = watch.results(NOW + 60 * SECOND)
    assert result.sent == MOST_OUT


@pytest.mark.parametrize("is_tagged", [True, False])
def test_the_stage_finds_it_among_frames_and_says_its_vlan(is_tagged: bool) -> None:
    frame = build(CANARY, KEY, SRC, is_tagged=is_tagged)
    other = bytes(12) + b"\x88\xcc" + bytes(60)
    batch = frames([other, frame, other], ts_ns=NOW)
    stage = CoverageStage(WATCHED)
    stage.step(batch, Decoder().decode(batch)[0])
    (part,) = stage.finish()
    (found,) = part.canaries
    assert (found.ts_ns, found.vlan) == (NOW, 20 if is_tagged else None)
    heard = read(found.content)
    assert heard is not None
    assert heard[0] == CANARY


def test_the_stage_finds_it_where_the_kernel_took_the_tag_out() -> None:
    batch = frames([build(CANARY, KEY, SRC, is_tagged=False)], vlan_tci=20)
    stage = CoverageStage(WATCHED)
    stage.step(batch, Decoder().decode(batch)[0])
    assert [one.vlan for part in stage.finish() for one in part.canaries] == [20]


def test_a_flood_of_marked_frames_is_bounded_and_the_last_ones_stay() -> None:
    made = [
        build(CANARY._replace(nonce=number.to_bytes(8, "big")), KEY, SRC, is_tagged=False)
        for number in range(1000)
    ]
    batch = frames(made, ts_ns=[NOW + number for number in range(1000)])
    stage = CoverageStage(WATCHED)
    stage.step(batch, Decoder().decode(batch)[0])
    (part,) = stage.finish()
    assert (len(part.canaries), part.canaries_left_out) == (256, 744)
    assert part.canaries[-1].ts_ns == NOW + 999


def test_tshark_reads_it_as_an_experimental_frame(tmp_path: Path) -> None:
    tshark = shutil.which("tshark")
    if tshark is None:
        pytest.skip("tshark is not installed")
    frame = build(CANARY, KEY, SRC, is_tagged=True)
    path = tmp_path / "canary.pcap"
    header = np.array([0xA1B2C3D4, 0x0004_0002, 0, 0, 65535, 1], "<u4").tobytes()
    record = np.array([1, 0, len(frame), len(frame)], "<u4").tobytes()
    path.write_bytes(header + record + frame)
    fields = ["-T", "fields", "-e", "eth.dst", "-e", "vlan.id", "-e", "vlan.etype"]
    done = subprocess.run(  # noqa: S603 - a reader of captures on the test's own file
        [tshark, "-r", str(path), *fields], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == ["03:63:61:6d:77:01", "20", "0x88b5"]
