import pytest

from monitor.api.problems import ProblemError
from monitor.api.rates import Rates, network


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("nonsense", "unknown"),
        ("", "unknown"),
    ],
)
def test_a_machine_has_one_count(address: str, counted: str) -> None:
    assert network(address) == counted


def test_each_has_its_own_count() -> None:
    rates = Rates(2, 1, 1, lambda: 0)
    rates.known("a")
    rates.known("a")
    rates.known("b")
    with pytest.raises(ProblemError) as caught:
        rates.known("a")
    assert caught.value.status_code == 429
    rates.refused("192.0.2.1")
    rates.refused("192.0.2.2")
    with pytest.raises(ProblemError):
        rates.refused("192.0.2.1")
