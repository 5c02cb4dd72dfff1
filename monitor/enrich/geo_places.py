"""Numbers for the blocks of whole batches of addresses, straight from the databases' trees."""

import functools
import ipaddress
import mmap
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import numpy as np

from monitor.enrich import special
from monitor.enrich.geo_database import OpenDatabase, Stamp
from monitor.enrich.special import SpecialBlocks
from monitor.model.addresses import V4_PREFIX, ip_text
from monitor.model.arrays import U8, U64

MAX_BYTES: Final = (1 << 31) - 8
"""Databases from this size on are asked one address at a time: a place in one needs 31 bits."""

RECORD_BITS: Final = (24, 28, 32)
"""What one half of a node takes, in the MaxMind DB format 2.0."""

_LOW: Final = (1 << 64) - 1


class SearchTree(NamedTuple):
    """The bytes of a database, and what must be known to walk its tree."""

    raw: U8
    """The whole file, read only, shape (size,)."""

    shape: U64
    """Number of nodes, bits of a record, IP version (4: it holds no IPv6), shape (3,)."""


class Spans(NamedTuple):
    """The whole address space, cut where the kind of address changes."""

    first_hi: U64
    """Upper word of the first address, rising, shape (s,). The first span starts at 0."""

    first_lo: U64
    kind: U8
    """`special.ORDINARY`, `special.NOWHERE` or `special.ANYCAST`, shape (s,)."""


def map_tree(database: OpenDatabase | None) -> SearchTree | None:
    """Map the file of a database; None where its tree cannot be walked.

    That is so when the file is no longer the one that the reader opened, when it is too large, and
    when its metadata are of no kind that the format knows. No database is an empty tree.
    """
    if database is None:
        return SearchTree(_fixed(b"", np.uint8), _fixed([0, 24, 6], np.uint64))
    metadata = database.reader.metadata()
    shape = (metadata.node_count, metadata.record_size, metadata.ip_version)
    if shape[0] < 0 or shape[1] not in RECORD_BITS or shape[2] not in (4, 6):
        return None
    try:
        with Path(database.info.path).open("rb") as file:
            stamp = Stamp.of(os.fstat(file.fileno()))
            # Other bytes than the reader's would give keys that mean something else to it.
            if stamp != database.stamp or stamp.size > MAX_BYTES:
                return None
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError):
        return None
    return SearchTree(np.frombuffer(mapped, np.uint8), _fixed(shape, np.uint64))


def spans_of(blocks: SpecialBlocks) -> Spans:
    """Return the spans of the address space in which `blocks` says one thing."""
    networks = [ipaddress.ip_network(text) for text in special.NOWHERE_BLOCKS]
    networks += [block.network for block in blocks.anycast]
    firsts = {0, V4_PREFIX, V4_PREFIX + (1 << 32)}
    for network in networks:
        base = V4_PREFIX if network.version == 4 else 0
        firsts.add(base + int(network.network_address))
        firsts.add(base + int(network.broadcast_address) + 1)
    starts: list[tuple[int, int, int]] = []
    for first in sorted(firsts - {1 << 128}):
        # The answer is asked for, not derived again: two copies of the rules could disagree.
        kind = blocks.of(ip_text(first >> 64, first & _LOW))
        if not starts or starts[-1][2] != kind:
            starts.append((first >> 64, first & _LOW, kind))
    hi, lo, kinds = zip(*starts, strict=True)
    return Spans(_fixed(hi, np.uint64), _fixed(lo, np.uint64), _fixed(kinds, np.uint8))


class BlockKeys:
    """Gives addresses keys that are equal only where the databases say the same of both."""

    def __init__(self, country: SearchTree, asn: SearchTree, spans: Spans) -> None:
        self._given = (*spans, *country, *asn)

    @classmethod
    def of(
        cls, country: OpenDatabase | None, asn: OpenDatabase | None, blocks: SpecialBlocks
    ) -> Self | None:
        """Return the keys of some databases; None where a tree cannot be walked."""
        country_tree = map_tree(country)
        asn_tree = country_tree if asn is country else map_tree(asn)
        if country_tree is None or asn_tree is None:
            return None
        return cls(country_tree, asn_tree, spans_of(blocks))

    def keys(self, hi: U64, lo: U64) -> list[int] | None:
        """Return the key of each address; None where a tree is larger than its file.

        Raises:
            ValueError: The words are not two columns of one length.
        """
        if hi.ndim != 1 or hi.shape != lo.shape:
            raise ValueError("the words of addresses must be two columns of one length")
        if not len(hi):
            return []
        key = np.empty(len(hi), np.int64)
        if not _kernel()(_fixed(hi, np.uint64), _fixed(lo, np.uint64), *self._given, key):
            return None
        keys: list[int] = key.tolist()
        return keys


@functools.cache
def _kernel() -> Callable[..., bool]:
    from monitor.enrich.kernel_mmdb import block_keys  # noqa: PLC0415  # half a second, for Numba

    return block_keys


def _fixed(values: Any, dtype: type[np.generic]) -> Any:
    """Return values as a read-only contiguous view: the one kind of array with machine code."""
    if isinstance(values, bytes):
        values = np.frombuffer(values, dtype)
    view = np.ascontiguousarray(values, dtype).view()
    view.flags.writeable = False
    return view
