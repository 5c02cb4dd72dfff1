"""Blocks that no database is asked about."""

import ipaddress
from pathlib import Path

import pytest

from monitor.enrich import special
from monitor.enrich.special import load_special
from monitor.errors import ConfigError


@pytest.fixture(scope="module")
def blocks() -> special.SpecialBlocks:
    return load_special()


@pytest.mark.parametrize("block", special.NOWHERE_BLOCKS)
def test_the_first_and_the_last_address_of_a_reserved_block_are_nowhere(
    blocks: special.SpecialBlocks, block: str
) -> None:
    network = ipaddress.ip_network(block)
    assert blocks.of(str(network[0])) == special.NOWHERE
    assert blocks.of(str(network[-1])) == special.NOWHERE


@pytest.mark.parametrize(
    ("ip", "what"),
    [
        ("9.255.255.255", special.ORDINARY),
        ("11.0.0.0", special.ORDINARY),
        ("172.15.255.255", special.ORDINARY),
        ("172.32.0.0", special.ORDINARY),
        ("223.255.255.255", special.ORDINARY),
        ("1.1.2.0", special.ORDINARY),
        ("1.1.1.255", special.ANYCAST),
        ("104.16.0.1", special.ANYCAST),
        ("2606:4700::6810:84e5", special.ANYCAST),
        ("2a00:1450::1", special.ORDINARY),
        ("::2", special.ORDINARY),
        ("::ffff:1.1.1.1", special.ANYCAST),
        ("::ffff:9.255.255.255", special.ORDINARY),
    ],
)
def test_blocks_end_where_they_end(blocks: special.SpecialBlocks, ip: str, what: int) -> None:
    assert blocks.of(ip) == what


def test_every_anycast_block_is_outside_the_reserved_ones(blocks: special.SpecialBlocks) -> None:
    assert all(block.network.is_global for block in blocks.anycast)
    assert all(block.source and block.name for block in blocks.anycast)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("blocks:\n- {name: a, source: b, networks: 1.1.1.0/24}", "networks is not a list"),
        ("blocks:\n- {name: a, source: b, networks: []}", "networks is not a list"),
        ("blocks:\n- {name: a, source: b, networks: [1.1.1.1/24]}", "has host bits set"),
        ("blocks:\n- {name: a, source: b, networks: [x]}", "does not appear to be"),
        ("blocks:\n- {name: a, networks: [1.1.1.0/24]}", "source is None"),
        ("blocks: 7", "has no list 'blocks'"),
        ("- 7", "holds no mapping"),
        ("\x00", "not YAML"),
    ],
)
def test_a_wrong_entry_is_refused_with_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "anycast.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message) as caught:
        load_special(path)
    assert "\n" not in str(caught.value)
