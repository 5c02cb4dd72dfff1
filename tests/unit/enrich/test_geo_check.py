"""Whether a fetched database may be used; the whole way is in test_geo_update.py."""

from pathlib import Path

import pytest

from monitor.enrich.geo_check import PROBES, check
from monitor.enrich.geo_sources import SOURCES
from monitor.errors import ConfigError
from tests.support.mmdb import write_mmdb

COUNTRY = SOURCES["server-country"]
V4 = [f"{ip}/32" for ip in PROBES if ":" not in ip]


def test_probes_that_only_one_of_two_databases_knows_do_not_count(tmp_path: Path) -> None:
    old = write_mmdb(tmp_path / "old.mmdb", {ip: {"country_code": "DE"} for ip in V4[:5]})
    new = write_mmdb(tmp_path / "new.mmdb", {ip: {"country_code": "DE"} for ip in V4})
    assert check(new, old, COUNTRY, "url", is_forced=False)[0] == 0.0


def test_databases_that_share_no_probe_cannot_be_compared(tmp_path: Path) -> None:
    old = write_mmdb(tmp_path / "old.mmdb", {"5.0.0.0/8": {"country_code": "DE"}})
    new = write_mmdb(tmp_path / "new.mmdb", {ip: {"country_code": "DE"} for ip in V4})
    assert check(new, old, COUNTRY, "url", is_forced=False)[0] is None


def test_a_damaged_file_in_place_does_not_hold_up_a_good_one(tmp_path: Path) -> None:
    old = tmp_path / "old.mmdb"
    old.write_bytes(b"damaged")
    new = write_mmdb(tmp_path / "new.mmdb", {ip: {"country_code": "DE"} for ip in V4})
    assert check(new, old, COUNTRY, "url", is_forced=False)[0] is None


def test_a_file_whose_tree_is_damaged_is_refused(tmp_path: Path) -> None:
    new = write_mmdb(tmp_path / "new.mmdb", {ip: {"country_code": "DE"} for ip in V4})
    raw = bytearray(new.read_bytes())
    middle = raw.index(bytes(16)) // 2
    raw[middle : 2 * middle] = b"\xff" * middle
    new.write_bytes(raw)
    with pytest.raises(ConfigError, match="refused"):
        check(new, tmp_path / "none.mmdb", COUNTRY, "url", is_forced=False)
