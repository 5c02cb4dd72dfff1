"""Writes flow lines from columns: what repeats is copied, numbers are spelled out."""

from typing import Any, NamedTuple, TypeAlias

import numpy as np

from monitor.model.arrays import I64, U8, U16, U32, U64, VLAN_NONE, Bool
from monitor.model.jit import kernel, kernel_inner

Int: TypeAlias = Any
"""An int64 in machine code."""

MOST_FIXED = 768
"""Bytes of a line beyond its fragments, at most: keys, addresses, and numbers of full length."""


def _text(text: str) -> U8:
    return np.frombuffer(text.encode("ascii"), np.uint8).copy()


FLOW_ID = _text('{"flow_id":"')
COMMUNITY = _text('","community_id":"')
START = _text('","start":"')
END = _text('Z","end":"')
VLAN = _text('Z","vlan":')
NULL = _text("null")
SCOPE = _text(',"scope":"')
PROTOCOL = _text('","protocol":"')
SERVICE = _text('","service":')
CAMERA = _text(',"camera":')
DESTINATION = _text(',"destination":{"ip":"')
PORT = _text('","port":')
BY_CAMERA = _text(',"initiated_by":"camera","outcome":"')
BY_OTHER = _text(',"initiated_by":"destination","outcome":"')
ORIG = _text('","orig":{"ip":"')
RESP = _text('},"resp":{"ip":"')
PACKETS = _text(',"packets":')
BYTES = _text(',"bytes":')
LAST = _text("},")
CLOSE = _text("}\n")
HEX = _text("0123456789abcdef")

SECOND = 1_000_000_000
DAY_S = 86_400


class Rows(NamedTuple):
    """The columns of a batch that stand in lines.

    `orig_text` and `resp_text` are pieces for IPv6 addresses and -1 for IPv4; `service`, `party`
    and `verdict` are pieces.
    """

    flow_id: U64
    community_id: U8
    community_width: int
    start_ns: I64
    end_ns: I64
    vlan: U16
    scope: U8
    protocol: U8
    outcome: U8
    is_ours: Bool
    orig_lo: U64
    resp_lo: U64
    orig_text: I64
    resp_text: I64
    orig_port: U16
    resp_port: U16
    orig_pkts: U64
    resp_pkts: U64
    orig_bytes: U64
    resp_bytes: U64
    service: I64
    party: I64
    verdict: I64


class Fragments(NamedTuple):
    """Pieces of text: piece i is ``data[begin[i]:begin[i + 1]]``."""

    data: U8
    begin: I64


class Small(NamedTuple):
    """Texts of the small vocabularies, as pieces: scopes, then outcomes, then 256 protocols."""

    data: U8
    begin: I64
    outcomes: int
    protocols: int


@kernel
def put(out: U8, at: int, text: U8) -> int:
    """Copy a text; return where it ends."""
    for i in range(len(text)):
        out[at + i] = text[i]
    return at + len(text)


@kernel
def put_piece(out: U8, at: int, data: U8, begin: I64, piece: int) -> int:
    """Copy a piece; return where it ends."""
    for i in range(begin[piece], begin[piece + 1]):
        out[at] = data[i]
        at += 1
    return at


@kernel
def put_number(out: U8, at: int, number: np.uint64) -> int:
    """Spell a number in decimal; return where it ends."""
    digits = 1
    rest = number
    while rest >= np.uint64(10):
        rest = rest // np.uint64(10)
        digits += 1
    for i in range(digits - 1, -1, -1):
        out[at + i] = np.uint8(np.uint64(48) + number % np.uint64(10))
        number = number // np.uint64(10)
    return at + digits


@kernel
def put_padded(out: U8, at: int, number: int, digits: int) -> int:
    """Spell a number with leading zeros; return where it ends."""
    for i in range(digits - 1, -1, -1):
        out[at + i] = np.uint8(48 + number % 10)
        number //= 10
    return at + digits


@kernel
def put_v4(out: U8, at: int, lo: np.uint64) -> int:
    """Spell an IPv4 address; return where it ends."""
    for shift in (24, 16, 8, 0):
        at = put_number(out, at, (lo >> np.uint64(shift)) & np.uint64(255))
        if shift:
            out[at] = np.uint8(46)
            at += 1
    return at


