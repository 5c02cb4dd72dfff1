import itertools

import pytest

from monitor.notify import schedule

NOW = 1_795_000_000.0  # Wed, 18 Nov 2026 11:06:40 GMT


def test_waits_add_up_to_the_times_of_the_specification() -> None:
    waits = [schedule.wait_s(n, 0.5) for n in range(1, 10)]
    starts = list(itertools.accumulate(wait or 0 for wait in waits))
    assert starts == [5, 305, 2105, 9305, 27305, 63305, 113705, 185705, 272105]
    assert schedule.wait_s(10, 0.5) is None


def test_chance_moves_a_wait_by_a_tenth() -> None:
    assert schedule.wait_s(2, 0.0) == pytest.approx(270)
    assert schedule.wait_s(2, 0.999_999) == pytest.approx(330, abs=0.01)


def test_the_breaker_opens_at_five_failures_and_never_longer_than_a_quarter_of_an_hour() -> None:
    waits = [schedule.open_s(n, 0.5) for n in (1, 4, 5, 6, 7, 8, 9, 10, 1000)]
    assert waits == [0, 0, 60, 120, 240, 480, 900, 900, 900]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", 0),
        (" 120 ", 120),
        ("99999999999999999999", 86_400),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("Wed, 18 Nov 2026 11:07:40 GMT", 60),
        ("Wednesday, 18-Nov-26 11:07:40 GMT", 60),
        ("Wed, 18 Nov 2026 11:05:40 GMT", 0),
        ("Wed, 18 Nov 9999 11:05:40 GMT", 86_400),
        ("Wed, 18 Nov 99999 11:05:40 GMT", None),
        ("tomorrow", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_a_date(value: str | None, seconds: float | None) -> None:
    assert schedule.retry_after_s(value, NOW) == seconds
