"""Properties of places: any text has one, and a database is what its ranges say."""

import io
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import maxminddb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.enrich.geo import Geo
from monitor.enrich.geo_shapes import country_of, is_anycast, network_of
from monitor.enrich.mmdb_write import Tree, database_bytes
from monitor.enrich.special import load_special
from monitor.errors import ConfigError
from monitor.model.records import Place


@pytest.fixture(scope="module")
def geo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Geo]:
    with Geo.open(folders=(), cache=tmp_path_factory.mktemp("geo")) as opened:
        yield opened


ADDRESSES = (
    st.integers(0, 2**32 - 1).map(lambda number: str(IPv4Address(number)))
    | st.integers(0, 2**128 - 1).map(lambda number: str(IPv6Address(number)))
    | st.integers(0, 2**61 - 1).map(lambda number: str(IPv6Address((1 << 125) | number << 64)))
)


@given(st.text() | ADDRESSES)
@settings(max_examples=500)
def test_any_text_has_a_place(geo: Geo, text: str) -> None:
    place = geo.place(text)
    assert isinstance(place, Place)
    assert not (place.country and place.is_anycast)
    assert geo.place(text) == place


@given(ADDRESSES)
@settings(max_examples=500)
def test_what_the_standard_library_calls_private_is_nowhere(geo: Geo, text: str) -> None:
    address = IPv6Address(text) if ":" in text else IPv4Address(text)
    if address.is_private or address.is_multicast or address.is_loopback:
        place = geo.place(text)
        # The library counts some blocks as private that registries route, such as 192.0.0.0/29's
        # neighbours and parts of 2001::/23: no country is claimed for the first group.
        assert place.country == "" or text.startswith(("2001:", "64:", "192.0.0."))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["country", "country_code", "iso_code", "asn", "as_name", "traits", "is_anycast"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@given(JSON)
@settings(max_examples=300)
def test_any_record_is_normalised(record: object) -> None:
    country = country_of(record)
    asn, org = network_of(record)
    assert country == "" or (len(country) == 2 and country.isupper())
    assert 0 <= asn < 2**32
    assert len(org) <= 120
    assert is_anycast(record) in (True, False)


@st.composite
def ranges(draw: st.DrawFn) -> list[tuple[int, int, int]]:
    """Disjoint rising ranges in a small corner of the space, with bounds off any prefix."""
    cuts = sorted(draw(st.sets(st.integers(0, 4096), min_size=2, max_size=20)))
    rows = []
    for start, end in zip(cuts[::2], cuts[1::2], strict=False):
        rows.append((start << 100, (end << 100) - 1, draw(st.integers(0, 2))))
    return rows


@given(ranges(), st.lists(st.integers(0, 4200), min_size=1, max_size=20))
@settings(max_examples=200)
def test_a_written_database_answers_as_its_ranges_say(
    rows: list[tuple[int, int, int]], asked: list[int]
) -> None:
    tree = Tree()
    root = tree.from_ranges(*([row[i] for row in rows] for i in range(3)))
    raw = database_bytes(
        tree, root, ["a", "b", "c"], database_type="t", description="d", build_epoch=1
    )
    with maxminddb.open_database(io.BytesIO(raw), maxminddb.MODE_FD) as reader:
        for number in asked:
            ip = (number << 100) | 5
            wanted = next(("abc"[r] for start, end, r in rows if start <= ip <= end), None)
            assert reader.get(str(IPv6Address(ip))) == wanted


@given(st.text(max_size=200) | st.binary(max_size=200))
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_data_file_is_read_or_refused_with_one_line(
    tmp_path: Path, content: str | bytes
) -> None:
    path = tmp_path / "anycast.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "replace"))
    with pytest.raises(ConfigError) as caught:
        load_special(path)
    assert "\n" not in str(caught.value)
