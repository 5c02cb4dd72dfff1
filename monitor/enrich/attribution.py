"""The lines that must stand wherever results of other people's data stand."""

from collections.abc import Iterable
from typing import Final, NamedTuple


class Attribution(NamedTuple):
    """Who made a piece of data and on what terms it is used."""

    name: str
    text: str
    """One line for people."""

    url: str
    licence: str
    """SPDX id where there is one."""

    html: str = ""
    """Where the licence prescribes the form of the link; else made of `text` and `url`."""


IPFIRE: Final = Attribution(
    "Location Database by IPFire Project",
    "Location Database by IPFire Project, converted to the MaxMind DB format",
    "https://location.ipfire.org/",
    "CC-BY-SA-4.0",
)
IEEE: Final = Attribution(
    "IEEE Registration Authority",
    "Makers of interfaces: public listing of the IEEE Registration Authority",
    "https://standards.ieee.org/products-programs/regauth/",
    "LicenseRef-IEEE-public-listing",
)
PSL: Final = Attribution(
    "Public Suffix List",
    "Registrable domains: Public Suffix List, Mozilla Foundation and contributors",
    "https://publicsuffix.org/",
    "MPL-2.0",
)
NATURAL_EARTH: Final = Attribution(
    "Natural Earth",
    "World outlines made with Natural Earth",
    "https://www.naturalearthdata.com/",
    "LicenseRef-public-domain",
)
GEOLITE2: Final = Attribution(
    "GeoLite2",
    "This product includes GeoLite2 data created by MaxMind, available from maxmind.com",
    "https://www.maxmind.com/",
    "LicenseRef-GeoLite2-EULA",
)
DBIP: Final = Attribution(
    "DB-IP Lite",
    "IP Geolocation by DB-IP",
    "https://db-ip.com/",
    "CC-BY-4.0",
    "<a href='https://db-ip.com'>IP Geolocation by DB-IP</a>",
)
IPINFO: Final = Attribution(
    "IPinfo",
    "IP address data powered by IPinfo",
    "https://ipinfo.io/",
    "CC-BY-SA-4.0",
    "<p>IP address data powered by <a href='https://ipinfo.io'>IPinfo</a></p>",
)
SAPICS: Final = Attribution(
    "ip-location-db",
    "Address data: ip-location-db by sapics",
    "https://github.com/sapics/ip-location-db",
    "PDDL-1.0",
)

_BY_TYPE: Final = (
    ("camwatch-", IPFIRE),
    ("ipfire", IPFIRE),
    ("geolite2", GEOLITE2),
    ("geoip2", GEOLITE2),
    ("dbip", DBIP),
    ("db-ip", DBIP),
    ("ipinfo", IPINFO),
    ("ip-location-db", SAPICS),
    ("sapics", SAPICS),
    ("server-country", SAPICS),
    ("user-country", SAPICS),
    ("origin-asn", SAPICS),
)


def of_database(database_type: str, description: str, name: str) -> Attribution:
    """Return the attribution of a geolocation database.

    Args:
        database_type: ``database_type`` of its metadata.
        description: English ``description`` of its metadata.
        name: File name, which tells where the metadata does not.
    """
    for text in (database_type, description, name):
        lowered = text.lower()
        for mark, attribution in _BY_TYPE:
            if mark in lowered:
                return attribution
    return Attribution(
        database_type or name,
        f"Address data: {database_type or name}",
        "",
        "LicenseRef-unknown",
    )


def in_use(
    databases: Iterable[Attribution],
    *,
    has_makers: bool = True,
    has_domains: bool = False,
    has_map: bool = False,
) -> tuple[Attribution, ...]:
    """Return all attributions that the results of a run owe: the one register of them.

    Args:
        databases: Those of the geolocation databases in use.
        has_makers: Makers of interfaces are shown.
        has_domains: Registrable domains are shown.
        has_map: A world map is shown.
    """
    owed = [*databases]
    for is_owed, attribution in ((has_makers, IEEE), (has_domains, PSL), (has_map, NATURAL_EARTH)):
        if is_owed:
            owed.append(attribution)
    return tuple(dict.fromkeys(owed))


def lines(used: Iterable[Attribution]) -> tuple[str, ...]:
    """Return one line for each distinct attribution, in the order given."""
    found = [
        f"{item.text} ({item.licence}{', ' + item.url if item.url else ''})"
        for item in dict.fromkeys(used)
    ]
    return tuple(found)
