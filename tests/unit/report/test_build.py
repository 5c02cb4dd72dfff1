from collections.abc import Sequence

import pytest

from monitor.model.frames import InputInfo
from monitor.report.build import RunFacts, build
from monitor.report.summary import Tally

HALF_PAST_EIGHT_NS = 1_794_213_000 * 10**9
"""2026-11-09 08:30:00 UTC, as ``date -u -d '2026-11-09 08:30' +%s`` gives it."""


def facts(inputs: Sequence[InputInfo]) -> RunFacts:
    return RunFacts(
        version="0.1.0",
        inputs=inputs,
        assumed=(),
        losses=(),
        counters={},
        attributions=(),
        databases=(),
        devices={},
    )


def capture(begins_s: int, ends_s: int) -> InputInfo:
    return InputInfo(
        name="site.pcap",
        first_ns=HALF_PAST_EIGHT_NS + begins_s * 10**9,
        last_ns=HALF_PAST_EIGHT_NS + ends_s * 10**9,
    )


@pytest.mark.parametrize(
    ("inputs", "text"),
    [
        ([capture(0, 168)], "2026-11-09 08:30:00 to 08:32:48 UTC (3 min)"),
        ([capture(0, 86_400)], "2026-11-09 08:30:00 to 2026-11-10 08:30:00 UTC (24.0 h)"),
        (
            [capture(60, 120), InputInfo(name="empty.pcap"), capture(0, 30)],
            "2026-11-09 08:30:00 to 08:32:00 UTC (2 min)",
        ),
    ],
)
def test_the_period_is_that_of_all_inputs_and_says_the_day_once(
    inputs: Sequence[InputInfo], text: str
) -> None:
    period = build(Tally().summary(), (), facts(inputs))["period"]
    assert period["text"] == text


def test_inputs_without_frames_have_no_period() -> None:
    assert build(Tally().summary(), (), facts([InputInfo(name="empty.pcap")]))["period"] is None


def test_hours_between_captures_are_said_and_the_change_of_a_file_is_not() -> None:
    inputs = [capture(7230, 7260), capture(0, 100), capture(40, 60), capture(159, 180)]
    assert build(Tally().summary(), (), facts(inputs))["gaps"] == [
        "2026-11-09 08:33:00 to 2026-11-09 10:30:30 UTC (118 min)"
    ]
    assert build(Tally().summary(), (), facts([]))["gaps"] == []