@kernel
def put_time(out: U8, at: int, ns: int) -> int:
    """Spell a time as RFC 3339 without the final Z; return where it ends.

    Source: the days-to-civil algorithm of the proleptic Gregorian calendar; int64 nanoseconds
    reach from 1677 to 2262, so a year has four digits.
    """
    second = ns // SECOND
    days = second // DAY_S
    in_day = second - days * DAY_S
    shifted = days + 719_468
    era = shifted // 146_097
    day_of_era = shifted - era * 146_097
    year_of_era = (
        day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096
    ) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted_month = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted_month + 2) // 5 + 1
    month = shifted_month + 3 if shifted_month < 10 else shifted_month - 9
    year = year_of_era + era * 400 + (1 if month <= 2 else 0)
    at = put_padded(out, at, year, 4)
    out[at] = np.uint8(45)
    at = put_padded(out, at + 1, month, 2)
    out[at] = np.uint8(45)
    at = put_padded(out, at + 1, day, 2)
    out[at] = np.uint8(84)
    at = put_padded(out, at + 1, in_day // 3600, 2)
    out[at] = np.uint8(58)
    at = put_padded(out, at + 1, in_day // 60 % 60, 2)
    out[at] = np.uint8(58)
    at = put_padded(out, at + 1, in_day % 60, 2)
    out[at] = np.uint8(46)
    return put_padded(out, at + 1, ns - second * SECOND, 9)


@kernel
def put_ip(out: U8, at: int, lo: np.uint64, text: int, pieces: Fragments) -> int:
    """Spell an address: IPv4 from its number, IPv6 from its piece; return where it ends."""
    if text < 0:
        return put_v4(out, at, lo)
    return put_piece(out, at, pieces.data, pieces.begin, text)


@kernel
def write_lines(
    rows: Rows, pieces: Fragments, small: Small, out: U8, head: U16, length: U32
) -> int:
    """Write all lines one after the other, without the camera's object.

    `out` must hold `MOST_FIXED` bytes and the row's pieces for every row: the caller adds up.

    Args:
        rows: The columns.
        pieces: Texts of services, parties, verdicts and IPv6 addresses.
        small: Texts of scopes, outcomes and protocols.
        out: Where to; long enough.
        head: Gets the bytes before the camera's object, shape (n,).
        length: Gets the bytes of the line, shape (n,).

    Returns:
        Bytes written.
    """
    at = 0
    for row in range(len(rows.flow_id)):
        first = at
        at = put(out, at, FLOW_ID)
        flow_id = rows.flow_id[row]
        for digit in range(16):
            nibble = (flow_id >> np.uint64(60 - 4 * digit)) & np.uint64(15)
            out[at + digit] = HEX[nibble]
        at = put(out, at + 16, COMMUNITY)
        for i in range(row * rows.community_width, (row + 1) * rows.community_width):
            if rows.community_id[i] == 0:
                break
            out[at] = rows.community_id[i]
            at += 1
        at = put(out, at, START)
        at = put_time(out, at, rows.start_ns[row])
        at = put(out, at, END)
        at = put_time(out, at, rows.end_ns[row])
        at = put(out, at, VLAN)
        if rows.vlan[row] == VLAN_NONE:
            at = put(out, at, NULL)
        else:
            at = put_number(out, at, np.uint64(rows.vlan[row]))
        at = put(out, at, SCOPE)
        at = put_piece(out, at, small.data, small.begin, rows.scope[row])
        at = put(out, at, PROTOCOL)
        at = put_piece(out, at, small.data, small.begin, small.protocols + rows.protocol[row])
        at = put(out, at, SERVICE)
        at = put_piece(out, at, pieces.data, pieces.begin, rows.service[row])
        at = put(out, at, CAMERA)
        head[row] = np.uint16(at - first)
        at = put(out, at, DESTINATION)
        if rows.is_ours[row]:
            at = put_ip(out, at, rows.resp_lo[row], rows.resp_text[row], pieces)
            at = put(out, at, PORT)
            at = put_number(out, at, np.uint64(rows.resp_port[row]))
        else:
            at = put_ip(out, at, rows.orig_lo[row], rows.orig_text[row], pieces)
            at = put(out, at, PORT)
            at = put_number(out, at, np.uint64(rows.orig_port[row]))
        at = put_piece(out, at, pieces.data, pieces.begin, rows.party[row])
        at = put(out, at, BY_CAMERA if rows.is_ours[row] else BY_OTHER)
        at = put_piece(out, at, small.data, small.begin, small.outcomes + rows.outcome[row])
        at = put(out, at, ORIG)
        at = put_ip(out, at, rows.orig_lo[row], rows.orig_text[row], pieces)
        at = put(out, at, PORT)
        at = put_number(out, at, np.uint64(rows.orig_port[row]))
        at = put(out, at, PACKETS)
        at = put_number(out, at, rows.orig_pkts[row])
        at = put(out, at, BYTES)
        at = put_number(out, at, rows.orig_bytes[row])
        at = put(out, at, RESP)
        at = put_ip(out, at, rows.resp_lo[row], rows.resp_text[row], pieces)
        at = put(out, at, PORT)
        at = put_number(out, at, np.uint64(rows.resp_port[row]))
        at = put(out, at, PACKETS)
        at = put_number(out, at, rows.resp_pkts[row])
        at = put(out, at, BYTES)
        at = put_number(out, at, rows.resp_bytes[row])
        at = put(out, at, LAST)
        at = put_piece(out, at, pieces.data, pieces.begin, rows.verdict[row])
        at = put(out, at, CLOSE)
        length[row] = np.uint32(at - first)
    return at


@kernel
def put_lines(
    content: U8,
    begin: I64,
    head: U16,
    length: U32,
    camera: U32,
    objects: U8,
    object_begin: I64,
    which: I64,
    room: U8,
    at: I64,
) -> None:
    """Copy lines of one part to their places, each with the object of its camera put in.

    Args:
        content: The lines of the part.
        begin: Where each row's line begins in it.
        head: Bytes before the camera's object, of each row.
        length: Bytes of the line without it, of each row.
        camera: Number of the object, of each row.
        objects: The objects behind one another.
        object_begin: Where each begins, and the end of the last.
        which: The rows meant.
        room: Where they are copied to.
        at: The place of each of them there.

    Bound: the index of the part was made with its lines; `room` was measured by the same lengths.
    """
    for i in range(len(which)):
        row = which[i]
        cut = begin[row] + np.int64(head[row])
        end = begin[row] + np.int64(length[row])
        place = _copied(content, begin[row], cut, room, at[i])
        first, last = object_begin[camera[row]], object_begin[camera[row] + 1]
        place = _copied(objects, first, last, room, place)
        _copied(content, cut, end, room, place)


@kernel_inner
def _copied(source: U8, first: Int, last: Int, room: U8, at: Int) -> Int:
    """Copy bytes; return the place behind them."""
    place = np.uint64(at)
    # Trap: unsigned places, so that no test for negative ones stays in the loop.
    for k in range(np.uint64(first), np.uint64(last)):
        room[place] = source[k]
        place += np.uint64(1)
    return at + (last - first)
