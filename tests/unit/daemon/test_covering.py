import pytest

from monitor.config import Settings, validate
from monitor.coverage.judge import State
from monitor.coverage.parts import IntervalPart, Station, VlanCounts
from monitor.daemon.covering import GRACE_NS, Covering
from monitor.daemon.wire import WireError

MINUTE = 60_000_000_000
NOON = 1_795_867_200_000_000_000
"""2026-11-28 12:00 UTC."""


def settings(workers: int = 1) -> Settings:
    return validate({"sensor": {"workers": workers}}, "test")


def part(start_ns: int, *, to_camera: int = 60) -> dict[str, object]:
    """Return a minute of VLAN 20, seen from both sides unless `to_camera` is 0."""
    counts = VlanCounts(
        frames=120, bytes=9000, first_ns=start_ns, last_ns=start_ns + MINUTE - 1,
        from_camera=60, from_camera_bytes=5000, to_camera=to_camera, conversations=30,
        one_way=0 if to_camera else 30, tags_compared=30 if to_camera else 0, segments=50,
    )  # fmt: skip
    seen = Station(
        "10.20.3.11", "44:19:b6:5e:20:a1", 20, True, start_ns, counts.last_ns, 60, 5000, 60, 4000
    )
    return IntervalPart(
        start_ns=start_ns, end_ns=start_ns + MINUTE, vlans={20: counts}, stations=[seen]
    ).as_plain()


def test_before_the_first_interval_the_sensor_is_blind() -> None:
    covering = Covering(settings(), [], NOON)
    covering.step(NOON, 0, 0)
    assert covering.state is State.BLIND
    assert covering.status()["coverage"] == {"state": "blind"}


def test_an_interval_seen_from_both_sides_is_ok_and_tells_who_was_seen() -> None:
    covering = Covering(settings(), [], NOON)
    covering.hear(0, [part(NOON)])
    covering.step(NOON + MINUTE, 120, 0)
    assert covering.state is State.OK
    assert covering.seen_ns == {"10.20.3.11": NOON + MINUTE - 1}
    assert covering.gaps() == []


def test_an_interval_waits_for_every_worker_but_not_for_ever() -> None:
    covering = Covering(settings(workers=2), [], NOON)
    covering.hear(0, [part(NOON)])
    covering.step(NOON + MINUTE, 120, 0)
    assert covering.verdict is None
    covering.step(NOON + MINUTE + GRACE_NS + 1, 120, 0)
    assert covering.verdict is not None


def test_a_mirror_that_is_cut_off_is_told_within_two_intervals() -> None:
    covering = Covering(settings(), [], NOON)
    covering.hear(0, [part(NOON)])
    covering.step(NOON + MINUTE, 120, 0)
    empty = IntervalPart(start_ns=NOON + MINUTE, end_ns=NOON + 2 * MINUTE).as_plain()
    covering.hear(0, [empty])
    covering.step(NOON + 2 * MINUTE, 120, 0)
    assert covering.state is State.BLIND
    assert any("VLAN 20" in gap for gap in covering.gaps())


def test_workers_that_say_nothing_at_all_leave_the_sensor_blind() -> None:
    covering = Covering(settings(), [], NOON)
    covering.hear(0, [part(NOON)])
    covering.step(NOON + MINUTE, 120, 0)
    covering.step(NOON + 3 * MINUTE + GRACE_NS + 1, 120, 0)
    assert covering.state is State.BLIND


def test_frames_that_were_dropped_degrade_the_interval() -> None:
    covering = Covering(settings(), [], NOON)
    covering.hear(0, [part(NOON)])
    covering.step(NOON + MINUTE, 100, 20)
    assert covering.state is State.DEGRADED
    assert any("20 of 120 frames" in gap for gap in covering.gaps())


def test_what_no_worker_says_is_refused() -> None:
    covering = Covering(settings(), [], NOON)
    with pytest.raises(WireError, match="not an interval"):
        covering.hear(0, [{"start_ns": "x"}])
