from typing import Any

from monitor.model.records import Evidence
from monitor.model.words import Purpose
from monitor.policy.drift import Drift
from monitor.policy.events import Events
from monitor.policy.load import shipped_rules
from tests.support.policy_talks import DAY_NS, talk

RULE = next(rule for rule in shipped_rules() if rule.id == "diagnostics-drift")
WHO = "02:00:00:00:00:01"


def sent(day: float, size: int, **more: Any) -> Any:
    return talk(day, Purpose.DIAGNOSTICS, out_bytes=size, biggest=size, **more)


def settled(days: int = 10, cameras: int = 1) -> tuple[Drift, Events]:
    events = Events()
    watch = Drift(RULE, events)
    for day in range(days):
        for number in range(1, cameras + 1):
            assert watch.take(sent(day, 30_000, number=number)) is None
    return watch, events


def test_far_more_bytes_than_on_any_day_before_are_told_once_a_day() -> None:
    watch, _ = settled()
    found = [watch.take(sent(10 + part / 100, 25_000)) for part in range(8)]
    assert [f is not None for f in found] == [False] * 3 + [True] + [False] * 4
    assert found[3] == Evidence("drift", "bytes of a day: 100000; at most 30000 before")


def test_many_small_flows_are_told_by_their_number() -> None:
    watch, _ = settled()
    found = watch.take(sent(10, 10_000, flows=200))
    assert found == Evidence("drift", "flows of a day: 200; at most 1 before")


def test_what_siblings_do_as_well_is_not_told() -> None:
    watch, _ = settled(cameras=3)
    for number in (2, 3):
        for day in range(10, 12):
            watch.take(sent(day, 200_000, number=number))
    assert watch.take(sent(12, 200_000)) is not None  # their day was told, so it is no habit
    for number in (5, 6, 7):
        for day in range(8):
            watch.take(sent(20 + day, 200_000, number=number))
    assert watch.take(sent(30, 400_000)) is None


def test_a_week_must_be_learnt_first() -> None:
    watch, _ = settled(days=5)
    assert watch.take(sent(6, 1_000_000)) is None


def test_a_slow_rise_is_told_by_weeks() -> None:
    watch, _ = settled(days=1)
    told = []
    for day in range(1, 40):
        found = watch.take(sent(day, int(30_000 * 1.08**day)))
        if found is not None:
            told.append((day, found.value))
    assert len(told) == 1
    assert told[0][1].endswith("bytes a day in the last week, 37791 in the first")


def test_the_day_of_a_firmware_is_neither_told_nor_learnt() -> None:
    watch, events = settled()
    events.note(talk(10, Purpose.FIRMWARE_DOWNLOAD, in_bytes=32_000_000))
    assert watch.take(sent(10.5, 5_000_000)) is None
    assert watch.take(sent(12, 400_000)) is not None


def test_starts_are_compared_with_starts() -> None:
    watch, events = settled()
    for day in (10, 11, 12, 13):
        events.started(WHO, day * DAY_NS)
        assert watch.take(sent(day, 300_000)) is None
    events.started(WHO, 14 * DAY_NS)
    assert watch.take(sent(14, 1_000_000)) is not None
    assert watch.take(sent(14.5, 31_000)) is None


def test_what_was_learnt_survives_a_restart() -> None:
    before, events = settled(cameras=3)
    after = Drift(RULE, events)
    after.load(before.memory.dirty())
    found = after.take(sent(10, 100_000))
    assert found is not None
    assert found.value.endswith("30000 at its siblings")
