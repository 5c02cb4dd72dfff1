"""Reads the lists of prefixes that other programs bring: IEEE CSV, Wireshark, Nmap."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeAlias

Rows: TypeAlias = dict[tuple[int, int], str]

IEEE_FILES: Final = ("oui.csv", "mam.csv", "oui36.csv", "iab.csv")
_DIGITS: Final = {6: 24, 7: 28, 9: 36}
_MANUF: Final = re.compile(r"([0-9A-Fa-f:.-]+)(?:/(\d+))?\t([^\t]*)(?:\t([^\t]*))?")
_NMAP: Final = re.compile(r"([0-9A-Fa-f]{6}|[0-9A-Fa-f]{7}|[0-9A-Fa-f]{9}) (.+)")


def read_ieee_csv(folder: Path) -> Rows:
    """Return the rows of the IEEE's CSV files in a folder; absent files give nothing.

    Raises:
        OSError: A file cannot be read.
    """
    rows: Rows = {}
    for name in IEEE_FILES:
        path = folder / name
        if not path.exists():
            continue
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            for line in csv.reader(file):
                if len(line) > 2:
                    _add(rows, line[1], line[2])
    return rows


def read_wireshark(path: Path) -> Rows:
    """Return the rows of Wireshark's file ``manuf``.

    Raises:
        OSError: The file cannot be read.
    """
    rows: Rows = {}
    for line in _lines(path):
        match = _MANUF.match(line)
        if match is None:
            continue
        digits = re.sub("[:.-]", "", match[1])
        width = int(match[2] or 24)
        if width in _DIGITS.values() and len(digits) >= width // 4:
            _add(rows, digits[: width // 4], match[4] or match[3])
    return rows


def read_nmap(path: Path) -> Rows:
    """Return the rows of Nmap's file ``nmap-mac-prefixes``.

    Raises:
        OSError: The file cannot be read.
    """
    rows: Rows = {}
    for line in _lines(path):
        match = _NMAP.match(line)
        if match is not None:
            _add(rows, match[1], match[2])
    return rows


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", errors="replace") as file:
        yield from file


def _add(rows: Rows, digits: str, organisation: str) -> None:
    """Take in one assignment; what is not one (a heading, a slip) is left."""
    width = _DIGITS.get(len(digits))
    name = " ".join(organisation.split())
    if width is None or not name:
        return
    try:
        rows[width, int(digits, 16)] = name
    except ValueError:
        return
