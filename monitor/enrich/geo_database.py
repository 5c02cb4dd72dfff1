"""Geolocation databases as files: opening, recognising and describing them."""

import mmap
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import maxminddb

from monitor.enrich import geo_shapes
from monitor.enrich.attribution import Attribution, of_database
from monitor.enrich.geo_samples import sample_addresses
from monitor.errors import ConfigError

SEARCH_FOLDERS: Final = (
    Path("/var/lib/GeoIP"),
    Path("/usr/share/GeoIP"),
    Path("/var/lib/camwatch/geo"),
)
"""Where other programs (geoipupdate, distributions) put databases, and our state folder."""

STALE_DAYS: Final = 90
"""Older data is marked. About 1 % of blocks change country in a year (measured: 3.8 % between
the IPFire exports of 2022-10 and 2026-06), and operators should know."""

MAX_FILES: Final = 64
"""Databases looked at in one folder."""

SAMPLES: Final = 64
"""Records that are read to learn what a database tells."""

DAY_S: Final = 86_400


class GeoDatabase(NamedTuple):
    """What is known of a database; shown wherever its answers are."""

    kinds: frozenset[str]
    """``country``, ``asn`` or both."""

    path: str
    type: str
    """``database_type`` of its metadata."""

    build_epoch: int
    """Date of the data, seconds since 1970."""

    attribution: Attribution
    is_bundled: bool
    """Shipped with the program, as opposed to found or named."""

    @property
    def build_date(self) -> str:
        """Date of the data, such as ``2026-06-25``."""
        try:
            return datetime.fromtimestamp(self.build_epoch, UTC).date().isoformat()
        except (OverflowError, ValueError, OSError):
            return "unknown"

    def age_days(self, now_s: float) -> int:
        """Return the whole days between the date of the data and `now_s`; 0 for the future."""
        return max(0, int(now_s - self.build_epoch)) // DAY_S

    def is_stale(self, now_s: float) -> bool:
        """Return whether the data is older than `STALE_DAYS`."""
        return self.age_days(now_s) > STALE_DAYS


class Stamp(NamedTuple):
    """What tells a file from the one that takes its place."""

    device: int
    inode: int
    size: int
    changed_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> Self:
        """Return the stamp of a file from its status."""
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


class OpenDatabase(NamedTuple):
    """A database that can be asked."""

    info: GeoDatabase
    reader: maxminddb.Reader
    get: Callable[[str], Any]
    """The reader's look-up, found once."""

    stamp: Stamp | None = None
    """Which file was there just before the reader opened it."""


def open_database(path: Path, *, is_bundled: bool = False) -> OpenDatabase:
    """Open a database and learn what it tells.

    Raises:
        ConfigError: It cannot be read, is damaged, or tells neither country nor network.
    """
    try:
        stamp = Stamp.of(path.stat())
        reader = maxminddb.open_database(str(path), maxminddb.MODE_AUTO)
    except OSError as error:
        raise ConfigError(
            f"{path}: {error.strerror or error}; name a readable MaxMind DB file"
        ) from error
    except (maxminddb.InvalidDatabaseError, ValueError) as error:
        raise ConfigError(
            f"{path}: not a MaxMind DB, or cut ({error}); fetch it again or name another file"
        ) from error
    try:
        info = _describe(path, reader, is_bundled=is_bundled)
    except (
        maxminddb.InvalidDatabaseError,
        OSError,
        ValueError,
        TypeError,
        AttributeError,
    ) as error:
        reader.close()
        raise ConfigError(f"{path}: damaged ({error}); fetch it again") from error
    if not info.kinds:
        reader.close()
        raise ConfigError(
            f"{path}: tells neither country nor network (its type is '{info.type}'); "
            "name another file"
        )
    return OpenDatabase(info, reader, reader.get, stamp)


def find_databases(folders: tuple[Path, ...]) -> tuple[list[OpenDatabase], list[str]]:
    """Open every ``*.mmdb`` in some folders; return them and a line for each that failed.

    At most `MAX_FILES` a folder are looked at, in the order of their names.
    """
    found: list[OpenDatabase] = []
    faults: list[str] = []
    for folder in folders:
        try:
            files = sorted(path for path in folder.glob("*.mmdb") if path.is_file())
        except OSError:
            continue
        if len(files) > MAX_FILES:
            faults.append(f"{folder}: {len(files) - MAX_FILES} more databases not looked at")
        for path in files[:MAX_FILES]:
            try:
                found.append(open_database(path))
            except ConfigError as error:
                faults.append(str(error))
    return found, faults


def _describe(path: Path, reader: maxminddb.Reader, *, is_bundled: bool) -> GeoDatabase:
    metadata = reader.metadata()
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as raw:
        ips = sample_addresses(
            raw, metadata.node_count, metadata.record_size, metadata.ip_version, SAMPLES
        )
    ips += ["8.8.8.8", "1.1.1.1", "193.0.6.139"]
    samples: list[object] = [reader.get(ip) for ip in ips]
    description = str(dict(metadata.description).get("en", ""))
    return GeoDatabase(
        kinds=geo_shapes.kinds_of(samples),
        path=str(path),
        type=str(metadata.database_type),
        build_epoch=int(metadata.build_epoch),
        attribution=of_database(str(metadata.database_type), description, path.name),
        is_bundled=is_bundled,
    )
