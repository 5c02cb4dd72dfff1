"""Digests of conversations, blind to what a protocol makes anew each time.

Equal digests mean equal facts. What is masked, each where its shape is whole and nowhere else:
random, session id and key share of a lone ClientHello; the id of DNS messages, and lifetime and
address of an answer of one address; the transaction of STUN requests without attributes; what
stands behind the letters of a PPPP device id. All else counts, lengths and sides included.
"""

from typing import Any, TypeAlias

import numpy as np

from monitor.model.arrays import I64, U8, U16, U64, Bool
from monitor.model.jit import kernel_borrowing, kernel_inline, kernel_inner

Int: TypeAlias = Any
"""An int64 in machine code."""

Word: TypeAlias = Any
"""A uint64 in machine code."""

EXACT, HELLO, DNS, STUN, PPPP = 0, 1, 2, 3, 4
"""What was masked: nothing, or what is random in messages of this protocol."""

MAX_EXACT = 512
"""Bytes of the longest conversation that has a digest with nothing masked; longer ones hardly
repeat."""

MAX_MASKED = 2048
"""The same, with something masked."""

MAX_ANSWER = 288
"""Bytes of the longest DNS message of which more than the id is masked."""

_TCP, _UDP = 6, 17
_DNS_PORT = 53
_MIX_1, _MIX_2 = np.uint64(0xBF58_476D_1CE4_E5B9), np.uint64(0x94D0_49BB_1331_11EB)
_S27, _S30, _S31, _S8 = np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(8)
_NONE, _ONE = np.uint64(0), np.uint64(1)

UID_TYPES = (
    *(0x10, 0x14, 0x18, 0x20, 0x31, 0x32, 0x41, 0x42, 0x60, 0x62, 0x67),
    *(0x80, 0x84, 0x87, 0x91),
)
"""PPPP messages of which only the letters of the device id count. Source: `monitor.dissect.pppp`."""

_IS_UID_TYPE = np.isin(np.arange(256), UID_TYPES)


@kernel_inline
def _mix(state: Word, word: Word) -> Word:
    """Return the state after one more word: splitmix64's finaliser, a bijection of either."""
    mixed = state ^ word
    mixed = (mixed ^ mixed >> _S30) * _MIX_1
    mixed = (mixed ^ mixed >> _S27) * _MIX_2
    return mixed ^ mixed >> _S31


@kernel_inner
def _absorb(state: Word, data: U8, at: Int, end: Int) -> Word:
    """Return the state after the bytes ``at:end``, and their number."""
    state = _mix(state, np.uint64(end - at))
    while at + 8 <= end:
        k = np.uint64(at)
        word = _NONE
        for i in range(8):
            word |= np.uint64(data[k + np.uint64(i)]) << np.uint64(8 * i)
        state = _mix(state, word)
        at += 8
    word = _ONE
    while at < end:
        word = word << _S8 | np.uint64(data[at])
        at += 1
    return _mix(state, word)


@kernel_inline
def _two(data: U8, at: Int) -> Int:
    return np.int64(data[at]) << 8 | np.int64(data[at + 1])


@kernel_inner
def _is_hello(data: U8, at: Int, end: Int) -> bool:
    """Tell whether a stream is one record of one whole ClientHello, up to the cipher suites.

    Source: RFC 8446 §4.1.2 and §5.1.
    """
    if end - at < 48 or data[at] != 22 or data[at + 1] != 3 or data[at + 2] > 4:
        return False
    length = _two(data, at + 3)
    inner = np.int64(data[at + 6]) << 16 | _two(data, at + 7)
    tail = 44 + np.int64(data[at + 43])
    return bool(
        data[at + 5] == 1
        and length == end - at - 5
        and inner == length - 4
        and tail <= 76
        and tail + 2 <= end - at
    )


@kernel_inner
def _key_share(data: U8, tail: Int, end: Int) -> Int:
    """Return where the extension key share (51) of a hello starts; `end` where it has none.

    Args:
        data: Bytes.
        tail: Offset of the cipher suites.
        end: End of the hello.
    """
    at = tail + 2 + _two(data, tail)
    if at >= end:
        return end
    at += 3 + np.int64(data[at])
    while at + 4 <= end:
        if data[at] == 0 and data[at + 1] == 51:
            return at
        at += 4 + _two(data, at + 2)
    return end


@kernel_inner
def _hello(state: Word, data: U8, at: Int, end: Int) -> Word:
    """Absorb a ClientHello without what is random in it."""
    tail = at + 44 + np.int64(data[at + 43])
    state = _absorb(state, data, at + 9, at + 11)
    share = _key_share(data, tail, end)
    behind = share + 4 + _two(data, share + 2) if share + 4 <= end else end
    if share == end or behind > end:
        return _absorb(state, data, tail, end)
    return _absorb(_absorb(state, data, tail, share + 4), data, behind, end)


@kernel_inner
def _is_dns(data: U8, at: Int, end: Int) -> bool:
    """Tell whether a datagram has a header of DNS, with the opcode QUERY."""
    return bool(end - at >= 12 and data[at + 2] & 0x78 == 0)


@kernel_inner
def _is_one_address(data: U8, at: Int, end: Int) -> bool:
    """Tell whether a DNS message is an answer of one IPv4 address for one question, and no more."""
    start = end - 16
    if (
        end - at > MAX_ANSWER
        or start < at + 17
        or data[at + 2] < 0x80
        or _two(data, at + 4) != 1
        or _two(data, at + 6) != 1
        or _two(data, start) != 0xC00C
        or _two(data, start + 2) != 1
        or _two(data, end - 6) != 4
    ):
        return False
    name = at + 12
    while name < start and 0 < data[name] < 64:
        name += 1 + np.int64(data[name])
    # The zero that ends the name, type and class.
    return bool(name + 5 == start and data[name] == 0)


