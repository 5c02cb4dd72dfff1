"""Addresses that a database has records for, to learn what it tells."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from itertools import islice
from mmap import mmap
from typing import Final

MAX_NODES: Final = 16_384
"""Nodes looked at: enough for a hundred records at the ends of branches of their own."""


def sample_addresses(
    raw: bytes | mmap, node_count: int, record_bits: int, ip_version: int, limit: int
) -> list[str]:
    """Return an address of each of the first records in the search tree of a database.

    Trap: the iterator of maxminddb's C reader (3.2.0) damages the heap where a tree is
    damaged, and malloc then ends the program. Its look-ups of single addresses do not.

    Args:
        raw: The search tree; what is missing at its end ends the samples.
        node_count: Number of its nodes.
        record_bits: Bits of half a node: 24, 28 or 32.
        ip_version: 4, else addresses are of 128 bits.
        limit: The most to return.
    """
    bits = 32 if ip_version == 4 else 128
    kind = IPv4Address if ip_version == 4 else IPv6Address
    prefixes = _prefixes(raw, node_count, record_bits, bits)
    return [str(kind(prefix)) for prefix in islice(prefixes, limit)]


def _prefixes(raw: bytes | mmap, node_count: int, record_bits: int, bits: int) -> Iterator[int]:
    """Yield the first address of every leaf, and of every branch that is too long, in order."""
    width = record_bits // 4
    todo = [(0, 0, 0)]
    seen = 0
    while todo and seen < MAX_NODES:
        node, prefix, depth = todo.pop()
        if node > node_count or (node < node_count and depth == bits):
            yield prefix
        elif node < node_count:
            seen += 1
            left, right = _children(raw[node * width : (node + 1) * width], record_bits)
            todo.append((right, prefix | 1 << (bits - 1 - depth), depth + 1))
            todo.append((left, prefix, depth + 1))


def _children(pair: bytes, record_bits: int) -> tuple[int, int]:
    """Return both records of a node."""
    number = int.from_bytes(pair, "big")
    left, right = number >> record_bits, number & (1 << record_bits) - 1
    if record_bits == 28:
        # The middle byte holds the highest bits of both, those of the left one first.
        left = (left & 15) << 24 | left >> 4
    return left, right
