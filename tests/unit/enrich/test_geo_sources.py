"""Where databases are fetched from."""

import pytest

from monitor.enrich.geo_sources import DEFAULT_SOURCES, SOURCES, source_named
from monitor.errors import ConfigError


def test_sources_are_found_by_name_and_take_another_address() -> None:
    assert source_named("dbip-lite") is SOURCES["dbip-lite"]
    assert source_named("origin-asn", "http://mirror/x.mmdb").url == "http://mirror/x.mmdb"
    with pytest.raises(ConfigError, match="known are dbip-asn-lite"):
        source_named("maxmind")


def test_every_source_has_a_licence_and_a_secure_address() -> None:
    assert all(item.licence and item.url.startswith("https://") for item in SOURCES.values())
    assert {SOURCES[name].kind for name in DEFAULT_SOURCES} == {"country", "asn"}
