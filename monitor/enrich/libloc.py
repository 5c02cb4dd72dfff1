"""A reader of IPFire's location database (libloc, format version 1), for conversion.

Source: ``src/libloc/format.h`` of https://git.ipfire.org/?p=location/libloc.git, checked against
the `location` command on the database of Debian's libloc-database package.
"""

import dataclasses
import struct
from pathlib import Path
from typing import Final

import numpy as np

from monitor.enrich.mmdb_write import (
    ADDRESS_BITS,
    EMPTY,
    V4_BITS,
    V4_MAPPED,
    V4_NAT64,
    V4_ROOT,
    Tree,
    leaf,
)
from monitor.errors import ConfigError

MAGIC: Final = b"LOCDBXX\x01"
NO_NETWORK: Final = 0xFFFF_FFFF
FLAG_ANYCAST: Final = 4


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Locations:
    """The tables of one location database."""

    created_s: int
    """When it was made, seconds since 1970."""

    licence: str
    node: list[tuple[int, int, int]]
    """(child for 0, child for 1, network); child 0 is none, `NO_NETWORK` is no network."""

    asn: list[int]
    """AS number of each network, 0 when there is none."""

    flags: list[int]
    org: dict[int, str]
    """Organisation by AS number."""


def read_locations(path: Path) -> Locations:
    """Read a location database.

    Raises:
        ConfigError: The file cannot be read, or it is not a whole location database.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; give a readable location.db") from error
    if raw[:8] != MAGIC:
        raise ConfigError(f"{path}: not a location database of version 1; give another file")
    try:
        return _parse(raw)
    except (struct.error, ValueError, IndexError) as error:
        raise ConfigError(f"{path}: cut or damaged ({error}); fetch it again") from error


def _parse(raw: bytes) -> Locations:
    created_s, _vendor, _description, licence = struct.unpack_from(">QIII", raw, 8)
    area = struct.unpack_from(">10I", raw, 28)
    systems, networks, nodes = (
        np.frombuffer(raw, ">u4", area[2 * i + 1] // (4 * width) * width, area[2 * i]).reshape(
            -1, width
        )
        for i, width in ((0, 2), (1, 3), (2, 3))
    )
    pool = raw[area[8] : area[8] + area[9]]

    def text(place: int) -> str:
        return pool[place : pool.index(b"\0", place)].decode("utf-8", "replace")

    columns = [nodes[:, i].tolist() for i in range(3)]
    return Locations(
        created_s=created_s,
        licence=text(licence),
        node=list(zip(*columns, strict=True)),
        asn=networks[:, 1].tolist(),
        flags=(networks[:, 2] >> 16).tolist(),
        org={number: text(place) for number, place in systems.tolist()},
    )


def network_tree(locations: Locations) -> tuple[Tree, int, list[tuple[int, bool]]]:
    """Return the tree of (AS number, is anycast), its root and the distinct pairs.

    The original keeps IPv4 in ::ffff:0:0/96; the tree has it where the MaxMind format wants it.

    A network inside another speaks for itself alone, as in the original: nothing is taken over
    from the outer one.

    Raises:
        ConfigError: The nodes do not make a tree.
    """
    tree = Tree()
    numbers: dict[tuple[int, bool], int] = {}

    def leaf_of(network: int) -> int:
        pair = (locations.asn[network], bool(locations.flags[network] & FLAG_ANYCAST))
        if pair == (0, False):
            return EMPTY
        return leaf(numbers.setdefault(pair, len(numbers)))

    def walk(node: int, outer: int, depth: int) -> int:
        if depth > ADDRESS_BITS:
            raise IndexError("deeper than an address is long")
        zero, one, network = locations.node[node]
        if network != NO_NETWORK:
            outer = leaf_of(network)
        left = walk(zero, outer, depth + 1) if zero else outer
        right = walk(one, outer, depth + 1) if one else outer
        return tree.join(left, right)

    try:
        root = walk(0, EMPTY, 0)
    except IndexError as error:
        raise ConfigError(f"location database: damaged ({error}); fetch it again") from error
    v4 = tree.below(root, V4_MAPPED, V4_BITS)
    root = tree.graft(root, V4_ROOT, V4_BITS, v4)
    root = tree.graft(root, V4_NAT64, V4_BITS, v4)
    return tree, root, list(numbers)
