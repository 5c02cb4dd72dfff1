"""What each broken mirror is called, and when."""

import dataclasses

import pytest

from monitor.coverage.canary import CanaryResult
from monitor.coverage.judge import (
    CaptureLoss,
    IntervalVerdict,
    Judge,
    Kind,
    State,
    two_sided,
    worst,
)
from monitor.coverage.parts import IntervalPart, VlanCounts
from tests.support.coverage_script import (
    T0,
    VLAN,
    changed,
    doubled,
    is_from_camera,
    judged,
    stream,
)
from tests.support.packets import SECOND_NS, Packet

MINUTE_NS = 60 * SECOND_NS


def kinds(verdict: IntervalVerdict) -> list[tuple[str, list[str]]]:
    return [(str(one.state), [str(reason.kind) for reason in one.reasons]) for one in verdict.vlans]


def test_a_whole_mirror_is_ok_and_proved_two_sided() -> None:
    first, second, third = judged(stream())
    assert [one.state for one in (first, second, third)] == [State.OK] * 3
    of = first.of(VLAN)
    assert of is not None
    assert (of.two_sided, of.counts.conversations, of.counts.one_way) == (True, 1, 0)
    assert (of.counts.segments, of.counts.lost_segments) == (300, 0)
    assert (of.counts.from_camera, of.counts.to_camera) == (301, 302)


def test_a_mirror_that_is_cut_off_makes_its_vlan_blind_in_the_next_interval() -> None:
    verdicts = judged(stream(70.0), until_s=185.0)
    assert [str(one.state) for one in verdicts] == ["ok", "ok", "blind"]
    assert kinds(verdicts[2]) == [("blind", ["silent"])]
    of = verdicts[2].of(VLAN)
    assert of is not None
    assert of.reasons[0].text == "VLAN 20: not one frame in 60 s"


def test_a_silence_between_captures_is_a_verdict_of_its_own() -> None:
    verdicts = judged([*stream(50.0), *stream(50.0, first_s=360.0, port=555)])
    assert [str(one.state) for one in verdicts] == ["ok", "blind", "ok"]
    assert (verdicts[1].start_ns - T0, verdicts[1].end_ns - T0) == (MINUTE_NS, 6 * MINUTE_NS)


@pytest.mark.parametrize(
    ("shows_camera", "wanted"), [(True, "one-sided"), (False, "cameras-unseen")]
)
def test_a_one_sided_mirror_is_told_in_its_first_interval(shows_camera: bool, wanted: str) -> None:
    seen = [packet for packet in stream() if is_from_camera(packet) is shows_camera]
    first = judged(seen)[0]
    state = "degraded" if shows_camera else "blind"
    assert kinds(first) == [(state, [wanted])]
    of = first.of(VLAN)
    assert of is not None
    assert of.two_sided is False
    assert of.reasons[0].breaks_claim


def test_a_doubled_mirror_is_degraded_but_does_not_break_a_claim() -> None:
    first = judged(doubled(stream()))[0]
    assert kinds(first) == [("degraded", ["doubled"])]
    of = first.of(VLAN)
    assert of is not None
    assert not of.reasons[0].breaks_claim
    assert (of.counts.copies, of.counts.sure) == (603, 1206)
    assert of.counts.from_camera == 301


def test_tags_that_are_stripped_one_way_are_told() -> None:
    def stripped(packet: Packet) -> Packet:
        return packet if is_from_camera(packet) else dataclasses.replace(packet, vlan=0xFFFF)

    first = judged(changed(stream(), stripped))[0]
    assert kinds(first) == [("degraded", ["tags-differ"])] * 2
    assert [one.vlan for one in first.vlans] == [None, VLAN]


def test_a_mirror_that_loses_one_packet_in_fifty_is_told_with_its_share() -> None:
    count = iter(range(10_000))
    seen = changed(stream(), lambda packet: None if next(count) % 50 == 25 else packet)
    first = judged(seen)[0]
    assert kinds(first) == [("degraded", ["mirror-loss"])]
    of = first.of(VLAN)
    assert of is not None
    # Of 300 segments and their acknowledgements each fiftieth packet: 12, all of them segments.
    assert (of.counts.lost_segments, of.counts.segments) == (12, 288)
    assert of.reasons[0].text == (
        "12 of 300 TCP segments (4.0%) reached their receiver and not the sensor"
    )


