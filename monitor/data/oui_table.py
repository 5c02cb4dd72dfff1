"""The compact form of the IEEE's prefix lists: arrays that load without parsing text.

A file is one line of JSON (what it was made of, how many rows) and then, for 24, 28 and 36 bits:
the differences between rising prefixes (``<u8``) and the number of each one's organisation
(``<u4``); then the lengths of the organisations' names (``<u2``) and the names in UTF-8.
"""

import dataclasses
import itertools
import json
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

WIDTHS: Final = (24, 28, 36)
"""Bits of an assignment: MA-L, MA-M, and MA-S or IAB."""

FORMAT: Final = "camwatch oui 1"
MAX_ORGANISATION: Final = 120
"""Longer names are cut."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PrefixTable:
    """Organisations by prefix."""

    prefixes: tuple[NDArray[np.int64], ...]
    """Rising prefixes, one array for each of `WIDTHS`."""

    owners: tuple[NDArray[np.uint32], ...]
    """Number of each prefix's organisation, shaped like `prefixes`."""

    name_off: NDArray[np.int64]
    """Where each organisation's name starts in `names`, and the end; shape (n + 1,)."""

    names: bytes
    date: str
    """Date of the newest full list, ``YYYY-MM-DD``."""

    sources: tuple[str, ...]

    def __len__(self) -> int:
        return sum(len(array) for array in self.prefixes)

    def find(self, width: int, prefix: int) -> str | None:
        """Return the organisation of a prefix, None when it is not listed."""
        at = WIDTHS.index(width)
        array = self.prefixes[at]
        row = int(array.searchsorted(prefix))
        if row == len(array) or array[row] != prefix:
            return None
        owner = int(self.owners[at][row])
        start, end = self.name_off[owner : owner + 2].tolist()
        return self.names[start:end].decode("utf-8", "replace")

    def rows(self) -> dict[tuple[int, int], str]:
        """Return everything as (width, prefix) -> organisation."""
        offsets = self.name_off.tolist()
        names = [
            self.names[start:end].decode("utf-8", "replace")
            for start, end in itertools.pairwise(offsets)
        ]
        return {
            (width, prefix): names[owner]
            for width, prefixes, owners in zip(WIDTHS, self.prefixes, self.owners, strict=True)
            for prefix, owner in zip(prefixes.tolist(), owners.tolist(), strict=True)
        }


def pack(rows: Mapping[tuple[int, int], str], *, date: str, sources: tuple[str, ...]) -> bytes:
    """Return the bytes of a table; the same rows give the same bytes.

    Raises:
        ValueError: A width is not one of `WIDTHS`, or a prefix is too large for its width.
    """
    for width, prefix in rows:
        if width not in WIDTHS or not 0 <= prefix < 1 << width:
            raise ValueError(f"no prefix of {width} bits: {prefix:x}")
    cut = {
        key: name.encode()[:MAX_ORGANISATION].decode(errors="ignore") for key, name in rows.items()
    }
    names = sorted(set(cut.values()))
    number = {name: i for i, name in enumerate(names)}
    parts: list[bytes] = []
    counts = []
    for width in WIDTHS:
        prefixes = sorted(prefix for bits, prefix in cut if bits == width)
        counts.append(len(prefixes))
        parts.append(np.diff(np.array([0, *prefixes], dtype="<u8")).tobytes())
        owners = [number[cut[width, prefix]] for prefix in prefixes]
        parts.append(np.array(owners, dtype="<u4").tobytes())
    raw = [name.encode() for name in names]
    parts.append(np.array([len(name) for name in raw], dtype="<u2").tobytes())
    header = {
        "format": FORMAT,
        "date": date,
        "sources": list(sources),
        "rows": counts,
        "names": len(names),
    }
    return json.dumps(header, sort_keys=True).encode() + b"\n" + b"".join(parts) + b"".join(raw)


def parse(raw: bytes) -> PrefixTable:
    """Return the table that `pack` made.

    Raises:
        ValueError: The bytes are cut, damaged, or of another format.
    """
    line, newline, body = raw.partition(b"\n")
    header = json.loads(line[:10_000])
    if not newline or not isinstance(header, dict) or header.get("format") != FORMAT:
        raise ValueError("not a prefix table")
    counts = [int(count) for count in header["rows"]]
    name_count = int(header["names"])
    if len(counts) != len(WIDTHS) or min(*counts, name_count) < 0:
        raise ValueError("the header does not fit")
    prefixes, owners, at = [], [], 0
    for count in counts:
        steps = np.frombuffer(body, "<u8", count, at)
        prefixes.append(np.cumsum(steps, dtype=np.int64))
        owner = np.frombuffer(body, "<u4", count, at + 8 * count)
        if count and int(owner.max()) >= name_count:
            raise ValueError("an organisation is missing")
        owners.append(owner.astype(np.uint32))
        at += 12 * count
    lengths = np.frombuffer(body, "<u2", name_count, at)
    name_off = np.concatenate(([0], np.cumsum(lengths, dtype=np.int64)))
    names = body[at + 2 * name_count :]
    if len(names) != int(name_off[-1]):
        raise ValueError("the names are cut")
    return PrefixTable(
        prefixes=tuple(prefixes),
        owners=tuple(owners),
        name_off=name_off,
        names=names,
        date=str(header["date"]),
        sources=tuple(str(source) for source in header["sources"]),
    )
