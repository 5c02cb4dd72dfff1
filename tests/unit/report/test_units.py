import pytest

from monitor.report.units import bytes_text, count_text, plural, span_text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (9949, "9.9 kB"),
        (9950, "10 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (23_400_000, "23 MB"),
        (5 * 10**15, "5000 TB"),
    ],
)
def test_bytes_have_a_decimal_unit(count: int, text: str) -> None:
    assert bytes_text(count) == text


def test_counts_are_grouped() -> None:
    assert count_text(12345) == "12\N{NARROW NO-BREAK SPACE}345"
    assert plural(1, "address", "addresses") == "1 address"
    assert plural(2, "flow") == "2 flows"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (90, "90 s"), (600, "10 min"), (9000, "2.5 h"), (700_000, "8 days")],
)
def test_a_span_has_a_fitting_unit(seconds: float, text: str) -> None:
    assert span_text(seconds) == text
