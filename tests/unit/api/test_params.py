import pytest

from monitor.api.params import compiled, time_ns
from monitor.api.problems import ProblemError
from monitor.language import Where


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-11-28T08:00:00Z", 1_795_852_800_000_000_000),
        ("2026-11-28T09:00:00+01:00", 1_795_852_800_000_000_000),
        ("2026-11-28t08:00:00.000000001z", 1_795_852_800_000_000_001),
        ("2026-11-28T08:00:00.1234567891Z", 1_795_852_800_123_456_789),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000_000_000),
        ("9999-12-31T23:59:59Z", (1 << 62) - 1),
        ("0001-01-01T00:00:00Z", -(1 << 62) + 1),
    ],
)
def test_a_time_is_read(text: str, ns: int) -> None:
    assert time_ns(text) == ns


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-28", "2026-11-28T08:00:00", "2026-02-30T00:00:00Z", "2026-11-28T08:00:61Z",
        "2026-11-28T08:00:00+24:00", "1795852800", "", 5, None, "\u0662026-11-28T08:00:00Z",
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"time|minute|day|month|year|isoformat"):
        time_ns(text)


def test_a_filter_that_is_wrong_is_a_problem_with_a_column() -> None:
    with pytest.raises(ProblemError) as caught:
        compiled("purpose = ntp and", Where.FLOW)
    assert caught.value.status_code == 422
    assert caught.value.errors[0].column == 18


def test_no_filter_is_no_condition() -> None:
    assert compiled(None, Where.FLOW) is None
    assert compiled("  ", Where.ALERT) is None
