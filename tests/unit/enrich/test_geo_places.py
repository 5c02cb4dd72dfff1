"""Places of whole batches of addresses."""

import ipaddress
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from monitor.enrich import geo as geo_module
from monitor.enrich import geo_places
from monitor.enrich.geo import Geo
from monitor.enrich.geo_places import map_tree, spans_of
from monitor.enrich.special import Anycast, SpecialBlocks, load_special
from monitor.model.arrays import U64
from monitor.model.records import NOWHERE, Place
from tests.support.mmdb import write_mmdb

COUNTRY = {
    "5.0.0.0/8": {"country_code": "FR"},
    "5.128.0.0/10": {"country_code": "DE"},
    "101.132.0.1/32": {"country_code": "CN"},
    "2a00::/12": {"country_code": "NL"},
    "2a00:1450:4001::1/128": {"country_code": "IE"},
}
ASN = {
    "5.0.0.0/9": {"autonomous_system_number": 64496, "autonomous_system_organization": "One"},
    "2a00::/16": {"autonomous_system_number": 64497},
}
V4_ASN = {"5.0.0.0/9": ASN["5.0.0.0/9"]}


def words(texts: Iterable[str]) -> tuple[U64, U64]:
    numbers = []
    for text in texts:
        address = ipaddress.ip_address(text)
        mapped = 0xFFFF << 32 if address.version == 4 else 0
        numbers.append(mapped | int(address))
    hi = np.array([number >> 64 for number in numbers], np.uint64)
    lo = np.array([number & (1 << 64) - 1 for number in numbers], np.uint64)
    return hi, lo


def places(geo: Geo, *texts: str) -> list[Place]:
    return geo.places(*words(texts))


def small(folder: Path, record_bits: int = 24, asn_version: int = 6) -> Geo:
    country = write_mmdb(folder / "c.mmdb", COUNTRY, record_bits=record_bits)
    asn_records = ASN if asn_version == 6 else V4_ASN
    asn = write_mmdb(
        folder / "a.mmdb", asn_records, record_bits=record_bits, ip_version=asn_version
    )
    return Geo.open(country=country, asn=asn)


def test_a_batch_has_the_places_of_the_shipped_databases_in_order(shipped: Geo) -> None:
    found = places(shipped, "101.132.0.1", "8.8.8.8", "2400:3200::1", "10.0.0.1", "193.0.6.139")
    assert [(place.country, place.asn, place.is_anycast) for place in found] == [
        ("CN", 37963, False),
        ("", 15169, True),
        ("CN", 37963, False),
        ("", 0, False),
        ("NL", 3333, False),
    ]


@pytest.mark.parametrize("record_bits", [24, 28, 32])
def test_every_record_size_is_read(tmp_path: Path, record_bits: int) -> None:
    with small(tmp_path, record_bits) as geo:
        assert geo._keys is not None
        assert places(geo, "5.1.1.1", "5.128.0.0", "5.191.255.255", "5.192.0.0") == [
            Place("FR", 64496, "One"),
            Place("DE"),
            Place("DE"),
            Place("FR"),
        ]
        assert places(geo, "101.132.0.0", "101.132.0.1", "101.132.0.2") == [
            NOWHERE,
            Place("CN"),
            NOWHERE,
        ]
        assert places(geo, "2a00::1", "2a00:1450:4001::1", "2a01::1", "3000::1") == [
            Place("NL", 64497),
            Place("IE", 64497),
            Place("NL"),
            NOWHERE,
        ]


def test_ipv6_is_nowhere_in_a_network_database_of_ipv4_alone(tmp_path: Path) -> None:
    with small(tmp_path, asn_version=4) as geo:
        found = places(geo, "5.1.1.1", "2a00::1", "2a00::2", "101.132.0.1")
        assert found == [Place("FR", 64496, "One"), NOWHERE, NOWHERE, Place("CN")]


def test_only_the_first_address_of_a_block_is_asked_for(tmp_path: Path) -> None:
    with small(tmp_path) as geo:
        assert len(set(places(geo, *(f"5.1.{i}.1" for i in range(200))))) == 1
        assert geo.counts.asked == 1
        places(geo, *(f"5.2.{i}.1" for i in range(200)))
        assert geo.counts.asked == 1


