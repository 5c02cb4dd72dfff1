import pytest

from monitor.cli.inspect import seconds
from monitor.errors import UsageError


@pytest.mark.parametrize(
    ("text", "value"), [("30s", 30.0), ("45", 45.0), ("2m", 120.0), ("2min", 120.0), ("0.5s", 0.5)]
)
def test_a_length_of_time_is_read(text: str, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "0s", "-1s", "soon", "3h", "1e9", "nan", "99999999s"])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--time-limit"):
        seconds(text)
