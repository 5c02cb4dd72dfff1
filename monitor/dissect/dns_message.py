"""DNS messages as records: questions and answers out of bytes, for every datagram that has them."""

import struct

from monitor.model.facts import DnsMessage, DnsRecord

_CLASSES = frozenset((1, 3, 4, 254, 255))
PTR = 12
_A, _CNAME, _AAAA, _SRV = 1, 5, 28, 33
_POINTING = frozenset((_CNAME, PTR))

MAX_QUESTIONS = 32
MAX_ANSWERS = 128
"""Records read of one message; a message with more is reported as cut."""

MAX_JUMPS = 32
"""Compression pointers followed for one name."""

MAX_NAME = 255
"""Bytes of a name on the wire, RFC 1035 §2.3.4."""

MAX_PIECES = 32
"""Messages read of one conversation."""

MEMO_SIZE = 4096

_HEADER = struct.Struct(">HHHHHH").unpack_from
_TAIL = struct.Struct(">HH").unpack_from
_RECORD = struct.Struct(">HHIH").unpack_from
_FOUR = struct.Struct("4B").unpack_from
_IPV6 = struct.Struct(">8H").unpack

# A NamedTuple's own constructor costs twice as much, and answers are read one packet at a time.
_new = tuple.__new__

_names: dict[bytes, str] = {}
"""Names by their uncompressed wire form: cameras ask the same few again and again."""


def _label_escape(byte: int) -> str:
    if byte in b".\\":
        return "\\" + chr(byte)
    if 0x20 <= byte < 0x7F:
        return chr(byte).lower()
    return f"\\{byte:03d}"


_LABEL_TEXT = {byte: _label_escape(byte) for byte in range(256)}


def _label(raw: bytes) -> str:
    """Return one label as text: lower case, other bytes as RFC 4343 §2.1 writes them."""
    text = raw.decode("latin-1")
    if text.isascii() and text.isprintable() and "." not in text and "\\" not in text:
        return text.lower()
    return text.translate(_LABEL_TEXT)


def _walk(data: bytes, at: int) -> tuple[str, int]:
    """Return the name at offset `at` and the offset behind it, which is -1 if it cannot be read.

    Every pointer must point before the place it was reached from, so the walk ends; `MAX_JUMPS`
    and `MAX_NAME` bound its length.
    """
    labels: list[str] = []
    end = 0
    floor = at
    jumps = 0
    total = 0
    size = len(data)
    while at < size:
        length = data[at]
        if length == 0:
            return ".".join(labels), end or at + 1
        if length < 64:
            total += length + 1
            if total > MAX_NAME or at + 1 + length > size:
                return "", -1
            labels.append(_label(data[at + 1 : at + 1 + length]))
            at += 1 + length
            continue
        if length < 192 or at + 1 >= size:
            return "", -1
        target = (length & 0x3F) << 8 | data[at + 1]
        jumps += 1
        if target >= floor or jumps > MAX_JUMPS:
            return "", -1
        end = end or at + 2
        at = floor = target
    return "", -1


def _name(data: bytes, at: int) -> tuple[str, int]:
    """Return the name at `at` and the offset behind it (-1: unreadable), from memory if it can."""
    end = data.find(0, at, at + MAX_NAME) + 1
    wire = data[at:end]
    known = _names.get(wire)
    if known is not None:
        return known, end
    name, after = _walk(data, at)
    if after == end and len(wire) <= MAX_NAME and _is_plain(wire):
        if len(_names) >= MEMO_SIZE:
            _names.clear()
        _names[wire] = name
    return name, after


def _is_plain(wire: bytes) -> bool:
    """Whether a name is all labels and no pointer, so that it reads the same anywhere."""
    at = 0
    while wire[at]:
        if wire[at] > 63:
            return False
        at += 1 + wire[at]
    return True


def _ipv6(raw: bytes) -> str:
    """Return an IPv6 address as RFC 5952 writes it."""
    groups = _IPV6(raw)
    if groups[:5] == (0, 0, 0, 0, 0) and groups[5] == 0xFFFF:
        return f"::ffff:{raw[12]}.{raw[13]}.{raw[14]}.{raw[15]}"
    best_at, best_len, at = 0, 1, 0
    while at < 8:
        run = at
        while run < 8 and groups[run] == 0:
            run += 1
        if run - at > best_len:
            best_at, best_len = at, run - at
        at = max(run, at + 1)
    if best_len < 2:
        return ":".join(f"{group:x}" for group in groups)
    left = ":".join(f"{group:x}" for group in groups[:best_at])
    right = ":".join(f"{group:x}" for group in groups[best_at + best_len :])
    return f"{left}::{right}"


def _value(data: bytes, kind: int, at: int, length: int) -> str:
    """Return the data of a record as text; empty where it has none that names or addresses."""
    if kind == _AAAA:
        if length == 16:
            return _ipv6(data[at : at + 16])
    elif kind in _POINTING:
        return _name(data, at)[0]
    elif kind == _SRV and length > 6:
        return _name(data, at + 6)[0]
    return ""


