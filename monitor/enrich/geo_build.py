"""Makes the databases that are shipped: countries of tor-geoipdb, networks of libloc-database.

Both are exports of the Location Database by the IPFire Project (CC BY-SA 4.0). The same input
gives the same bytes. ``camwatch geo build`` calls `build_country` and `build_asn`.
"""

import dataclasses
import hashlib
import io
import json
import lzma
import socket
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final

import maxminddb

from monitor.enrich.countries import COUNTRIES
from monitor.enrich.libloc import network_tree, read_locations
from monitor.enrich.mmdb_write import (
    V4_BITS,
    V4_MAPPED,
    V4_NAT64,
    V4_ROOT,
    Tree,
    Value,
    database_bytes,
)
from monitor.enrich.unpack import cache_folder, write_atomic
from monitor.errors import ConfigError, MonitorError

TOR_FILES: Final = ("geoip", "geoip6")
ATTRIBUTION: Final = "Location Database by IPFire Project (location.ipfire.org), CC BY-SA 4.0"


@dataclasses.dataclass(slots=True, kw_only=True)
class _Ranges:
    """Rows of a tor-geoipdb, in file order."""

    start: list[int]
    end: list[int]
    code: list[str]
    generated_s: int = 0


def build_country(tor_folder: Path) -> bytes:
    """Return a country database made of the files ``geoip`` and ``geoip6``.

    Raises:
        ConfigError: A file is missing, or has a line that is not ``from,to,country``.
    """
    ranges = _Ranges(start=[], end=[], code=[])
    for name in TOR_FILES:
        _read_tor(tor_folder / name, ranges)
    codes = sorted({code for code in ranges.code if code in COUNTRIES})
    number = {code: i for i, code in enumerate(codes)}
    rows = [
        (start, end, number[code])
        for start, end, code in zip(ranges.start, ranges.end, ranges.code, strict=True)
        if code in number
    ]
    tree = Tree()
    start, end, record = ([row[i] for row in rows] for i in range(3))
    try:
        root = tree.from_ranges(start, end, record)
    except ValueError as error:
        raise ConfigError(f"{tor_folder}: {error}; give an unchanged tor-geoipdb") from error
    v4 = tree.below(root, V4_ROOT, V4_BITS)
    root = tree.graft(root, V4_MAPPED, V4_BITS, v4)
    root = tree.graft(root, V4_NAT64, V4_BITS, v4)
    return database_bytes(
        tree,
        root,
        [{"country_code": code} for code in codes],
        database_type="camwatch-Country",
        description=f"{ATTRIBUTION}; converted from the export of Debian's tor-geoipdb",
        build_epoch=ranges.generated_s,
    )


def build_asn(location_db: Path) -> bytes:
    """Return a database of AS numbers, organisations and anycast marks.

    Raises:
        ConfigError: The file is missing or is not a location database.
    """
    locations = read_locations(location_db)
    tree, root, pairs = network_tree(locations)
    records: list[Value] = []
    for asn, is_anycast in pairs:
        record: dict[str, Value] = {}
        if asn:
            record["autonomous_system_number"] = asn
        if locations.org.get(asn):
            record["autonomous_system_organization"] = locations.org[asn]
        if is_anycast:
            record["is_anycast"] = True
        records.append(record)
    return database_bytes(
        tree,
        root,
        records,
        database_type="camwatch-ASN",
        description=f"{ATTRIBUTION}; converted from libloc's location.db",
        build_epoch=locations.created_s,
    )


def write_bundle(folder: Path, databases: dict[str, bytes]) -> None:
    """Write databases as ``<name>.mmdb.xz`` and their sizes and checksums as ``geo.json``."""
    manifest = {}
    for name, raw in sorted(databases.items()):
        with maxminddb.open_database(io.BytesIO(raw), maxminddb.MODE_FD) as reader:
            build_epoch = reader.metadata().build_epoch
        packed = lzma.compress(raw, preset=9 | lzma.PRESET_EXTREME)
        (folder / f"{name}.mmdb.xz").write_bytes(packed)
        manifest[name] = {
            "build_epoch": build_epoch,
            "sha256": hashlib.sha256(raw).hexdigest(),
            "size": len(raw),
        }
    (folder / "geo.json").write_text(json.dumps(manifest, indent=2) + "\n")


def install(databases: dict[str, bytes], folder: Path | None = None) -> tuple[Path, ...]:
    """Write databases as plain files where `Geo.open` looks, and return their paths.

    Args:
        databases: Bytes by name, as `build_country` and `build_asn` give them.
        folder: Where to, else the ``geo`` folder of the cache folder.

    Raises:
        MonitorError: The folder cannot be written.
    """
    where = folder or cache_folder() / "geo"
    try:
        return tuple(
            write_atomic(where / f"built-{name}.mmdb", raw) for name, raw in databases.items()
        )
    except OSError as error:
        raise MonitorError(
            f"{where}: cannot be written ({error.strerror}); make it writable or name another folder"
        ) from error


def _read_tor(path: Path, ranges: _Ranges) -> None:
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path}: cannot be read ({error}); install tor-geoipdb or name its folder"
        ) from error
    for row, line in enumerate(lines, start=1):
        if line.startswith("#"):
            if line.startswith("# Generated:"):
                ranges.generated_s = _date(path, line.partition(":")[2])
            continue
        try:
            start, end, code = line.split(",")
            ranges.start.append(_address(start))
            ranges.end.append(_address(end))
        except (ValueError, OSError) as error:
            raise ConfigError(
                f"{path}: line {row} is not from,to,country; give an unchanged tor-geoipdb"
            ) from error
        ranges.code.append(code)
    if not ranges.generated_s:
        raise ConfigError(f"{path}: has no '# Generated:' line; give an unchanged tor-geoipdb")


def _address(text: str) -> int:
    """Return a decimal IPv4 or a textual IPv6 address as a number."""
    if ":" in text:
        return int.from_bytes(socket.inet_pton(socket.AF_INET6, text), "big")
    return int(text)


def _date(path: Path, text: str) -> int:
    try:
        when: datetime = parsedate_to_datetime(text.strip())
    except ValueError as error:
        raise ConfigError(f"{path}: has no date in '# Generated:'; give another file") from error
    return int(when.replace(tzinfo=when.tzinfo or UTC).timestamp())
