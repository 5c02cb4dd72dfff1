from itertools import islice, pairwise
from pathlib import Path

from monitor.demo.player import LONGEST_WAIT_S, REST_S, STAGGER_S, Frame, frames, timetable

SAMPLE = Path("pcaps/a-hikvision-camera-keeps-its-cloud-connections/input.pcap")


def test_every_frame_of_a_capture_is_played_in_order() -> None:
    played = frames(str(SAMPLE))
    assert len(played) == 254  # as capinfos says
    times = [frame.at_s for frame in played]
    assert times == sorted(times)


def test_silence_inside_a_capture_is_cut() -> None:
    times = [frame.at_s for frame in frames(str(SAMPLE))]
    waits = [after - before for before, after in pairwise(times)]
    assert max(waits) <= LONGEST_WAIT_S + 1e-9


def test_captures_begin_one_after_the_other_and_each_again_after_a_rest() -> None:
    one = [Frame(0.0, b"a"), Frame(1.0, b"b")]
    other = [Frame(0.0, b"x")]
    assert list(islice(timetable([one, other]), 5)) == [
        Frame(0.0, b"a"),
        Frame(1.0, b"b"),
        Frame(STAGGER_S, b"x"),
        Frame(1.0 + REST_S, b"a"),
        Frame(2.0 + REST_S, b"b"),
    ]


def test_a_capture_without_frames_is_passed_over() -> None:
    assert list(islice(timetable([[], []]), 1)) == []
