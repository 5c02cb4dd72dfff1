"""The record shapes of the databases that are about."""

import pytest

from monitor.enrich.geo_shapes import country_of, is_anycast, kinds_of, network_of


@pytest.mark.parametrize(
    ("record", "country"),
    [
        ({"country": {"iso_code": "DE", "names": {"en": "Germany"}}}, "DE"),
        ({"country_code": "DE"}, "DE"),
        ({"country": "DE", "country_name": "Germany", "asn": "AS3320"}, "DE"),
        ({"country": "Germany", "country_code": "DE"}, "DE"),
        ({"registered_country": {"iso_code": "AU"}}, "AU"),
        ({"country": {"iso_code": "DE"}, "registered_country": {"iso_code": "AU"}}, "DE"),
        ({"country": {"iso_code": "DE"}, "represented_country": {"iso_code": "US"}}, "DE"),
        ({"represented_country": {"iso_code": "US"}}, ""),
        ("DE", "DE"),
        ({"country_code": "EU"}, ""),
        ({"country_code": "??"}, ""),
        ({"country_code": "ZZ"}, ""),
        ({"country_code": "de"}, ""),
        ({"country_code": 49}, ""),
        ({"country": {"iso_code": ["DE"]}}, ""),
        ({}, ""),
        (None, ""),
        ([], ""),
        (7, ""),
    ],
)
def test_the_country_is_found_in_every_shape(record: object, country: str) -> None:
    assert country_of(record) == country


@pytest.mark.parametrize(
    ("record", "network"),
    [
        (
            {"autonomous_system_number": 15169, "autonomous_system_organization": "GOOGLE"},
            (15169, "GOOGLE"),
        ),
        (
            {"asn": "AS15169", "as_name": "Google LLC", "as_domain": "google.com"},
            (15169, "Google LLC"),
        ),
        ({"asn": 15169}, (15169, "")),
        (
            {"traits": {"autonomous_system_number": 1, "autonomous_system_organization": "x"}},
            (1, "x"),
        ),
        ({"asn": "ASN1"}, (0, "")),
        ({"asn": "AS99999999999"}, (0, "")),
        ({"asn": "AS\u0661"}, (0, "")),
        ({"asn": True}, (0, "")),
        ({"asn": -5}, (0, "")),
        ({"as_name": "nameless"}, (0, "")),
        ({"asn": 1, "as_name": "x" * 500}, (1, "x" * 120)),
        ({"asn": 1, "as_name": 7}, (1, "")),
        (None, (0, "")),
        ("AS1", (0, "")),
    ],
)
def test_the_network_is_found_in_every_shape(record: object, network: tuple[int, str]) -> None:
    assert network_of(record) == network


def test_anycast_is_marked_flat_or_under_traits() -> None:
    assert is_anycast({"is_anycast": True})
    assert is_anycast({"traits": {"is_anycast": True}})
    assert not is_anycast({"is_anycast": "no"})
    assert not is_anycast({"traits": 7})
    assert not is_anycast(None)


def test_the_kind_of_a_database_comes_from_its_records() -> None:
    assert kinds_of([None, {"country_code": "DE"}]) == {"country"}
    assert kinds_of([{"asn": 1}, {"country_code": "DE"}]) == {"asn", "country"}
    assert kinds_of([None, {"city": "x"}]) == frozenset()
