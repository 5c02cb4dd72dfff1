"""Properties of batches of places: each is what is said of the address alone."""

import ipaddress
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from monitor.enrich import special
from monitor.enrich.geo import Geo
from monitor.enrich.kernel_mmdb import block_keys
from monitor.enrich.special import load_special
from monitor.errors import ConfigError
from monitor.model.addresses import ip_text
from monitor.model.arrays import U64
from monitor.model.records import Place
from tests.support.mmdb import write_mmdb
from tests.support.mmdb_twin import Tree, code

LOW = (1 << 64) - 1
MAPPED = 0xFFFF << 32
V6_END = 1 << 128


def span(network: special.Network) -> tuple[int, int]:
    base = MAPPED if network.version == 4 else 0
    return base + int(network.network_address), base + int(network.broadcast_address)


EDGES = sorted(
    {
        (edge + step) % V6_END
        for network in (
            *(ipaddress.ip_network(text) for text in special.NOWHERE_BLOCKS),
            *(block.network for block in load_special().anycast),
            ipaddress.ip_network("::/96"),
            ipaddress.ip_network("::ffff:0:0/96"),
            ipaddress.ip_network("64:ff9b::/96"),
        )
        for edge in span(network)
        for step in (-1, 0, 1)
    }
)
V4 = st.integers(0, 2**32 - 1).map(lambda number: MAPPED | number)
ROUTED_V6 = st.integers(0, 2**61 - 1).map(lambda number: 1 << 125 | number << 64)
COMPATIBLE = st.integers(0, 2**32 - 1)
ANY = V4 | ROUTED_V6 | COMPATIBLE | st.integers(0, V6_END - 1) | st.sampled_from(EDGES)


def fixed(values: list[int]) -> U64:
    array = np.array(values, np.uint64)
    array.flags.writeable = False
    return array


def words(numbers: list[int]) -> tuple[U64, U64]:
    return fixed([number >> 64 for number in numbers]), fixed([number & LOW for number in numbers])


def batch(geo: Geo, numbers: list[int]) -> list[Place]:
    return geo.places(*words(numbers))


def one_by_one(geo: Geo, numbers: list[int]) -> list[Place]:
    return [geo.place(ip_text(number >> 64, number & LOW)) for number in numbers]


@pytest.fixture(scope="module")
def geo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Geo]:
    with Geo.open(folders=(), cache=tmp_path_factory.mktemp("geo")) as opened:
        yield opened


def test_the_edges_of_special_blocks_are_as_one_by_one(geo: Geo) -> None:
    assert batch(geo, EDGES) == one_by_one(geo, EDGES)


def test_many_addresses_are_as_one_by_one(geo: Geo) -> None:
    random = np.random.default_rng(20261123)
    v4 = [MAPPED | int(low) for low in random.integers(0, 1 << 32, 5000)]
    v6 = [1 << 125 | int(high) << 80 for high in random.integers(0, 1 << 44, 5000)]
    assert batch(geo, v4 + v6) == one_by_one(geo, v4 + v6)


@given(st.lists(ANY, max_size=50), st.integers(0, 50))
@settings(max_examples=300)
def test_a_batch_is_as_one_by_one_for_any_split_of_it(
    geo: Geo, numbers: list[int], cut: int
) -> None:
    wanted = one_by_one(geo, numbers)
    assert batch(geo, numbers) == wanted
    assert batch(geo, numbers[:cut]) + batch(geo, numbers[cut:]) == wanted


@st.composite
def networks(draw: st.DrawFn, version: int) -> list[str]:
    """Networks of the family, or of both for 6, with some that hold others."""
    found = []
    for _ in range(draw(st.integers(1, 8))):
        if version == 4 or draw(st.booleans()):
            number, bits = draw(st.integers(1 << 24, 2**32 - 1)), draw(st.integers(6, 32))
            found.append(str(ipaddress.ip_network((number, bits), strict=False)))
        else:
            number, bits = draw(ROUTED_V6), draw(st.integers(4, 128))
            found.append(str(ipaddress.ip_network((number, bits), strict=False)))
    return found


CODES = ("FR", "DE", "CN", "US")


@given(st.data(), st.sampled_from([24, 28, 32]), st.sampled_from([4, 6]), st.sampled_from([4, 6]))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_small_databases_of_every_kind_are_as_one_by_one(
    tmp_path: Path, data: st.DataObject, record_bits: int, country_version: int, asn_version: int
) -> None:
    homes = data.draw(networks(country_version))
    owners = data.draw(networks(asn_version))
    # So that both are taken for what they are.
    country_records: dict[str, dict[str, object]] = {"11.0.0.0/32": {"country_code": "NL"}}
    asn_records: dict[str, dict[str, object]] = {"11.0.0.0/32": {"asn": 64496}}
    country_records |= {
        text: {"country_code": CODES[i % 4], "is_anycast": i == 5} for i, text in enumerate(homes)
    }
    asn_records |= {text: {"asn": 64500 + i} for i, text in enumerate(owners)}
    country = write_mmdb(
        tmp_path / "c.mmdb", country_records, record_bits=record_bits, ip_version=country_version
    )
    asn = write_mmdb(
        tmp_path / "a.mmdb", asn_records, record_bits=record_bits, ip_version=asn_version
    )
    edges = [
        (edge + step) % V6_END
        for text in (*homes, *owners)
        for edge in span(ipaddress.ip_network(text))
        for step in (-1, 0, 1)
    ]
    numbers = edges + data.draw(st.lists(ANY, max_size=10))
    try:
        opened = Geo.open(country=country, asn=asn)
    except ConfigError:
        # The C reader's iterator refuses some trees of few networks.
        reject()
    with opened as geo:
        assert geo._keys is not None
        assert batch(geo, numbers) == one_by_one(geo, numbers)


@given(
    st.binary(max_size=200),
    st.integers(0, 20),
    st.sampled_from([24, 28, 32]),
    st.sampled_from([4, 6]),
    st.lists(ANY, min_size=1, max_size=20),
)
@settings(max_examples=500)
def test_any_bytes_are_walked_as_the_scalar_twin_walks_them(
    raw: bytes, node_count: int, record_bits: int, ip_version: int, numbers: list[int]
) -> None:
    tree = Tree(raw, node_count, record_bits, ip_version)
    key = np.zeros(len(numbers), np.int64)
    (first_hi, first_lo), kind = words([0]), np.frombuffer(bytes(1), np.uint8)
    given_tree = (np.frombuffer(raw, np.uint8), fixed([node_count, record_bits, ip_version]))
    is_filled = block_keys(*words(numbers), first_hi, first_lo, kind, *given_tree, *given_tree, key)
    assert is_filled == (tree.size <= len(raw))
    if is_filled:
        codes = [code(tree, number) for number in numbers]
        assert key.tolist() == [found << 31 | found for found in codes]
