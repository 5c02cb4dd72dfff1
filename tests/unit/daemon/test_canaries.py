import pytest

from monitor.daemon.canaries import Place, read_place
from monitor.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("eth2", Place("eth2", None, is_tagged=False)),
        ("eth2:20", Place("eth2", 20, is_tagged=False)),
        ("eth2+tag:20", Place("eth2", 20, is_tagged=True)),
    ],
)
def test_a_place_is_an_interface_and_the_vlan_that_the_mirror_shows(
    text: str, place: Place
) -> None:
    assert read_place(text) == place


@pytest.mark.parametrize("text", ["", "eth2:", "eth2:0", "eth2:4095", "eth2+tag", "a b", ":20"])
def test_what_names_no_place_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(ConfigError, match="write eth2, eth2:20 or eth2\\+tag:20"):
        read_place(text)
