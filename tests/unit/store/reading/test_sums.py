import pytest

from monitor.store.reading.sums import MOST_POINTS, step_for

HOUR_NS = 3600 * 10**9


@pytest.mark.parametrize(
    ("span_ns", "wanted_s", "step_s"),
    [
        (24 * HOUR_NS, None, 600),
        (24 * HOUR_NS, 3600, 3600),
        (24 * HOUR_NS, 1, 600),
        (7 * 24 * HOUR_NS, None, 10_800),
        (60 * 10**9, None, 1),
        (0, None, 1),
        (365 * 24 * HOUR_NS, None, 604_800),
        (1 << 62, None, 30_844_800),
    ],
)
def test_a_step_gives_a_chart_that_can_be_read(
    span_ns: int, wanted_s: int | None, step_s: int
) -> None:
    step_ns = step_for(span_ns, wanted_s)
    assert step_ns == step_s * 10**9
    assert span_ns // step_ns <= MOST_POINTS
