"""What a MaxMind DB search tree holds for whole batches of addresses, as numbers to look up.

Source: the MaxMind DB file format specification, version 2.0 (maxmind.github.io/MaxMind-DB).
"""

from typing import Any, TypeAlias

import numpy as np

from monitor.enrich.special import ANYCAST, NOWHERE
from monitor.model.arrays import I64, U8, U64
from monitor.model.jit import kernel, kernel_inner

Word: TypeAlias = Any
"""A uint64 in machine code: addresses, nodes, codes, and unsigned indices, which cost no test."""

EMPTY = 0
"""Code of an address without a record, or of a database that is not there."""

DAMAGED = 1
"""Code of an address whose walk ends outside the file, or does not end."""

OTHER_FAMILY = 2
"""Code of an IPv6 address in a tree of IPv4 alone."""

CODE_BITS = 31
"""Bits of a code, which thus serves files below 2 GiB. Codes above `OTHER_FAMILY` are records."""

_V4, _V6 = np.uint64(4), np.uint64(6)
_V4_BITS, _V6_BITS, _V4_DEPTH = np.uint64(32), np.uint64(128), np.uint64(96)
_EMPTY, _DAMAGED, _OTHER_FAMILY = np.uint64(EMPTY), np.uint64(DAMAGED), np.uint64(OTHER_FAMILY)
_NIBBLE, _MAPPED = np.uint64(15), np.uint64(0xFFFF)
_ZERO, _ONE, _TWO, _THREE, _FOUR = (np.uint64(i) for i in range(5))
_S8, _S16, _S24, _S32 = np.uint64(8), np.uint64(16), np.uint64(24), np.uint64(32)
_S63, _S62, _S31 = np.uint64(63), np.uint64(62), np.uint64(CODE_BITS)
_24, _32 = np.uint64(24), np.uint64(32)


@kernel_inner
def _record(raw: U8, at: Word, record_bits: Word, bit: Word) -> Word:
    """Return the left (0) or right (1) record of the node at byte `at`, all of it in `raw`."""
    if record_bits == _24:
        at += _THREE * bit
        lead = _ZERO
    elif record_bits == _32:
        at += _FOUR * bit
        lead = np.uint64(raw[at])
        at += _ONE
    else:
        # Two 28-bit records share the middle byte, whose high half leads the left one.
        middle = np.uint64(raw[at + _THREE])
        lead = middle & _NIBBLE if bit else middle >> _FOUR
        at += _FOUR * bit
    return (
        lead << _S24
        | np.uint64(raw[at]) << _S16
        | np.uint64(raw[at + _ONE]) << _S8
        | np.uint64(raw[at + _TWO])
    )


@kernel_inner
def _descend(raw: U8, shape: U64, node: Word, hi: Word, lo: Word, depth: Word) -> Word:
    """Follow the highest `depth` bits of an address from `node`; return where that ends."""
    node_count, record_bits = shape[0], shape[1]
    width = record_bits >> _TWO
    # Bound: `depth` ends the loop, and a node below `node_count` lies in `raw`; see `_fits`.
    while depth > _ZERO and node < node_count:
        node = _record(raw, node * width, record_bits, hi >> _S63)
        hi = hi << _ONE | lo >> _S63
        lo <<= _ONE
        depth -= _ONE
    return node


@kernel_inner
def _fits(raw: U8, shape: U64) -> bool:
    """Return whether all nodes of a tree lie in `raw`: the bound that every walk relies on."""
    return bool(shape[0] <= np.uint64(len(raw)) // (shape[1] >> _TWO))


@kernel_inner
def _v4_start(raw: U8, shape: U64) -> Word:
    """Return the node at which IPv4 starts: the root, or ::/96 in a tree of both families."""
    if shape[2] == _V4:
        return _ZERO
    return _descend(raw, shape, _ZERO, _ZERO, _ZERO, _V4_DEPTH)


@kernel_inner
def _code(raw: U8, shape: U64, v4_start: Word, hi: Word, lo: Word) -> Word:
    """Return the code of an address; IPv4 comes mapped, and is looked up as IPv4."""
    if hi == _ZERO and lo >> _S32 == _MAPPED:
        node = _descend(raw, shape, v4_start, lo << _S32, _ZERO, _V4_BITS)
    elif shape[2] == _V4:
        return _OTHER_FAMILY
    else:
        node = _descend(raw, shape, _ZERO, hi, lo, _V6_BITS)
    node_count = shape[0]
    if node == node_count:
        return _EMPTY
    beyond = node - node_count
    if node < node_count or beyond + node_count * (shape[1] >> _TWO) >= np.uint64(len(raw)):
        return _DAMAGED
    return beyond + _OTHER_FAMILY


@kernel_inner
def _special(first_hi: U64, first_lo: U64, kind: U8, hi: Word, lo: Word) -> Word:
    """Return the kind of the last span that starts at or before an address.

    Bound: the first span starts at address 0, so `low` always is a span.
    """
    low, high = _ZERO, np.uint64(len(kind))
    while high - low > _ONE:
        middle = (low + high) >> _ONE
        if first_hi[middle] < hi or (first_hi[middle] == hi and first_lo[middle] <= lo):
            low = middle
        else:
            high = middle
    return np.uint64(kind[low])


@kernel
def block_keys(
    hi: U64,
    lo: U64,
    first_hi: U64,
    first_lo: U64,
    kind: U8,
    country: U8,
    country_shape: U64,
    asn: U8,
    asn_shape: U64,
    key: I64,
) -> bool:
    """Give addresses numbers that are equal only where all databases say the same of both.

    Args:
        hi: Upper words of the addresses, shape (n,).
        lo: Lower words, shape (n,).
        first_hi: Upper words of the first addresses of spans, rising from 0, shape (s,), s > 0.
        first_lo: Lower words, shape (s,).
        kind: What the addresses of a span are: 0, `NOWHERE` or `ANYCAST`, shape (s,).
        country: Bytes of the country database; none where there is none.
        country_shape: Its number of nodes, bits of a record (24, 28 or 32) and IP version; 0
            nodes where there is none.
        asn: Bytes of the ASN database.
        asn_shape: Likewise.
        key: Filled: ``kind << 62 | country code << 31 | ASN code``, shape (n,). Codes are 0
            where the answer does not depend on a database.

    Returns:
        Whether the keys were filled; not where a tree is larger than its file.
    """
    if not (_fits(country, country_shape) and _fits(asn, asn_shape)):
        return False
    country_v4, asn_v4 = _v4_start(country, country_shape), _v4_start(asn, asn_shape)
    for i in range(len(hi)):
        special = _special(first_hi, first_lo, kind, hi[i], lo[i])
        where, whose = _EMPTY, _EMPTY
        if special != NOWHERE:
            whose = _code(asn, asn_shape, asn_v4, hi[i], lo[i])
            if special != ANYCAST:
                where = _code(country, country_shape, country_v4, hi[i], lo[i])
        key[i] = np.int64(special << _S62 | where << _S31 | whose)
    return True
