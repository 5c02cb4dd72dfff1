"""Databases as files."""

from pathlib import Path

import pytest

from monitor.enrich import geo_database
from monitor.enrich.attribution import GEOLITE2
from monitor.enrich.geo_database import find_databases, open_database
from monitor.errors import ConfigError
from tests.support.mmdb import write_mmdb


def test_a_database_is_described_from_its_metadata_and_records(tmp_path: Path) -> None:
    path = write_mmdb(
        tmp_path / "x.mmdb",
        {"5.0.0.0/8": {"country": {"iso_code": "DE"}}},
        database_type="GeoLite2-Country",
        epoch=1_780_000_000,
    )
    opened = open_database(path)
    info = opened.info
    opened.reader.close()
    assert (info.kinds, info.type, info.build_epoch, info.build_date) == (
        frozenset({"country"}),
        "GeoLite2-Country",
        1_780_000_000,
        "2026-05-28",
    )
    assert info.attribution is GEOLITE2
    assert not info.is_bundled


def test_the_kind_is_told_by_the_records_whatever_the_type_says(tmp_path: Path) -> None:
    path = write_mmdb(tmp_path / "x.mmdb", {"5.0.0.0/8": {"asn": "AS1"}}, database_type="Country")
    opened = open_database(path)
    opened.reader.close()
    assert opened.info.kinds == frozenset({"asn"})


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    path = write_mmdb(tmp_path / "x.mmdb", {"5.0.0.0/8": {"threat": "none"}})
    with pytest.raises(ConfigError, match="tells neither country nor network"):
        open_database(path)


def test_every_truncation_is_refused_or_read(tmp_path: Path) -> None:
    whole = write_mmdb(tmp_path / "x.mmdb", {"5.0.0.0/8": {"country_code": "DE"}}).read_bytes()
    cut = tmp_path / "cut.mmdb"
    for length in range(0, len(whole), 7):
        cut.write_bytes(whole[:length])
        with pytest.raises(ConfigError) as caught:
            open_database(cut)
        assert "\n" not in str(caught.value)


def test_changed_bytes_never_give_a_traceback(tmp_path: Path) -> None:
    whole = write_mmdb(tmp_path / "x.mmdb", {"5.0.0.0/8": {"country_code": "DE"}}).read_bytes()
    path = tmp_path / "changed.mmdb"
    for place in range(0, len(whole), 5):
        raw = bytearray(whole)
        raw[place] ^= 0xFF
        path.write_bytes(raw)
        try:
            opened = open_database(path)
        except ConfigError:
            continue
        opened.reader.close()


def test_a_folder_is_searched_in_the_order_of_names_and_faults_are_told(tmp_path: Path) -> None:
    write_mmdb(tmp_path / "b.mmdb", {"5.0.0.0/8": {"country_code": "DE"}})
    write_mmdb(tmp_path / "a.mmdb", {"5.0.0.0/8": {"country_code": "DE"}})
    (tmp_path / "c.mmdb").write_bytes(b"")
    (tmp_path / "d.txt").write_bytes(b"")
    (tmp_path / "e.mmdb").mkdir()
    found, faults = find_databases((tmp_path, tmp_path / "none"))
    assert [Path(database.info.path).name for database in found] == ["a.mmdb", "b.mmdb"]
    assert len(faults) == 1
    assert "c.mmdb" in faults[0]
    for database in found:
        database.reader.close()


def test_a_folder_with_too_many_files_is_searched_up_to_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(geo_database, "MAX_FILES", 2)
    for name in "abc":
        (tmp_path / f"{name}.mmdb").write_bytes(b"")
    found, faults = find_databases((tmp_path,))
    assert found == []
    assert faults[0] == f"{tmp_path}: 1 more databases not looked at"


def test_a_date_that_cannot_be_is_unknown(tmp_path: Path) -> None:
    path = write_mmdb(tmp_path / "x.mmdb", {"5.0.0.0/8": {"country_code": "DE"}})
    opened = open_database(path)
    opened.reader.close()
    assert opened.info._replace(build_epoch=10**18).build_date == "unknown"
