"""Names for numbers in kernels, hashes, and sequence arithmetic: the lowest layer of kernels."""

from typing import Any, TypeAlias

import numpy as np

from monitor.model.jit import kernel_borrowing, kernel_inline

Int: TypeAlias = Any
"""An int64 in machine code."""

Word: TypeAlias = Any
"""A uint64 in machine code. Int and Word never meet in one expression: it would be a float64."""

Truth: TypeAlias = Any
"""A boolean in machine code."""

Row: TypeAlias = Any
"""A record of a table, by reference: assignments change the table."""

GOLDEN = np.uint64(0x9E37_79B9_7F4A_7C15)
MIX_1 = np.uint64(0xBF58_476D_1CE4_E5B9)
MIX_2 = np.uint64(0x94D0_49BB_1331_11EB)
S16, S27, S30, S31, S32 = np.uint64(16), np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(32)
S40, S48 = np.uint64(40), np.uint64(48)
ZERO, ONE = np.uint64(0), np.uint64(1)
LOW_32 = np.uint64(0xFFFF_FFFF)
LOW_16 = np.uint64(0xFFFF)
WORD_SET = np.uint64(1 << 63)
VLAN_MASK = np.uint64(0xFFFF_0000_0000)
MAPPED = np.uint64(0xFFFF)
"""Upper half of the lower address word of an IPv4 address (::ffff:0:0/96)."""

TCP, UDP, ICMP, ICMPV6, SCTP = 6, 17, 1, 58, 132
FIN, SYN, RST, ACK = 1, 2, 4, 16


def _pairs(*pairs: tuple[int, int]) -> np.ndarray[Any, np.dtype[np.int64]]:
    table = np.full(256, -1, np.int64)
    for one, other in pairs:
        table[one], table[other] = other, one
    return table


PAIRS_4 = _pairs((8, 0), (13, 14), (15, 16), (17, 18), (10, 9))
"""ICMP types of requests and their replies, by either; -1: goes one way.

Source: the Community ID specification, as Zeek pairs them.
"""
PAIRS_6 = _pairs((128, 129), (130, 131), (133, 134), (135, 136), (139, 140), (144, 145))
"""The same for ICMPv6."""


@kernel_inline
def splitmix(value: Word) -> Word:
    """Return one step of splitmix64 (S. Vigna, public domain) from the state `value`."""
    mixed = value + GOLDEN
    mixed = (mixed ^ mixed >> S30) * MIX_1
    mixed = (mixed ^ mixed >> S27) * MIX_2
    return mixed ^ mixed >> S31


@kernel_inline
def key_hash(a_hi: Word, a_lo: Word, b_hi: Word, b_lo: Word, word: Word, seed: Word) -> Word:
    """Return 32 bits that spread flow keys over the table. `seed` keeps senders from aiming."""
    one = (a_lo ^ seed) * MIX_1
    two = (b_lo + seed) * MIX_2
    one ^= one >> S32
    two ^= two >> S31
    one = (one ^ a_hi ^ word) * GOLDEN
    two = (two ^ b_hi) * MIX_1
    mixed = (one ^ one >> S32) + two
    mixed = (mixed ^ mixed >> S30) * MIX_2
    return mixed >> S32


@kernel_inline
def key_word(a_port: Int, b_port: Int, vlan: Int, protocol: Int) -> Word:
    """Return ports, VLAN and protocol as one word that is never 0."""
    return np.uint64(a_port | b_port << 16 | vlan << 32 | protocol << 48) | WORD_SET


@kernel_inline
def key_ports(protocol: Int, src_port: Int, dst_port: Int) -> tuple[Int, Int]:
    """Return the ports that a flow key has: for ICMP the types of request and reply.

    A type that goes one way keeps its code, and bit 15 so that no pair can be equal to it.
    """
    if protocol in (ICMP, ICMPV6):
        other = PAIRS_4[src_port & 255] if protocol == ICMP else PAIRS_6[src_port & 255]
        if other >= 0:
            return src_port, other
        return src_port | 0x8000, dst_port
    return src_port, dst_port


@kernel_borrowing
def behind(seq: Int, base: Int) -> Int:
    """Return how many bytes `seq` lies behind `base` in the stream: RFC 9293 arithmetic, signed."""
    return ((seq - base + 0x8000_0000) & 0xFFFF_FFFF) - 0x8000_0000
