"""Makes ``oui.bin.xz``: ``python -m monitor.data.build_oui /usr/share/ieee-data``.

Sources, later ones winning: the IEEE's CSV files as Debian's package ieee-data carries them; the
newer MA-L list that the package netaddr carries, where it is installed; and, for prefixes that
neither knows, `OVERLAY`. The same sources give the same bytes.
"""

import argparse
import importlib.metadata
import lzma
import re
from pathlib import Path
from typing import Final

import yaml

from monitor.data import data_path
from monitor.data.oui_sources import Rows, read_ieee_csv
from monitor.data.oui_table import pack
from monitor.errors import ConfigError

OUTPUT: Final = "oui.bin.xz"
OVERLAY: Final = "oui_overlay.yaml"

_NETADDR_LINE: Final = re.compile(rb"([0-9A-F]{2})-([0-9A-F]{2})-([0-9A-F]{2}) +\(hex\)\s+(.+)")


def build(ieee_folder: Path, *, ieee_date: str, netaddr_date: str) -> bytes:
    """Return the packed table.

    Args:
        ieee_folder: Where ``oui.csv`` and its companions lie.
        ieee_date: Date of those files.
        netaddr_date: Date of netaddr's list; empty to leave it out.

    Raises:
        ConfigError: The folder holds no list, or the overlay is wrong.
    """
    rows = read_ieee_csv(ieee_folder)
    if not rows:
        raise ConfigError(f"{ieee_folder}: has no oui.csv; install ieee-data or name its folder")
    date, sources = ieee_date, [f"IEEE public listing {ieee_date} (MA-L, MA-M, MA-S, IAB)"]
    if netaddr_date:
        rows |= _netaddr_rows()
        date = max(date, netaddr_date)
        sources.append(f"IEEE public listing {netaddr_date} (MA-L)")
    overlay, source = read_overlay(data_path(OVERLAY))
    sources.append(source)
    packed = pack(overlay | rows, date=date, sources=tuple(sources))
    return lzma.compress(packed, preset=9 | lzma.PRESET_EXTREME)


def read_overlay(path: Path) -> tuple[Rows, str]:
    """Return the rows of an overlay and where they come from.

    Raises:
        ConfigError: It is not a mapping of organisations to prefixes with a source.
    """
    try:
        document = yaml.safe_load(path.read_text("utf-8"))
        source = str(document["source"])
        rows = {
            (4 * len(str(prefix)), int(str(prefix), 16)): str(entry["organisation"])
            for entry in document["entries"]
            for prefix in entry["prefixes"]
        }
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"{path}: {error}; give source and entries with prefixes") from error
    return rows, source


def _netaddr_rows() -> Rows:
    try:
        distribution = importlib.metadata.distribution("netaddr")
    except importlib.metadata.PackageNotFoundError as error:
        raise ConfigError(
            "netaddr: not installed; install it or leave --netaddr-date out"
        ) from error
    text = Path(str(distribution.locate_file("netaddr/eui/oui.txt"))).read_bytes()
    return {
        (24, int(match[1] + match[2] + match[3], 16)): " ".join(match[4].decode().split())
        for match in _NETADDR_LINE.finditer(text)
    }


def main() -> None:
    """Build the table and write it beside this file."""
    parser = argparse.ArgumentParser(description="make the table of prefixes that is shipped")
    parser.add_argument("ieee_folder", type=Path, help="folder of oui.csv, mam.csv, oui36.csv")
    parser.add_argument("--ieee-date", required=True, help="date of those files, YYYY-MM-DD")
    parser.add_argument("--netaddr-date", default="", help="date of netaddr's list, to use it too")
    given = parser.parse_args()
    packed = build(given.ieee_folder, ieee_date=given.ieee_date, netaddr_date=given.netaddr_date)
    data_path(OUTPUT).write_bytes(packed)


if __name__ == "__main__":
    main()
