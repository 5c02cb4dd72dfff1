"""The lines that stand beside other people's data."""

import pytest

from monitor.enrich.attribution import (
    DBIP,
    GEOLITE2,
    IEEE,
    IPFIRE,
    IPINFO,
    NATURAL_EARTH,
    PSL,
    SAPICS,
    in_use,
    lines,
    of_database,
)


@pytest.mark.parametrize(
    ("database_type", "description", "name", "expected"),
    [
        ("camwatch-Country", "", "country.mmdb", IPFIRE),
        ("GeoLite2-Country", "", "x.mmdb", GEOLITE2),
        ("DBIP-Country-Lite", "", "x.mmdb", DBIP),
        ("ipinfo generic_country_asn.mmdb", "", "x.mmdb", IPINFO),
        ("", "", "server-country.mmdb", SAPICS),
        ("sapics/ip-location-db", "", "x.mmdb", SAPICS),
        ("Country", "Location Database by IPFire Project", "x.mmdb", IPFIRE),
    ],
)
def test_a_database_is_credited_to_its_makers(
    database_type: str, description: str, name: str, expected: object
) -> None:
    assert of_database(database_type, description, name) is expected


def test_an_unknown_database_is_credited_by_its_own_words() -> None:
    found = of_database("Our-Own-Country", "", "x.mmdb")
    assert (found.text, found.licence) == ("Address data: Our-Own-Country", "LicenseRef-unknown")


def test_each_source_has_one_line_with_licence_and_address() -> None:
    assert lines([IPFIRE, IEEE, IPFIRE]) == (
        (
            "Location Database by IPFire Project, converted to the MaxMind DB format "
            "(CC-BY-SA-4.0, https://location.ipfire.org/)"
        ),
        (
            "Makers of interfaces: public listing of the IEEE Registration Authority "
            "(LicenseRef-IEEE-public-listing, https://standards.ieee.org/products-programs/regauth/)"
        ),
    )


def test_db_ip_gets_the_link_that_its_licence_asks_for() -> None:
    assert DBIP.html == "<a href='https://db-ip.com'>IP Geolocation by DB-IP</a>"


def test_everything_that_is_shown_is_credited_once() -> None:
    assert in_use([IPFIRE, IPFIRE]) == (IPFIRE, IEEE)
    assert in_use([DBIP], has_makers=False, has_domains=True, has_map=True) == (
        DBIP,
        PSL,
        NATURAL_EARTH,
    )
