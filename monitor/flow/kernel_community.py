"""Community ID v1 with seed 0: ``1:`` and the base64 of a SHA-1 over the 5-tuple.

Source: the Community ID specification (github.com/corelight/community-id-spec), SHA-1 from FIPS
180-4, base64 from RFC 4648. The message is at most 40 bytes, so that SHA-1 has one block; LANES
flows are hashed side by side, which the compiler makes vector instructions of.
"""

import numpy as np

from monitor.flow.kernel_words import (
    ICMP,
    ICMPV6,
    LOW_32,
    MAPPED,
    PAIRS_4,
    PAIRS_6,
    S32,
    S48,
    SCTP,
    TCP,
    UDP,
    Int,
    Row,
)
from monitor.flow.tables import ORIG_IS_A, Rows
from monitor.flow.tables import SHA1_LANES as LANES
from monitor.model.arrays import U8, U32
from monitor.model.jit import kernel_inner

TEXT_BYTES = 30
_BASE64 = np.frombuffer(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", dtype=np.uint8
).copy()
_START = np.array([0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0], dtype=np.uint32)
_K_1, _K_2 = np.uint32(0x5A827999), np.uint32(0x6ED9EBA1)
_K_3, _K_4 = np.uint32(0x8F1BBCDC), np.uint32(0xCA62C1D6)
_1, _2, _5 = np.uint32(1), np.uint32(2), np.uint32(5)
_27, _30, _31 = np.uint32(27), np.uint32(30), np.uint32(31)


@kernel_inner
def community_text(flows: Rows, count: Int, text: U8, off: Int, words: U32) -> None:
    """Write the Community IDs of the first `count` flows, 30 bytes each, from ``text[off]`` on.

    Bound: the caller has given `text` 30 bytes for each flow behind `off`, and `words`, scratch
    of shape (85, LANES): 80 words of the message schedule and 5 of the digest.
    """
    digest = words[80:]
    for start in range(0, count, LANES):
        lanes = min(LANES, count - start)
        for lane in range(lanes):
            write_message(flows[start + lane], words, lane)
        sha1_block(words, digest)
        for lane in range(lanes):
            write_base64(digest, lane, text, off + TEXT_BYTES * (start + lane))


@kernel_inner
def write_message(flow: Row, words: U32, lane: Int) -> None:
    """Write the padded SHA-1 message of a flow: seed, addresses, protocol, 0, ports.

    The smaller endpoint stands first, but an ICMP type without a counterpart keeps its direction.
    Protocols without ports have none in the message.
    """
    protocol = np.int64(flow.word >> S48) & 255
    a_port = np.int64(flow.word & np.uint64(0xFFFF))
    b_port = np.int64(flow.word >> np.uint64(16) & np.uint64(0xFFFF))
    first_hi, first_lo, last_hi, last_lo = flow.a_hi, flow.a_lo, flow.b_hi, flow.b_lo
    if protocol in (ICMP, ICMPV6):
        is_orig_a = flow.state & ORIG_IS_A != 0
        icmp_type = (a_port if is_orig_a else b_port) & 255
        pair = PAIRS_4[icmp_type] if protocol == ICMP else PAIRS_6[icmp_type]
        if pair < 0:
            a_port, b_port = icmp_type, np.int64(flow.icmp_code)
            if not is_orig_a:
                first_hi, first_lo, last_hi, last_lo = last_hi, last_lo, first_hi, first_lo
    for i in range(1, 16):
        words[i, lane] = 0
    words[0, lane] = 0
    is_ipv4 = (
        first_hi == 0 and last_hi == 0 and first_lo >> S32 == MAPPED and last_lo >> S32 == MAPPED
    )
    # The seed is two bytes, so that addresses begin in the middle of a word.
    carry = np.int64(0)
    at = 0
    for end in range(2):
        hi = first_hi if end == 0 else last_hi
        lo = first_lo if end == 0 else last_lo
        for part in range(3 if is_ipv4 else 0, 4):
            half = hi if part < 2 else lo
            value = np.int64((half >> S32 if part & 1 == 0 else half) & LOW_32)
            words[at, lane] = carry << 16 | value >> 16
            carry = value & 0xFFFF
            at += 1
    words[at, lane] = carry << 16 | protocol << 8
    at += 1
    length = 4 * at
    if protocol in (TCP, UDP, SCTP, ICMP, ICMPV6):
        words[at, lane] = a_port << 16 | b_port
        length += 4
        at += 1
    words[at, lane] = 0x8000_0000
    words[15, lane] = 8 * length


@kernel_inner
def sha1_block(words: U32, digest: U32) -> None:
    """Hash one block in each lane: FIPS 180-4, 6.1.2. Bound: shapes (80, LANES) and (5, LANES)."""
    for step in range(16, 80):
        for lane in range(LANES):
            word = np.uint32(
                words[step - 3, lane]
                ^ words[step - 8, lane]
                ^ words[step - 14, lane]
                ^ words[step - 16, lane]
            )
            words[step, lane] = np.uint32(word << _1) | np.uint32(word >> _31)
    for part in range(5):
        for lane in range(LANES):
            digest[part, lane] = _START[part]
    for step in range(80):
        for lane in range(LANES):
            a, b, c = digest[0, lane], digest[1, lane], digest[2, lane]
            d, e = digest[3, lane], digest[4, lane]
            if step < 20:
                mixed = np.uint32((b & c) ^ (~b & d))
                constant = _K_1
            elif step < 40:
                mixed = np.uint32(b ^ c ^ d)
                constant = _K_2
            elif step < 60:
                mixed = np.uint32((b & c) ^ (b & d) ^ (c & d))
                constant = _K_3
            else:
                mixed = np.uint32(b ^ c ^ d)
                constant = _K_4
            turned = np.uint32(a << _5) | np.uint32(a >> _27)
            digest[4, lane] = d
            digest[3, lane] = c
            digest[2, lane] = np.uint32(b << _30) | np.uint32(b >> _2)
            digest[1, lane] = a
            digest[0, lane] = np.uint32(turned + mixed + e + constant + words[step, lane])
    for part in range(5):
        for lane in range(LANES):
            digest[part, lane] = np.uint32(digest[part, lane] + _START[part])


@kernel_inner
def write_base64(digest: U32, lane: Int, text: U8, at: Int) -> None:
    """Write ``1:`` and the base64 of one digest: 20 bytes give 27 characters and one ``=``."""
    text[at] = 0x31
    text[at + 1] = 0x3A
    at += 2
    bits = np.int64(0)
    held = 0
    for part in range(5):
        bits = bits << 32 | np.int64(digest[part, lane])
        held += 32
        while held >= 6:
            held -= 6
            text[at] = _BASE64[bits >> held & 63]
            at += 1
        bits &= (1 << held) - 1
    text[at] = _BASE64[bits << (6 - held) & 63]
    text[at + 1] = 0x3D
