"""Country and network of addresses."""

from pathlib import Path

import pytest

from monitor.enrich import geo as geo_module
from monitor.enrich.geo import Geo
from monitor.errors import ConfigError
from monitor.model.records import NOWHERE, Place
from tests.support.mmdb import write_mmdb


@pytest.mark.parametrize(
    ("ip", "country", "asn"),
    [
        # Country from the export's own rows, AS number from libloc's own look-up of the address.
        ("101.132.0.1", "CN", 37963),
        ("193.0.6.139", "NL", 3333),
        ("52.94.236.248", "US", 16509),
        ("119.29.29.29", "SG", 132203),
        ("2a00:1450:4001::1", "IE", 15169),
        ("2400:3200::1", "CN", 37963),
        ("::ffff:101.132.0.1", "CN", 37963),
        ("64:ff9b::6584:1", "CN", 37963),
    ],
)
def test_the_shipped_databases_know_a_block(shipped: Geo, ip: str, country: str, asn: int) -> None:
    place = shipped.place(ip)
    assert (place.country, place.asn, place.is_anycast) == (country, asn, False)


@pytest.mark.parametrize(
    "ip",
    ["1.1.1.1", "8.8.8.8", "9.9.9.9", "208.67.222.222", "162.159.200.1", "2606:4700:4700::1111"],
)
def test_anycast_has_a_network_and_no_country(shipped: Geo, ip: str) -> None:
    place = shipped.place(ip)
    assert (place.country, place.is_anycast) == ("", True)
    assert place.asn


def test_anycast_is_also_known_from_the_mark_in_the_asn_database(shipped: Geo) -> None:
    assert shipped.place("75.2.0.1") == Place("", 16509, "AMAZON-02", is_anycast=True)


@pytest.mark.parametrize(
    "ip",
    [
        "10.1.2.3",
        "172.31.255.255",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.1.1",
        "127.0.0.1",
        "224.0.0.251",
        "239.255.255.250",
        "255.255.255.255",
        "0.0.0.0",  # noqa: S104  # an address to look up, not to bind
        "203.0.113.5",
        "::1",
        "fe80::1",
        "fd00::1",
        "ff02::fb",
        "2001:db8::1",
        "::ffff:10.0.0.1",
        "",
        "camera",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.4\0",
        "12345::",
        "fe80::1%eth0",
    ],
)
def test_private_reserved_and_unreadable_addresses_are_nowhere(shipped: Geo, ip: str) -> None:
    assert shipped.place(ip) == NOWHERE


def test_what_is_in_use_is_described_with_date_licence_and_origin(shipped: Geo) -> None:
    country, asn = shipped.databases
    assert (country.kinds, country.build_date, country.is_bundled) == (
        frozenset({"country"}),
        "2026-06-25",
        True,
    )
    assert (asn.kinds, asn.build_date, asn.is_bundled) == (frozenset({"asn"}), "2022-10-29", True)
    assert "IPFire" in country.attribution.text
    assert country.attribution.licence == "CC-BY-SA-4.0"


def test_age_and_staleness_are_data(shipped: Geo) -> None:
    country, asn = shipped.databases
    now_s = 1_795_392_000  # 2026-11-23
    assert (country.age_days(now_s), country.is_stale(now_s)) == (150, True)
    assert (country.age_days(country.build_epoch + 86_400 * 90), asn.is_stale(now_s)) == (90, True)
    assert country.age_days(0) == 0


def test_the_newest_database_that_is_found_wins_for_its_kind(tmp_path: Path) -> None:
    found = tmp_path / "found"
    write_mmdb(found / "a.mmdb", {"101.132.0.0/16": {"country_code": "FR"}}, epoch=1_790_000_000)
    write_mmdb(found / "b.mmdb", {"101.132.0.0/16": {"country_code": "IT"}}, epoch=1_795_000_000)
    write_mmdb(found / "c.mmdb", {"101.132.0.0/16": {"country_code": "ES"}}, epoch=1_000_000_000)
    with Geo.open(folders=(found,)) as geo:
        assert geo.place("101.132.0.1") == Place(
            "IT", 37963, "Hangzhou Alibaba Advertising Co.,Ltd."
        )
        assert [database.is_bundled for database in geo.databases] == [False, True]


def test_a_named_database_wins_over_newer_ones(tmp_path: Path) -> None:
    found = tmp_path / "found"
    write_mmdb(found / "a.mmdb", {"101.132.0.0/16": {"country_code": "FR"}}, epoch=1_795_000_000)
    named = write_mmdb(
        tmp_path / "n.mmdb", {"101.132.0.0/16": {"country_code": "ES"}}, epoch=1_000_000_000
    )
    with Geo.open(country=named, folders=(found,)) as geo:
        assert geo.place("101.132.0.1").country == "ES"