def _records(
    data: bytes, at: int, count: int, names: dict[int, str]
) -> tuple[list[DnsRecord], int, bool]:
    """Return the records from `at`, the offset behind them, and whether some were not read.

    Args:
        data: The message.
        at: Offset of the first record.
        count: How many the header promises; at most `MAX_ANSWERS` are read.
        names: Names by their offset; most owner names are one pointer to one of few.
    """
    records: list[DnsRecord] = []
    size = len(data)
    for _ in range(min(MAX_ANSWERS, count)):
        if at + 12 <= size and data[at] >= 192:
            target = (data[at] & 0x3F) << 8 | data[at + 1]
            name = names.get(target)
            if name is None:
                name, after = _walk(data, at)
                if after < 0:
                    return records, at, True
                names[target] = name
            after = at + 2
        else:
            name, after = _name(data, at)
            if after < 0:
                return records, at, True
        if after + 10 > size:
            return records, at, True
        kind, _, ttl, length = _RECORD(data, after)
        start = after + 10
        at_next = start + length
        if at_next > size:
            return records, at, True
        if kind == _A and length == 4:
            value = "{}.{}.{}.{}".format(*_FOUR(data, start))
        else:
            value = _value(data, kind, start, length)
            if kind == _CNAME:
                names[start] = value
        if kind != 41:
            records.append(_new(DnsRecord, (name, kind, ttl, value)))
        at = at_next
    return records, at, count > MAX_ANSWERS


def parse(payload: bytes) -> DnsMessage | None:
    """Return the message, or None when the bytes do not have the shape of one.

    The shape: a known opcode, the reserved bit clear, counts that the opcode allows, and
    questions that parse with a known class. A message whose bytes end early, or whose records
    lie, gives what stands before that and `is_cut`. Of the record data only addresses (A, AAAA)
    and names (CNAME, PTR, SRV) are kept. The additional section is read where there is no
    question, as in mDNS answers (RFC 6762 §12); glue of ordinary answers is not.

    Source:
        RFC 1035 §4.1, RFC 6762 §18 (top bit of the class), RFC 6895 §2.
    """
    return parse_to_end(payload)[0]


def question_end(data: bytes) -> int:
    """Return the offset behind the first question, -1 where its name cannot be read."""
    after = _name(data, 12)[1]
    return after + 4 if after > 0 else -1


def parse_to_end(payload: bytes) -> tuple[DnsMessage | None, int]:
    """Return the message as `parse` does, and the offset behind what was read of it."""
    if len(payload) < 12:
        return None, 0
    ident, flags, questions, answers, authority, additional = _HEADER(payload)
    is_response = flags >= 0x8000
    opcode = flags >> 11 & 15
    if (
        flags & 0x40
        or opcode in (1, 2, 3)
        or opcode > 6
        or questions > MAX_QUESTIONS
        or additional > 512
        or not (questions or is_response)
        or (not is_response and flags & 0x8F and not opcode)
    ):
        return None, 0
    size = len(payload)
    asked: list[tuple[str, int]] = []
    at = 12
    is_cut = False
    for _ in range(questions):
        name, after = _name(payload, at)
        if after < 0 or after + 4 > size:
            if not asked and not _is_cut_name(payload, at):
                return None, 0
            is_cut = True
            break
        kind, class_ = _TAIL(payload, after)
        if class_ & 0x7FFF not in _CLASSES or not kind:
            return None, 0
        asked.append((name, kind))
        at = after + 4
    found: list[DnsRecord] = []
    # Without a question nothing vouches for the shape but the records: an empty answer must be
    # an error, and nothing else may follow it.
    if not questions and not answers + additional and (flags & 15 == 0 or size > 12):
        return None, 0
    count = answers if questions else answers + authority + additional
    if count and not is_cut:
        names = {12: asked[0][0]} if asked else {}
        found, at, is_cut = _records(payload, at, count, names)
        if not questions and not found:
            return None, 0
    fields = (ident, is_response, flags & 15, tuple(asked), tuple(found), is_cut)
    return _new(DnsMessage, fields), at


def _is_cut_name(data: bytes, at: int) -> bool:
    """Whether the bytes from `at` start a plain host name and end before it does."""
    size = len(data)
    while at < size:
        length = data[at]
        if not 0 < length < 64:
            return length == 0
        label = data[at + 1 : at + 1 + length]
        if not label.replace(b"-", b"").replace(b"_", b"").isalnum() and label:
            return False
        at += 1 + length
    return True


def messages_of_stream(stream: bytes) -> list[bytes]:
    """Return the messages of one side of a TCP connection, RFC 1035 §4.2.2; the last may be cut."""
    found: list[bytes] = []
    at = 0
    while at + 2 < len(stream) and len(found) < MAX_PIECES:
        length = stream[at] << 8 | stream[at + 1]
        if length < 12:
            break
        found.append(stream[at + 2 : at + 2 + length])
        at += 2 + length
    return found


def parse_stream(stream: bytes) -> list[DnsMessage]:
    """Return the messages of one side of a TCP connection, as far as they can be read."""
    read = (parse(message) for message in messages_of_stream(stream))
    return [message for message in read if message is not None]
