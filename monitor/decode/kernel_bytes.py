"""Numbers out of frame bytes, and the hash that tells mirror copies: the lowest layer of kernels.

Bound: no function here checks a length. Each caller states, where it calls, which check covers
the bytes it asks for.
"""

from typing import Any, TypeAlias

import numpy as np

from monitor.model.arrays import U8
from monitor.model.jit import kernel_inline

Int: TypeAlias = Any
"""An int64 in machine code: positions, lengths, codes. Python's types do not tell it from Word."""

Word: TypeAlias = Any
"""A uint64 in machine code: addresses and hashes. An Int and a Word never meet in one
expression: Numba, like NumPy, would make a float64 of them."""

_ONE, _TWO, _THREE = np.uint64(1), np.uint64(2), np.uint64(3)
_FOUR, _FIVE, _SIX, _SEVEN = np.uint64(4), np.uint64(5), np.uint64(6), np.uint64(7)
_S8, _S16, _S24, _S32 = np.uint64(8), np.uint64(16), np.uint64(24), np.uint64(32)
_S40, _S48, _S56 = np.uint64(40), np.uint64(48), np.uint64(56)

# Odd 64-bit constants: the golden ratio, and the two multipliers of splitmix64 (S. Vigna, public
# domain, https://prng.di.unimi.it/splitmix64.c).
_GOLDEN = np.uint64(0x9E37_79B9_7F4A_7C15)
_MIX_1 = np.uint64(0xBF58_476D_1CE4_E5B9)
_MIX_2 = np.uint64(0x94D0_49BB_1331_11EB)


@kernel_inline
def byte(data: U8, pos: Int) -> Int:
    """Return the byte at `pos`."""
    # Trap: an unsigned index, here and below. With a signed one Numba compiles the test for
    # negative indices into every access, and the byte loads no longer merge into one.
    return np.int64(data[np.uint64(pos)])


@kernel_inline
def be16(data: U8, pos: Int) -> Int:
    """Return the big-endian 16-bit number at `pos`."""
    i = np.uint64(pos)
    return np.int64(data[i]) << 8 | np.int64(data[i + _ONE])


@kernel_inline
def be32(data: U8, pos: Int) -> Int:
    """Return the big-endian 32-bit number at `pos`."""
    i = np.uint64(pos)
    return (
        np.int64(data[i]) << 24
        | np.int64(data[i + _ONE]) << 16
        | np.int64(data[i + _TWO]) << 8
        | np.int64(data[i + _THREE])
    )


@kernel_inline
def le32(data: U8, pos: Int) -> Int:
    """Return the little-endian 32-bit number at `pos`."""
    i = np.uint64(pos)
    return (
        np.int64(data[i + _THREE]) << 24
        | np.int64(data[i + _TWO]) << 16
        | np.int64(data[i + _ONE]) << 8
        | np.int64(data[i])
    )


@kernel_inline
def mac48(data: U8, pos: Int) -> Word:
    """Return the MAC address at `pos` as a number of 48 bits."""
    i = np.uint64(pos)
    return (
        np.uint64(data[i]) << _S40
        | np.uint64(data[i + _ONE]) << _S32
        | np.uint64(data[i + _TWO]) << _S24
        | np.uint64(data[i + _THREE]) << _S16
        | np.uint64(data[i + _FOUR]) << _S8
        | np.uint64(data[i + _FIVE])
    )


@kernel_inline
def be64(data: U8, pos: Int) -> Word:
    """Return the big-endian 64-bit number at `pos`."""
    i = np.uint64(pos)
    return (
        np.uint64(data[i]) << _S56
        | np.uint64(data[i + _ONE]) << _S48
        | np.uint64(data[i + _TWO]) << _S40
        | np.uint64(data[i + _THREE]) << _S32
        | np.uint64(data[i + _FOUR]) << _S24
        | np.uint64(data[i + _FIVE]) << _S16
        | np.uint64(data[i + _SIX]) << _S8
        | np.uint64(data[i + _SEVEN])
    )


@kernel_inline
def mix(lane: Word, word: Word) -> Word:
    """Return a lane of the hash with one more word in it."""
    product = (lane ^ word) * _MIX_1
    return product ^ product >> _S32


@kernel_inline
def copy_hash(
    data: U8,
    start: Int,
    stop: Int,
    src_hi: Word,
    src_lo: Word,
    dst_hi: Word,
    dst_lo: Word,
    meta: Word,
    length: Word,
) -> Word:
    """Return the hash of addresses, `meta`, `length` (< 2^32) and the bytes ``start:stop``.

    Two lanes, so that the multiplications overlap. Not against an adversary: who can choose
    packets can make two of them collide, and hides one packet of his own by it.

    Bound: reads ``start:stop`` and nothing else; the caller has ``stop`` within the frame.
    """
    span = np.uint64(stop - start) << _S32
    left = mix(mix(_GOLDEN, src_lo), src_hi * _MIX_2 ^ meta)
    right = mix(mix(_MIX_2, dst_lo), dst_hi * _MIX_2 ^ length ^ span)
    pos = start
    while pos + 16 <= stop:
        left = mix(left, be64(data, pos))
        right = mix(right, be64(data, pos + 8))
        pos += 16
    if pos + 8 <= stop:
        left = mix(left, be64(data, pos))
        pos += 8
    if pos < stop:
        if stop - start >= 8:
            # Overlaps the word before; `span` above keeps lengths apart all the same.
            tail = be64(data, stop - 8)
        else:
            tail = _ONE
            while pos < stop:
                tail = tail << _S8 | np.uint64(data[np.uint64(pos)])
                pos += 1
        right = mix(right, tail)
    mixed = left ^ right * _GOLDEN
    mixed = (mixed ^ mixed >> np.uint64(31)) * _MIX_2
    return mixed ^ mixed >> np.uint64(29)
