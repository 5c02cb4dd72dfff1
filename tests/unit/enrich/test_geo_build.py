"""Databases made of the distributions' packages."""

import io
import json
import lzma
import struct
from pathlib import Path

import maxminddb
import pytest

from monitor.enrich.geo import Geo
from monitor.enrich.geo_build import build_asn, build_country, install, write_bundle
from monitor.errors import ConfigError, MonitorError

HEADER = "# Generated: Thu, 25 Jun 2026 04:33:59 GMT\n"
V4 = HEADER + "16777216,16777471,AU\n16777472,16778239,CN\n16778240,16778495,EU\n"
V6 = HEADER + "2001:db8::,2001:db8:ffff:ffff:ffff:ffff:ffff:ffff,DE\n"


def tor_folder(folder: Path, v4: str = V4, v6: str = V6) -> Path:
    (folder / "geoip").write_text(v4)
    (folder / "geoip6").write_text(v6)
    return folder


def test_a_country_database_answers_as_its_source_says(tmp_path: Path) -> None:
    raw = build_country(tor_folder(tmp_path))
    with maxminddb.open_database(io.BytesIO(raw), maxminddb.MODE_FD) as reader:
        found = {
            ip: reader.get(ip)
            for ip in ("1.0.0.0", "1.0.0.255", "1.0.1.0", "1.0.3.255", "1.0.4.0", "2001:db8::1")
        }
        assert reader.get("::ffff:1.0.1.1") == {"country_code": "CN"}
        assert reader.get("64:ff9b::1.0.1.1") == {"country_code": "CN"}
        metadata = reader.metadata()
    assert found == {
        "1.0.0.0": {"country_code": "AU"},
        "1.0.0.255": {"country_code": "AU"},
        "1.0.1.0": {"country_code": "CN"},
        "1.0.3.255": {"country_code": "CN"},
        "1.0.4.0": None,
        "2001:db8::1": {"country_code": "DE"},
    }
    assert (metadata.database_type, metadata.build_epoch) == ("camwatch-Country", 1_782_362_039)


def test_the_same_source_gives_the_same_bytes(tmp_path: Path) -> None:
    folder = tor_folder(tmp_path)
    assert build_country(folder) == build_country(folder)


@pytest.mark.parametrize(
    ("v4", "message"),
    [
        (V4 + "1,2\n", "line 5 is not from,to,country"),
        (V4 + "x,y,DE\n", "line 5 is not from,to,country"),
        (V4 + "16777216,16777471,AU\n", "overlaps or goes backwards"),
        (V4.replace(HEADER, ""), "has no '# Generated:' line"),
        (V4.replace("Thu, 25 Jun 2026", "some day"), "has no date"),
    ],
)
def test_a_changed_source_is_refused_with_one_line(tmp_path: Path, v4: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        build_country(tor_folder(tmp_path, v4))
    assert "\n" not in str(caught.value)


def test_a_missing_source_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="install tor-geoipdb"):
        build_country(tmp_path)


def location_db() -> bytes:
    """A location database in its version 1, laid out by hand: 1.0.0.0/8 of AS 64496, and
    1.128.0.0/9 below it, which is anycast of AS 64497."""
    pool = b"\0IPFire\0CC BY-SA 4.0\0Example One\0Example Two\0"
    text = {
        name: pool.index(name.encode()) for name in ("CC BY-SA 4.0", "Example One", "Example Two")
    }
    systems = struct.pack(">4I", 64496, text["Example One"], 64497, text["Example Two"])
    networks = b"".join(
        code + struct.pack(">xxIHxx", asn, flags)
        for code, asn, flags in ((b"AU", 64496, 0), (b"AU", 64497, 4))
    )
    bits = "0" * 80 + "1" * 16 + f"{1:08b}" + "1"
    rows = [[0, 0, 0xFFFF_FFFF] for _ in range(len(bits) + 1)]
    for i, bit in enumerate(bits):
        rows[i][int(bit)] = i + 1
    rows[104][2] = 0
    rows[105][2] = 1
    tree = b"".join(struct.pack(">3I", *row) for row in rows)
    parts, at, areas = b"", 8 + 20 + 40 + 4 + 4096 + 32, []
    for part in (systems, networks, tree, b"", pool):
        areas += [at + len(parts), len(part)]
        parts += part
    header = struct.pack(">QIII", 1_667_023_194, 1, 0, text["CC BY-SA 4.0"])
    header += struct.pack(">10I", *areas)
    return (b"LOCDBXX\x01" + header).ljust(at, b"\0") + parts


def test_an_asn_database_has_numbers_names_and_anycast_marks(tmp_path: Path) -> None:
    path = tmp_path / "location.db"
    path.write_bytes(location_db())
    raw = build_asn(path)
    with maxminddb.open_database(io.BytesIO(raw), maxminddb.MODE_FD) as reader:
        outer, inner, none = (reader.get(ip) for ip in ("1.1.1.1", "1.200.0.1", "2.0.0.1"))
        assert reader.get("::ffff:1.1.1.1") == outer
        assert reader.metadata().build_epoch == 1_667_023_194
    assert outer == {
        "autonomous_system_number": 64496,
        "autonomous_system_organization": "Example One",
    }
    assert inner == {
        "autonomous_system_number": 64497,
        "autonomous_system_organization": "Example Two",
        "is_anycast": True,
    }
    assert none is None


@pytest.mark.parametrize("length", [0, 7, 20, 60, 4200, 4300])
def test_a_cut_location_database_is_refused_with_one_line(tmp_path: Path, length: int) -> None:
    path = tmp_path / "location.db"
    path.write_bytes(location_db()[:length])
    with pytest.raises(ConfigError) as caught:
        build_asn(path)
    assert "\n" not in str(caught.value)


def test_a_location_database_whose_nodes_go_round_is_refused(tmp_path: Path) -> None:
    raw = bytearray(location_db())
    tree = struct.unpack_from(">10I", raw, 28)[4]
    struct.pack_into(">I", raw, tree, 0)
    struct.pack_into(">II", raw, tree + 12, 1, 1)
    path = tmp_path / "location.db"
    path.write_bytes(raw)
    # Node 0 leads to 1, and 1 to itself.
    struct.pack_into(">II", raw, tree, 1, 1)
    path.write_bytes(raw)
    with pytest.raises(ConfigError, match="damaged"):
        build_asn(path)


def test_a_missing_location_database_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        build_asn(tmp_path / "none.db")


def test_a_bundle_carries_sizes_checksums_and_dates(tmp_path: Path) -> None:
    raw = build_country(tor_folder(tmp_path))
    write_bundle(tmp_path, {"country": raw})
    assert lzma.decompress((tmp_path / "country.mmdb.xz").read_bytes()) == raw
    manifest = json.loads((tmp_path / "geo.json").read_text())
    assert manifest["country"]["size"] == len(raw)
    assert manifest["country"]["build_epoch"] == 1_782_362_039


def test_what_is_installed_is_used_when_it_is_newer_than_the_shipped_one(tmp_path: Path) -> None:
    newer = V4.replace("2026", "2027").replace("Thu", "Fri")
    folder = tor_folder(tmp_path, newer, V6.replace("2026", "2027"))
    (path,) = install({"country": build_country(folder)})
    with Geo.open(folders=()) as geo:
        assert geo.databases[0].path == str(path)
        assert geo.databases[0].build_date == "2027-06-25"
        assert geo.place("1.0.1.5").country == "CN"


def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(MonitorError, match="cannot be written"):
        install({"country": b""}, tmp_path / "file" / "geo")