def test_a_camera_that_repeats_to_a_recorder_that_died_is_no_one_sided_mirror() -> None:
    whole = stream(59.0)
    last = max(packet.seq for packet in whole if is_from_camera(packet))
    again = next(packet for packet in whole if is_from_camera(packet) and packet.seq == last)
    repeats = [
        dataclasses.replace(again, ts_ns=T0 + round((61 + 3 * i) * SECOND_NS), ident=i + 1)
        for i in range(15)
    ]
    assert [str(one.state) for one in judged([*whole, *repeats])] == ["ok", "ok"]


def test_frames_that_the_kernel_dropped_degrade_every_vlan() -> None:
    first = judged(stream(), losses=CaptureLoss(received=980, dropped=20))[0]
    assert first.state is State.DEGRADED
    (reason,) = first.reasons
    assert reason.text == (
        "20 of 1000 frames (2.0%) were dropped before they were read: the sensor is too slow or "
        "its ring too small"
    )
    assert kinds(first) == [("degraded", [])]


def test_one_drop_in_a_thousand_is_within_the_threshold() -> None:
    assert judged(stream(), losses=CaptureLoss(received=999, dropped=1))[0].state is State.OK


def _quiet(number: int) -> IntervalPart:
    start = T0 + number * MINUTE_NS
    return IntervalPart(start_ns=start, end_ns=start + MINUTE_NS)


def test_a_canary_that_comes_back_keeps_a_silent_vlan_ok_and_a_missing_one_makes_it_blind() -> None:
    judge = Judge()
    (back,) = judge.take(_quiet(0), canaries=[CanaryResult(VLAN, sent=1, returned=1)])
    assert kinds(back) == [("ok", [])]
    (gone,) = judge.take(_quiet(1), canaries=[CanaryResult(VLAN, sent=1, returned=0)])
    assert kinds(gone) == [("blind", ["canary-missing", "silent"])]


def test_a_missing_canary_makes_a_vlan_blind_though_frames_still_come() -> None:
    judge = Judge()
    part = _quiet(0)
    part.vlans[VLAN] = VlanCounts(frames=50, from_camera=25, to_camera=25, last_ns=T0)
    (one,) = judge.take(part, canaries=[CanaryResult(VLAN, sent=1, returned=0)])
    assert kinds(one) == [("blind", ["canary-missing"])]


def test_a_canary_that_comes_back_in_another_vlan_is_told() -> None:
    (one,) = Judge().take(
        _quiet(0), canaries=[CanaryResult(VLAN, sent=1, returned=1, seen_as=(None,))]
    )
    assert kinds(one) == [("degraded", ["canary-retagged"])]


def test_a_sensor_that_never_saw_anything_is_blind_as_a_whole() -> None:
    (one,) = Judge().take(_quiet(0))
    assert (one.state, one.vlans) == (State.BLIND, ())
    assert [reason.kind for reason in one.reasons] == [Kind.SILENT]


def test_a_vlan_of_the_inventory_must_be_seen_from_the_start() -> None:
    (one,) = Judge(vlans=(30,)).take(_quiet(0))
    assert kinds(one) == [("blind", ["silent"])]


def test_vlans_without_cameras_are_counted_and_not_judged() -> None:
    part = _quiet(0)
    part.vlans[99] = VlanCounts(frames=5, last_ns=T0)
    part.vlans[VLAN] = VlanCounts(frames=5, from_camera=5, last_ns=T0)
    (one,) = Judge().take(part)
    assert [vlan.vlan for vlan in one.vlans] == [VLAN]
    assert one.other_vlans == 1


def test_two_sidedness_is_unknown_without_a_conversation() -> None:
    assert two_sided(VlanCounts(frames=9, from_camera=9)) is None
    assert two_sided(VlanCounts(conversations=2, one_way=1)) is True
    assert two_sided(VlanCounts(conversations=2, one_way=2)) is False


def test_the_worst_state_counts() -> None:
    assert worst([State.OK, State.BLIND, State.DEGRADED]) is State.BLIND
    assert worst([]) is State.OK


def test_a_verdict_is_told_as_plain_data() -> None:
    told = judged(stream(50.0))[0].as_dict()
    assert told["state"] == "ok"
    assert told["start"] == "2023-11-14T22:14:00.000000000Z"
    assert told["vlans"]["20"]["frames"] == 503
    assert told["vlans"]["20"]["two_sided"] is True