def test_places_are_remembered_within_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(geo_module, "MAX_BLOCKS", 2)
    with small(tmp_path) as geo:
        asked = ("5.1.1.1", "5.128.0.1", "5.192.0.1", "101.132.0.1", "2a00::1", "10.0.0.1")
        found = places(geo, *asked)
        assert found == [geo.place(ip) for ip in asked]
        assert len(geo._of_key) <= 2


def test_an_empty_batch_has_no_places(shipped: Geo) -> None:
    assert places(shipped) == []


def test_columns_may_be_strided_and_read_only(shipped: Geo) -> None:
    hi, lo = words(["101.132.0.1", "10.0.0.1", "193.0.6.139"])
    hi.flags.writeable = lo.flags.writeable = False
    assert [place.country for place in shipped.places(hi[::2], lo[::2])] == ["CN", "NL"]


def test_words_of_two_lengths_are_a_broken_contract(shipped: Geo) -> None:
    hi, lo = words(["5.1.1.1", "5.1.1.2"])
    with pytest.raises(ValueError, match="two columns of one length"):
        shipped.places(hi[:1], lo)
    with pytest.raises(ValueError, match="two columns of one length"):
        shipped.places(hi.reshape(1, 2), lo.reshape(1, 2))


def test_without_databases_special_blocks_are_still_told_apart() -> None:
    anycast = Anycast(ipaddress.ip_network("192.0.2.0/24"), "test", "test")
    geo = Geo(None, None, SpecialBlocks((anycast,)))
    assert places(geo, "5.1.1.1", "10.0.0.1") == [NOWHERE, NOWHERE]
    assert places(geo, "192.0.2.1") == [geo.place("192.0.2.1")]


def test_a_database_whose_file_was_replaced_is_asked_one_by_one(tmp_path: Path) -> None:
    with small(tmp_path) as geo:
        assert geo._country is not None
        write_mmdb(tmp_path / "new.mmdb", {"5.0.0.0/8": {"country_code": "IT"}}).replace(
            tmp_path / "c.mmdb"
        )
        assert map_tree(geo._country) is None
        changed = Geo(geo._country, geo._asn, load_special())
        assert changed._keys is None
        assert places(changed, "5.1.1.1", "10.0.0.1") == [Place("FR", 64496, "One"), NOWHERE]


def test_a_database_that_is_gone_or_too_large_is_asked_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small(tmp_path) as geo:
        assert map_tree(geo._asn) is not None
        monkeypatch.setattr(geo_places, "MAX_BYTES", 100)
        assert map_tree(geo._asn) is None
        (tmp_path / "c.mmdb").unlink()
        assert map_tree(geo._country) is None


def test_a_record_size_that_is_not_known_is_asked_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(geo_places, "RECORD_BITS", (28, 32))
    with small(tmp_path) as geo:
        assert geo._keys is None
        assert places(geo, "5.1.1.1", "2a00::1") == [
            Place("FR", 64496, "One"),
            Place("NL", 64497),
        ]


def test_a_damaged_tree_fails_and_counts_every_look_up(tmp_path: Path) -> None:
    path = write_mmdb(tmp_path / "c.mmdb", {"5.0.0.0/8": {"country_code": "FR"}})
    raw = bytearray(path.read_bytes())
    with Geo.open(country=path, folders=()) as geo:
        # The file is mapped: what is written through the same inode is what is read.
        nodes = raw.index(bytes(16))
        raw[:nodes] = b"\xff" * nodes
        with path.open("r+b") as file:
            file.write(raw)
        assert places(geo, "5.0.0.1", "5.0.0.2") == [NOWHERE, NOWHERE]
        assert geo.counts.damaged == 2


def test_spans_begin_at_the_first_address_and_end_where_blocks_do() -> None:
    spans = spans_of(SpecialBlocks(()))
    starts = dict(
        zip(
            zip(spans.first_hi.tolist(), spans.first_lo.tolist(), strict=True),
            spans.kind.tolist(),
            strict=True,
        )
    )
    mapped = 0xFFFF << 32
    assert starts[0, 0] == 1
    assert starts[0, 2] == 0
    assert starts[0, mapped] == 1
    assert starts[0, mapped | 1 << 24] == 0
    assert starts[0, mapped | 10 << 24] == 1
    assert starts[0, mapped | 11 << 24] == 0
    assert starts[0, mapped | 0xE000_0000] == 1
    assert starts[0, mapped + (1 << 32)] == 0
    assert starts[0xFF << 56, 0] == 1
    assert list(starts) == sorted(starts)