def test_a_fetched_database_is_found_in_the_cache_folder(cache: Path) -> None:
    write_mmdb(
        cache / "geo" / "x.mmdb", {"101.132.0.0/16": {"country_code": "FR"}}, epoch=1_795_000_000
    )
    with Geo.open(folders=()) as geo:
        assert geo.place("101.132.0.1").country == "FR"


def test_a_database_with_both_kinds_serves_both(tmp_path: Path) -> None:
    record = {"country_code": "FR", "asn": "AS64496", "as_name": "Example"}
    both = write_mmdb(tmp_path / "f" / "both.mmdb", {"5.0.0.0/8": record}, epoch=1_795_000_000)
    with Geo.open(folders=(both.parent,)) as geo:
        assert geo.place("5.1.1.1") == Place("FR", 64496, "Example")
        assert len(geo.databases) == 1


def test_a_found_file_that_is_no_database_is_a_fault_not_an_error(tmp_path: Path) -> None:
    (tmp_path / "broken.mmdb").write_bytes(b"no database")
    with Geo.open(folders=(tmp_path,)) as geo:
        assert len(geo.faults) == 1
        assert "not a MaxMind DB" in geo.faults[0]
        assert geo.place("101.132.0.1").country == "CN"


def test_a_shipped_database_that_is_not_needed_is_not_unpacked(tmp_path: Path, cache: Path) -> None:
    found = tmp_path / "found"
    write_mmdb(found / "c.mmdb", {"5.0.0.0/8": {"country_code": "FR"}}, epoch=1_795_000_000)
    named = write_mmdb(tmp_path / "a.mmdb", {"5.0.0.0/8": {"asn": 1}})
    with Geo.open(asn=named, folders=(found,)) as geo:
        assert geo.place("5.0.0.1") == Place("FR", 1, "")
    assert not cache.exists()


def test_a_named_file_that_is_no_database_is_refused_with_one_line(tmp_path: Path) -> None:
    broken = tmp_path / "broken.mmdb"
    broken.write_bytes(b"no database")
    with pytest.raises(ConfigError, match="not a MaxMind DB") as caught:
        Geo.open(country=broken)
    assert "\n" not in str(caught.value)
    with pytest.raises(ConfigError, match="No such file"):
        Geo.open(asn=tmp_path / "none.mmdb")


def test_a_named_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = write_mmdb(tmp_path / "c.mmdb", {"5.0.0.0/8": {"country_code": "FR"}})
    with pytest.raises(ConfigError, match="holds no asn data"):
        Geo.open(asn=path)


def test_an_anycast_mark_in_a_country_database_takes_the_country_away(tmp_path: Path) -> None:
    record = {"country": {"iso_code": "US"}, "traits": {"is_anycast": True}}
    plain = {"country": {"iso_code": "US"}}
    path = write_mmdb(tmp_path / "c.mmdb", {"5.0.0.0/8": record, "6.0.0.0/8": plain})
    with Geo.open(country=path, folders=()) as geo:
        assert (geo.place("5.0.0.1").country, geo.place("5.0.0.1").is_anycast) == ("", True)
        assert geo.place("6.0.0.1").country == "US"


def test_an_unroutable_block_without_any_record_is_nowhere(tmp_path: Path) -> None:
    path = write_mmdb(tmp_path / "c.mmdb", {"5.0.0.0/8": {"country_code": "FR"}})
    asn = write_mmdb(tmp_path / "a.mmdb", {"5.0.0.0/8": {"autonomous_system_number": 1}})
    with Geo.open(country=path, asn=asn) as geo:
        assert geo.place("6.0.0.1") == NOWHERE
        assert geo.place("5.0.0.1") == Place("FR", 1, "")


def test_answers_are_remembered_within_a_bound(
    shipped: Geo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(geo_module, "MAX_CACHED", 4)
    before = shipped.counts.asked
    for _ in range(3):
        for last in range(4):
            shipped.place(f"101.132.77.{last}")
    assert shipped.counts.asked - before == 4
    for last in range(100):
        shipped.place(f"101.132.78.{last}")
    assert len(shipped._new) + len(shipped._old) <= 8


def test_a_database_whose_tree_is_damaged_fails_single_look_ups_only(tmp_path: Path) -> None:
    path = write_mmdb(tmp_path / "c.mmdb", {"5.0.0.0/8": {"country_code": "FR"}})
    raw = bytearray(path.read_bytes())
    with Geo.open(country=path, folders=()) as geo:
        # The file is mapped: what is written through the same inode is what is read.
        nodes = raw.index(bytes(16))
        raw[:nodes] = b"\xff" * nodes
        with path.open("r+b") as file:
            file.write(raw)
        assert geo.place("5.0.0.1") == NOWHERE
        assert geo.counts.damaged == 1
