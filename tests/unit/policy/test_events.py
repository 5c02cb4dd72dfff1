from monitor.model.learnt import Learnt
from monitor.model.words import Purpose
from monitor.policy.events import Events, Occasion
from monitor.policy.talks import MINUTE_NS
from tests.support.policy_talks import DAY_NS, talk

HABITS = ((Purpose.CLOUD_API, 0.1), (Purpose.UPDATE_CHECK, 0.4), (Purpose.DIAGNOSTICS, 0.8))
WHO = "02:00:00:00:00:01"


def settled() -> Events:
    events = Events()
    for day in range(5):
        for purpose, at in HABITS:
            events.note(talk(day + at, purpose))
    return events


def occasion(events: Events, day: float) -> tuple[Occasion, int]:
    return events.at(WHO, int(day * DAY_NS))


def test_a_camera_that_calls_all_its_habits_at_once_was_started() -> None:
    events = settled()
    assert occasion(events, 4.8) == (Occasion.STEADY, 0)
    for number, (purpose, _) in enumerate(HABITS):
        events.note(talk(18.5 + number / 1440, purpose))
    assert occasion(events, 18.5) == (Occasion.START, 1)
    assert occasion(events, 18.5 + 10 / 1440) == (Occasion.START, 1)
    assert occasion(events, 18.5 + 30 / 1440) == (Occasion.STEADY, 0)


def test_a_start_that_something_else_tells_counts_once() -> None:
    events = settled()
    for minute in range(3):
        events.started(WHO, 6 * DAY_NS + minute * MINUTE_NS)
    assert occasion(events, 6) == (Occasion.START, 1)


def test_a_firmware_makes_a_day_of_update_and_a_question_does_not() -> None:
    events = settled()
    events.note(talk(7, Purpose.FIRMWARE_DOWNLOAD, in_bytes=2000))
    assert occasion(events, 7.5) == (Occasion.STEADY, 0)
    events.note(talk(8, Purpose.FIRMWARE_DOWNLOAD, in_bytes=32_000_000))
    assert occasion(events, 8.9) == (Occasion.UPDATE, 1)
    assert occasion(events, 9.1) == (Occasion.STEADY, 0)
    assert events.is_updating(WHO, int(8.5 * DAY_NS))
    assert not events.is_updating("02:00:00:00:00:99", 0)


def test_what_was_noted_survives_a_restart() -> None:
    before = settled()
    after = Events()
    after.load([Learnt(*row) for row in before.memory.dirty()])
    for number, (purpose, _) in enumerate(HABITS):
        after.note(talk(18.5 + number / 1440, purpose))
    assert occasion(after, 18.5) == (Occasion.START, 1)
