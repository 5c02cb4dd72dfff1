"""Where geolocation databases can be fetched from."""

from typing import Final, NamedTuple

from monitor.errors import ConfigError

_SAPICS: Final = "https://github.com/sapics/ip-location-db/releases/download/latest"


class Source(NamedTuple):
    """Where a database is fetched from."""

    name: str
    kind: str
    """``country`` or ``asn``."""

    url: str
    """``{year}`` and ``{month}`` are filled in."""

    licence: str
    checksum_url: str = ""
    """Empty: ``url`` with ``.sha256`` appended is tried."""


SOURCES: Final = {
    source.name: source
    for source in (
        Source(
            "server-country",
            "country",
            f"{_SAPICS}/server-country.mmdb",
            "PDDL-1.0",
            "https://github.com/sapics/ip-location-db/releases/download/checksum/"
            "server-country.mmdb.sha256",
        ),
        Source(
            "origin-asn",
            "asn",
            f"{_SAPICS}/origin-asn.mmdb",
            "PDDL-1.0",
            "https://github.com/sapics/ip-location-db/releases/download/checksum/"
            "origin-asn.mmdb.sha256",
        ),
        Source(
            "dbip-lite",
            "country",
            "https://download.db-ip.com/free/dbip-country-lite-{year:04}-{month:02}.mmdb.gz",
            "CC-BY-4.0",
        ),
        Source(
            "dbip-asn-lite",
            "asn",
            "https://download.db-ip.com/free/dbip-asn-lite-{year:04}-{month:02}.mmdb.gz",
            "CC-BY-4.0",
        ),
    )
}
"""Sources that need no key. Source of the addresses: the projects' own pages, 2026."""

DEFAULT_SOURCES: Final = ("server-country", "origin-asn")


def source_named(name: str, url: str = "") -> Source:
    """Return the source called `name`, with another address where `url` is given.

    Raises:
        ConfigError: There is no such source.
    """
    source = SOURCES.get(name)
    if source is None:
        raise ConfigError(f"geo source '{name}': unknown; known are {', '.join(sorted(SOURCES))}")
    return source._replace(url=url, checksum_url="") if url else source
