"""STUN and TURN: how a camera learns its public address, and how it gets a relay."""

import functools
import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

from monitor.dissect.base import TCP, UDP, Dissector, FactKind
from monitor.dissect.wire import distinct, endpoint, first_piece, text
from monitor.model.facts import Conversation, Dissection, Fact

COOKIE = b"\x21\x12\xa4\x42"
_PORTS = frozenset({3478, 3479, 19302, 5349})
_METHODS = {
    1: "binding",
    2: "shared-secret",
    3: "allocate",
    4: "refresh",
    6: "send",
    7: "data",
    8: "create-permission",
    9: "channel-bind",
    10: "connect",
    11: "connection-bind",
    12: "connection-attempt",
    128: "goog-ping",
}
_CLASSES = ("request", "indication", "success", "error")
_CLASSIC_TYPES = frozenset({0x0001, 0x0101, 0x0111, 0x0002, 0x0102, 0x0112})
_CLASSIC_LAST_ATTRIBUTE = 0x000B
_MOST_MESSAGES = 8
_MOST_ATTRIBUTES = 32
_MEMO_SIZE = 4096
_HEAD = struct.Struct(">HH").unpack_from

_ADDRESSES = {
    0x0001: ("stun.mapped", False),
    0x0020: ("stun.mapped", True),
    0x8020: ("stun.mapped", True),
    0x0016: ("stun.relayed", True),
    0x0012: ("stun.peer", True),
}
_TEXTS = {0x8022: "stun.software", 0x0014: "stun.realm"}
_USERNAME = 0x0006
_ERROR_CODE = 0x0009
_PRIORITY = 0x0024


class Message(NamedTuple):
    """One STUN message."""

    method: int
    kind: int
    """Class: 0 request, 1 indication, 2 success, 3 error."""

    is_classic: bool
    """No magic cookie: RFC 3489."""

    transaction: bytes
    """Cookie and transaction id, 16 bytes."""

    attributes: tuple[tuple[int, bytes], ...]
    length: int
    """Bytes of the whole message."""


def read(data: bytes) -> Message | None:
    """Return the STUN message that `data` starts with, or None.

    The length field and every attribute must fit; a message without the magic cookie must be one
    of RFC 3489 with nothing but attributes of that document.
    """
    if len(data) < 20 or data[0] & 0xC0:
        return None
    kind, length = _HEAD(data)
    is_classic = data[4:8] != COOKIE
    end = 20 + length
    if end > len(data) or (is_classic and (length % 4 or kind not in _CLASSIC_TYPES)):
        return None
    # Microsoft's and other early TURN clients do not pad attributes (MS-TURN §2.2.2).
    padding = 0 if length % 4 else 3
    attributes: list[tuple[int, bytes]] = []
    at = 20
    while at < end:
        name, size = int.from_bytes(data[at : at + 2], "big"), int.from_bytes(data[at + 2 : at + 4])
        if at + 4 + size > end or len(attributes) >= _MOST_ATTRIBUTES:
            return None
        if is_classic and not (0 < name <= _CLASSIC_LAST_ATTRIBUTE or name >= 0x8000):
            return None
        attributes.append((name, data[at + 4 : at + 4 + size]))
        at += 4 + (size + padding & ~padding)
    method = kind & 0x0F | kind >> 1 & 0x70 | kind >> 2 & 0xF80
    return Message(
        method,
        kind >> 4 & 1 | kind >> 7 & 2,
        is_classic,
        data[4:20],
        tuple(attributes),
        end,
    )


def messages(data: bytes) -> Iterator[Message]:
    """Yield the STUN messages of a datagram or stream; TURN channel data between them is passed."""
    at = 0
    for _ in range(_MOST_MESSAGES):
        if 0x40 <= data[at] <= 0x4F if at < len(data) else False:
            at += 4 + (int.from_bytes(data[at + 2 : at + 4], "big") + 3 & ~3)
            continue
        message = read(data[at:])
        if message is None:
            return
        yield message
        at += message.length


def _address(value: bytes, transaction: bytes) -> str:
    """Read an address attribute; `transaction` unmasks the XOR-ed ones, empty for plain ones."""
    if len(value) not in {8, 20}:
        return ""
    mask = transaction or bytes(16)
    port = int.from_bytes(value[2:4], "big") ^ int.from_bytes(mask[:2], "big")
    return endpoint(bytes(a ^ b for a, b in zip(value[4:], mask, strict=False)), port)


def _attribute_facts(message: Message) -> Iterator[Fact]:
    for name, value in message.attributes:
        if name in _ADDRESSES:
            kind, is_masked = _ADDRESSES[name]
            yield Fact(kind, _address(value, message.transaction if is_masked else b""))
        elif name in _TEXTS:
            yield Fact(_TEXTS[name], text(value))
        elif name == _USERNAME:
            yield Fact("stun.username", "present")
        elif name == _ERROR_CODE and len(value) >= 4:
            yield Fact("stun.error", str((value[2] & 7) * 100 + value[3]))
        elif name == _PRIORITY:
            yield Fact("stun.ice", "yes")


def facts_of(found: list[Message]) -> tuple[Fact, ...]:
    """Return what a list of messages tells, each fact once, in the order of the table."""
    details = [fact for m in found if m.attributes for fact in _attribute_facts(m)]
    return _facts(found[0].is_classic, tuple([(m.method, m.kind) for m in found]), tuple(details))


