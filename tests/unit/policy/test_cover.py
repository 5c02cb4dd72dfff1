from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from monitor.errors import ConfigError
from monitor.model.alerts import Silence, Subject
from monitor.policy.cover import Cover, read_window
from tests.support.alerts import alert

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 10**9


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-24T02:00+01:00", True),  # a Tuesday
        ("2026-11-24T03:59+01:00", True),
        ("2026-11-24T04:00+01:00", False),
        ("2026-11-25T02:30+01:00", False),
        ("2026-06-23T02:00+02:00", True),  # in summer the clock shows the same
    ],
)
def test_a_window_follows_the_clock_on_the_wall(moment: str, is_open: bool) -> None:
    window = read_window("Tue 02:00-04:00")
    assert window.is_open(at(moment), AMSTERDAM) is is_open


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    window = read_window("Sun,Mon 23:30-00:30 rule = plain-update")
    assert window.is_open(at("2026-11-24T00:29+01:00"), AMSTERDAM)  # Monday's
    assert not window.is_open(at("2026-11-25T00:29+01:00"), AMSTERDAM)
    assert not window.is_open(at("2026-11-22T00:29+01:00"), AMSTERDAM)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("02:00-04:00", "is no window"),
        ("Tus 02:00-04:00", "is no window"),
        ("daily 25:00-26:00", "has no such time"),
        ("daily 02:00-02:00", "has no such time"),
        ("daily 02:00-04:00 rul = x", "did you mean 'rule'?"),
    ],
)
def test_a_window_that_is_none_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=r"policy\.windows") as error:
        read_window(text)
    assert reason in str(error.value)


def silence(**matches: str) -> Silence:
    return Silence("s1", matches, "Ans", "wanted", 100, 200)


@pytest.mark.parametrize(
    ("matches", "held"),
    [
        ({"rule": "media-leaving"}, True),
        ({"rule": "media-leaving", "operator": "Hikvision"}, True),
        ({"rule": "media-leaving", "operator": "Dahua"}, False),
        ({"camera": "10.20.3.11"}, True),
        ({"camera": "10.20.0.0/16"}, True),
        ({"camera": "10.21.0.0/16"}, False),
        ({"camera": "the gate"}, False),
        ({"when": "severity >= high and camera = 10.20.3.0/24"}, True),
        ({"when": "severity > high"}, False),
        ({"when": "nonsense"}, False),
        ({"colour": "red"}, False),
        ({}, False),
    ],
)
def test_a_silence_covers_what_agrees_in_all_that_it_names(
    matches: dict[str, str], held: bool
) -> None:
    cover = Cover()
    cover.silence([silence(**matches)])
    subject = Subject("10.20.3.11")
    assert (cover.holds_back(alert(), subject, 150) == "silence s1") is held
    assert cover.holds_back(alert(), subject, 99) == ""
    assert cover.holds_back(alert(), subject, 200) == ""