@kernel_inner
def _dns(state: Word, data: U8, at: Int, end: Int) -> Word:
    """Absorb a DNS message without its id, and without lifetime and address of a lone answer."""
    if _is_one_address(data, at, end):
        return _absorb(_absorb(state, data, at + 2, end - 12), data, end - 6, end - 4)
    return _absorb(state, data, at + 2, end)


@kernel_inner
def _is_stun(data: U8, at: Int, end: Int) -> bool:
    """Tell whether a datagram is a STUN message of a header alone, with the cookie."""
    return bool(
        end - at == 20
        and data[at] < 4
        and _two(data, at + 2) == 0
        and _two(data, at + 4) == 0x2112
        and _two(data, at + 6) == 0xA442
    )


@kernel_inner
def _is_pppp(data: U8, at: Int, end: Int) -> bool:
    """Tell whether a datagram is a PPPP message, the kind of which decides what counts."""
    return bool(end - at >= 4 and data[at] == 0xF1)


@kernel_inner
def _letters(data: U8, at: Int, end: Int) -> Int:
    """Return how many letters a device id of up to 8 bytes starts with; 0 where it is none."""
    while end > at and data[end - 1] == 0:
        end -= 1
    for i in range(at, end):
        letter = data[i] | 0x20
        if not 97 <= letter <= 122:
            return 0
    return end - at


@kernel_inner
def _pppp(state: Word, data: U8, at: Int, end: Int) -> Word:
    """Absorb a PPPP message; of those with a device id its kind, its sizes and the letters."""
    if not _IS_UID_TYPE[data[at + 1]]:
        return _absorb(state, data, at, end)
    state = _absorb(_mix(state, np.uint64(end - at)), data, at, at + 4)
    if end - at < 24:
        return state
    return _absorb(state, data, at + 4, at + 4 + _letters(data, at + 4, at + 12))


@kernel_inner
def _kind(
    data: U8,
    byte_off: I64,
    is_orig: Bool,
    first: Int,
    last: Int,
    protocol: Int,
    port: Int,
) -> Int:
    """Return what is to be masked in a conversation: one sort for all of its pieces."""
    start, end = byte_off[first], byte_off[first + 1]
    if protocol == _TCP:
        is_lone = last - first == 1 and is_orig[first]
        return HELLO if is_lone and _is_hello(data, start, end) else EXACT
    if protocol != _UDP:
        return EXACT
    kind = DNS if port == _DNS_PORT else (STUN if _is_stun(data, start, end) else PPPP)
    for piece in range(first, last):
        start, end = byte_off[piece], byte_off[piece + 1]
        if kind == DNS:
            fits = _is_dns(data, start, end)
        elif kind == STUN:
            fits = _is_stun(data, start, end)
        else:
            fits = _is_pppp(data, start, end)
        if not fits:
            return EXACT
    return kind


@kernel_borrowing
def digests(
    data: U8,
    piece_off: I64,
    byte_off: I64,
    is_orig: Bool,
    protocol: U8,
    orig_port: U16,
    resp_port: U16,
    rows: I64,
    seed: Word,
    digest: U64,
    masked: U8,
) -> None:
    """Write the digests of some conversations, and what was masked in them.

    Args:
        data: Columns `data`, `piece_off`, `byte_off`, `is_orig`, `protocol`, `resp_port` of a
            ConversationBatch. Bound: its offsets rise and end within the data.
        piece_off: As said.
        byte_off: As said.
        is_orig: As said.
        protocol: As said.
        orig_port: Originator's port where it means something, else 0.
        resp_port: As said.
        rows: The conversations meant. Bound: rows of the batch.
        seed: A secret, so that nobody can make two conversations of one digest.
        digest: Room for a digest for each of `rows`; 0 for what is too long, or empty.
        masked: Room for one of EXACT, HELLO, DNS, STUN, PPPP each.
    """
    for at in range(len(rows)):
        row = rows[at]
        first, last = piece_off[row], piece_off[row + 1]
        digest[at] = 0
        masked[at] = EXACT
        size = byte_off[last] - byte_off[first]
        if size == 0 or size > MAX_MASKED:
            continue
        kind = _kind(
            data, byte_off, is_orig, first, last, np.int64(protocol[row]), np.int64(resp_port[row])
        )
        if kind == EXACT and size > MAX_EXACT:
            continue
        ports = np.uint64(orig_port[row]) | np.uint64(resp_port[row]) << np.uint64(16)
        state = _mix(seed, ports | np.uint64(protocol[row]) << np.uint64(32))
        state = _mix(state, np.uint64(kind << 32 | last - first))
        for piece in range(first, last):
            start, end = byte_off[piece], byte_off[piece + 1]
            state = _mix(state, _ONE if is_orig[piece] else _NONE)
            if kind == HELLO:
                state = _hello(state, data, start, end)
            elif kind == DNS:
                state = _dns(state, data, start, end)
            elif kind == STUN:
                state = _absorb(state, data, start, start + 8)
            elif kind == PPPP:
                state = _pppp(state, data, start, end)
            else:
                state = _absorb(state, data, start, end)
        digest[at] = max(state, _ONE)
        masked[at] = kind