@functools.lru_cache(maxsize=_MEMO_SIZE)
def _facts(
    is_classic: bool, kinds: tuple[tuple[int, int], ...], details: tuple[Fact, ...]
) -> tuple[Fact, ...]:
    facts = [Fact("stun.variant", "rfc3489" if is_classic else "rfc5389")]
    facts += distinct("stun.method", (_METHODS.get(method, hex(method)) for method, _ in kinds))
    facts += distinct("stun.class", (_CLASSES[kind] for _, kind in kinds))
    for kind in _DETAILS:
        facts += distinct(kind.kind, (fact.value for fact in details if fact.kind == kind.kind))
    return tuple(facts)


_LOWEST_CARRIED = 20
"""Lowest first byte of what shares a flow with STUN."""


def _is_channel_data(conversation: Conversation) -> bool:
    """Return whether at least three datagrams all are TURN channel data (RFC 8656 §12.4)."""
    pieces = conversation.orig + conversation.resp
    return len(pieces) >= 3 and all(
        len(piece) > 4
        and 0x40 <= piece[0] <= 0x4F
        and 0 <= len(piece) - 4 - int.from_bytes(piece[2:4], "big") < 4
        for piece in pieces
    )


def _carried(pieces: tuple[bytes, ...]) -> Iterator[str]:
    """Yield what else the flow holds (RFC 7983): media and data channels follow STUN on it."""
    for piece in pieces:
        if len(piece) < 4:
            continue
        if _LOWEST_CARRIED <= piece[0] <= 63 and piece[1:2] == b"\xfe":
            yield "dtls"
        elif 0x80 <= piece[0] <= 0xBF and len(piece) >= 12:
            yield "rtp"
        elif 0x40 <= piece[0] <= 0x4F:
            yield "channel-data"


def _dissect(conversation: Conversation) -> Dissection | None:
    data = first_piece(conversation)
    if len(data) < 4:
        return None
    if data[0] >= 0x40:
        if conversation.protocol == UDP and _is_channel_data(conversation):
            return Dissection("stun", (Fact("stun.carries", "channel-data"),))
        return None
    framed = int.from_bytes(data[:2]) if conversation.protocol == TCP else 0
    if framed >= 20 and data[6:10] == COOKIE and read(data[2 : 2 + framed]) is not None:
        return _dissect_framed(conversation, framed)
    head = read(data)
    if head is None or (conversation.protocol == UDP and head.length != len(data)):
        return None
    if head.is_classic and (conversation.protocol == TCP or not _is_sure(head, conversation)):
        return None
    pieces = conversation.orig + conversation.resp
    if conversation.protocol == UDP and pieces.count(data) == len(pieces):
        # One request, repeated until it is answered or given up: no repeat says anything new.
        pieces, found = (data,), [head]
    else:
        found = [m for piece in pieces for m in messages(piece)]
    facts = facts_of(found[: 2 * _MOST_MESSAGES])
    if conversation.protocol == UDP and (len(pieces) > 1 or data[0] >= _LOWEST_CARRIED):
        facts += tuple(distinct("stun.carries", _carried(pieces)))
    return _dissection(facts)


@functools.lru_cache(maxsize=_MEMO_SIZE)
def _dissection(facts: tuple[Fact, ...]) -> Dissection:
    return Dissection("stun", facts)


def _dissect_framed(conversation: Conversation, size: int) -> Dissection | None:
    """Read ICE over TCP, where each message follows its 16-bit length (RFC 4571, RFC 6544)."""
    data, answer = first_piece(conversation), conversation.resp_first
    found = list(messages(data[2 : 2 + size]))
    if not found or found[0].length != size:
        return None
    if answer is not data:
        found += messages(answer[2 : 2 + int.from_bytes(answer[:2])])
    return Dissection("stun", facts_of(found))


def _is_sure(head: Message, conversation: Conversation) -> bool:
    """Return whether a message without a cookie is STUN: the port says so, or an answer does."""
    if conversation.resp_port in _PORTS:
        return True
    reply = read(conversation.resp_first) if conversation.orig else None
    return reply is not None and reply.is_classic and reply.transaction == head.transaction


_DETAILS = (
    FactKind("stun.mapped", "Public address and port that the server saw"),
    FactKind("stun.relayed", "Address and port that a TURN server lends"),
    FactKind("stun.peer", "Address and port that is to be reached through the relay"),
    FactKind("stun.software", "SOFTWARE attribute"),
    FactKind("stun.realm", "REALM attribute"),
    FactKind("stun.username", "present, when a USERNAME is; its text is not kept"),
    FactKind("stun.error", "Error code of an error answer"),
    FactKind("stun.ice", "yes, when a PRIORITY says that this is an ICE check"),
)

DISSECTOR = Dissector(
    service="stun",
    title="Session Traversal Utilities for NAT, and TURN",
    transports=frozenset({TCP, UDP}),
    first_bytes=frozenset({0, 1, 2, 3, *range(0x40, 0x50)}),
    tcp_opening=re.compile(rb".{4}(?:..)?\x21\x12\xa4\x42", re.DOTALL),
    dissect=_dissect,
    ports=_PORTS,
    rank=20,
    how="magic cookie 21 12 A4 42 at offset 4 (over TCP perhaps after a 16-bit length), length "
    "field and all attributes fit; RFC 3489 "
    "messages, which have no cookie, only on port 3478, 3479 or 19302 or with an answer of the "
    "same transaction; TURN channel data when three datagrams fit",
    facts=(
        FactKind("stun.variant", "rfc5389 (and later) or rfc3489"),
        FactKind("stun.method", "binding, allocate, refresh, send, create-permission, ..."),
        FactKind("stun.class", "request, indication, success or error"),
        *_DETAILS,
        FactKind("stun.carries", "What else the flow holds: dtls, rtp, channel-data"),
    ),
    source="RFC 8489 §5, RFC 8656 §12, RFC 3489 §11, RFC 6544 §3, MS-TURN §2.2.2",
)
