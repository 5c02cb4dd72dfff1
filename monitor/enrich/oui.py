"""Makers of network interfaces, from the prefix of a MAC address; offline."""

import csv
import hashlib
import json
import lzma
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple, Self

from monitor.data import data_path
from monitor.data.oui_sources import Rows, read_ieee_csv, read_nmap, read_wireshark
from monitor.data.oui_table import WIDTHS, PrefixTable, pack, parse
from monitor.enrich.unpack import cache_folder, is_ours, write_atomic
from monitor.errors import ConfigError
from monitor.model.arrays import MAC_NONE

BUNDLE: Final = "oui.bin.xz"
MAX_BUNDLE: Final = 1 << 24

SYSTEM_LISTS: Final = (
    Path("/usr/share/ieee-data/oui.csv"),
    Path("/var/lib/ieee-data/oui.csv"),
    Path("/usr/share/wireshark/manuf"),
    Path("/usr/share/nmap/nmap-mac-prefixes"),
)
"""Lists that other packages install; read where they lie, never passed on."""

PRIVATE: Final = frozenset({"Private", "IEEE Registration Authority"})
"""Names that the IEEE writes where the holder is hidden, or where it keeps a block itself."""

MULTICAST_BIT: Final = 1 << 40
LOCAL_BIT: Final = 1 << 41
"""The two low bits of the first octet. Source: IEEE Std 802-2014, 8.2.2."""


class Manufacturer(NamedTuple):
    """What the prefix of a MAC address says."""

    organisation: str = ""
    """Who holds the prefix; empty when unknown, hidden, or not assigned to anybody."""

    bits: int = 0
    """Length of the assignment that matched: 24, 28 or 36; 0 when none did."""

    is_local: bool = False
    """Locally administered: set by software, as randomised addresses are. Names no maker."""

    is_multicast: bool = False
    """A group address (broadcast included): no device's own."""


NO_MAC: Final = Manufacturer()
"""The link has no MAC addresses."""

MAX_CACHED: Final = 65_536


class OuiTable:
    """Answers who holds the prefix of a MAC address."""

    def __init__(self, table: PrefixTable) -> None:
        self._table = table
        self._known: dict[int, Manufacturer] = {}

    @classmethod
    def open(
        cls,
        *,
        system_lists: tuple[Path, ...] = SYSTEM_LISTS,
        cache: Path | None = None,
    ) -> Self:
        """Load the shipped table, with a newer list of the system laid over it.

        The result is kept in the cache folder, so that a later start only reads it.

        Args:
            system_lists: Files to look for; the newest that is newer than the shipped table wins.
            cache: Folder for the result, else the user's cache folder.

        Raises:
            ConfigError: The shipped table is damaged.
        """
        bundle = data_path(BUNDLE)
        folder = cache or cache_folder()
        # The shipped table by its bytes: several installations share what is kept.
        found = [_digest(bundle), *filter(None, map(_stamp, system_lists))]
        key = hashlib.sha256(json.dumps(found).encode()).hexdigest()[:16]
        kept = folder / f"oui-{key}.bin"
        table = _read_kept(kept)
        if table is None:
            raw = _merge(bundle, system_lists)
            table = parse(raw)
            _keep(kept, raw)
        return cls(table)

    def __len__(self) -> int:
        """Return the number of prefixes."""
        return len(self._table)

    @property
    def date(self) -> str:
        """Date of the newest full list, ``YYYY-MM-DD``."""
        return self._table.date

    @property
    def sources(self) -> tuple[str, ...]:
        """What the table is made of."""
        return self._table.sources

    def lookup(self, mac: int) -> Manufacturer:
        """Return the maker of an interface; the longest assignment counts.

        Args:
            mac: 48 bits as a number; anything beyond (`MAC_NONE`) is no MAC.
        """
        known = self._known.get(mac)
        if known is None:
            known = self._find(mac)
            if len(self._known) >= MAX_CACHED:
                self._known.clear()
            self._known[mac] = known
        return known

    def _find(self, mac: int) -> Manufacturer:
        if mac == MAC_NONE or not 0 <= mac < 1 << 48:
            return NO_MAC
        is_multicast = bool(mac & MULTICAST_BIT)
        if mac & LOCAL_BIT:
            return Manufacturer("", 0, True, is_multicast)
        # A group address bears the prefix of who defined the group.
        unicast = mac & ~MULTICAST_BIT
        for width in reversed(WIDTHS):
            organisation = self._table.find(width, unicast >> (48 - width))
            if organisation is not None:
                name = "" if organisation in PRIVATE else organisation
                return Manufacturer(name, width, False, is_multicast)
        return Manufacturer("", 0, False, is_multicast)


def _stamp(path: Path) -> tuple[str, int, int] | None:
    """Return what tells one version of a file from another; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return str(path), found.st_mtime_ns, found.st_size


def _digest(bundle: Path) -> str:
    """Return the SHA-256 of the shipped table; empty where it cannot be read, which `_merge` says."""
    try:
        return hashlib.sha256(bundle.read_bytes()).hexdigest()
    except OSError:
        return ""


def _merge(bundle: Path, system_lists: tuple[Path, ...]) -> bytes:
    """Return the shipped table, with the newest system list over it where that is newer."""
    try:
        raw = lzma.LZMADecompressor().decompress(bundle.read_bytes(), max_length=MAX_BUNDLE)
        shipped = parse(raw)
    except (OSError, lzma.LZMAError, EOFError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{bundle}: damaged ({error}); reinstall camwatch") from error
    dated = sorted(
        ((date, path) for path in system_lists if (date := _date(path)) > shipped.date),
        reverse=True,
    )
    for date, path in dated:
        try:
            rows = _reader(path)()
        except (OSError, csv.Error):
            continue
        if len(rows) > len(shipped) // 2:
            # A list that is much shorter is a stub or of another format.
            sources = (*shipped.sources, f"{path} of {date}")
            return pack(shipped.rows() | rows, date=date, sources=sources)
    return raw


def _reader(path: Path) -> Callable[[], Rows]:
    if path.suffix == ".csv":
        return lambda: read_ieee_csv(path.parent)
    if path.name == "manuf":
        return lambda: read_wireshark(path)
    return lambda: read_nmap(path)


def _date(path: Path) -> str:
    """Return the day a file was made, empty where there is none. Packages keep it on install."""
    stamp = _stamp(path)
    return "" if stamp is None else datetime.fromtimestamp(stamp[1] / 1e9, UTC).date().isoformat()


def _read_kept(path: Path) -> PrefixTable | None:
    if not is_ours(path):
        return None
    try:
        return parse(path.read_bytes())
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(path: Path, raw: bytes) -> None:
    """Write the table for later starts and remove older ones; without a place, do nothing."""
    try:
        write_atomic(path, raw)
        for old in path.parent.glob("oui-*.bin"):
            if old != path:
                old.unlink(missing_ok=True)
    except OSError:
        return
