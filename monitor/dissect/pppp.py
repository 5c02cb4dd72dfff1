"""PPPP, the peer-to-peer protocol of CS2 Network, iLnkP2P, Yi TNP and very many cheap cameras."""

import functools
import re
from collections.abc import Iterable, Iterator
from itertools import islice

from monitor.dissect.base import TCP, UDP, Dissector, FactKind
from monitor.dissect.pppp_mask import KEYS, first_masked, key_of, unmask
from monitor.dissect.wire import MOST_VALUES, distinct, endpoint, first_piece
from monitor.model.facts import Conversation, Dissection, Fact

MAGIC = 0xF1
_TCP_MARK = b"\x68\x00"
_DATA_TYPES = frozenset({0xD0, 0xD1, 0xD8})
_MOST_CONTROL = 256
_DATA_MAGICS = frozenset({0xD1, 0xD2})
_MEMO_SIZE = 4096
_OVER_UDP = Fact("pppp.transport", "udp")

_NAMES = {
    0x00: "hello",
    0x01: "hello-ack",
    0x02: "hello-to",
    0x03: "hello-to-ack",
    0x08: "query-id",
    0x09: "query-id-ack",
    0x10: "device-login",
    0x11: "device-login-ack",
    0x12: "device-login",
    0x13: "device-login-ack",
    0x14: "device-login",
    0x15: "device-login-ack",
    0x18: "device-online-request",
    0x19: "device-online-ack",
    0x20: "p2p-request",
    0x21: "p2p-request-ack",
    0x30: "lan-search",
    0x31: "lan-notify",
    0x32: "lan-notify-ack",
    0x40: "punch-to",
    0x41: "punch",
    0x42: "p2p-ready",
    0x43: "p2p-ready-ack",
    0x60: "relay-server-login",
    0x61: "relay-server-login-ack",
    0x62: "relay-server-login",
    0x63: "relay-server-login-ack",
    0x67: "relay-list-request",
    0x68: "relay-list-request",
    0x69: "relay-list",
    0x6A: "relay-list",
    0x70: "relay-hello",
    0x71: "relay-hello-ack",
    0x72: "relay-port",
    0x73: "relay-port-ack",
    0x74: "relay-port",
    0x75: "relay-port-ack",
    0x78: "relay-byte-count",
    0x80: "relay-request",
    0x81: "relay-request-ack",
    0x82: "relay-to",
    0x83: "relay-packet",
    0x84: "relay-ready",
    0x85: "relay-to-ack",
    0x87: "relay-server-request",
    0x90: "super-device",
    0x91: "super-device",
    0x92: "super-device",
    0x94: "super-device",
    0xA0: "connect-report",
    0xA1: "report-request",
    0xA2: "report",
    0xD0: "data",
    0xD1: "data-ack",
    0xD8: "data",
    0xE0: "alive",
    0xE1: "alive-ack",
    0xF0: "close",
    0xF1: "close-ack",
    0xF9: "report",
}
_SIZES = {
    0x00: (0,),
    0x01: (16,),
    0x12: (44,),
    0x13: (8,),
    0x18: (20,),
    0x19: (8,),
    0x21: (4,),
    0x30: (0,),
    0x40: (16,),
    0x41: (20, 24),
    0x42: (20, 24),
    0x61: (4,),
    0x63: (4,),
    0x68: (0,),
    0x70: (0,),
    0x71: (0,),
    0x72: (0,),
    0x73: (8,),
    0x74: (84,),
    0x75: (8,),
    0x78: (4,),
    0x81: (4,),
    0x90: (0,),
    0xA1: (4,),
    0xE0: (0,),
    0xE1: (0,),
    0xF0: (0,),
    0xF1: (0,),
}
"""Bytes after the header, for the types whose size no version varies. Source: pppp.fdesc."""
_WITH_UID = frozenset(
    {0x10, 0x14, 0x18, 0x20, 0x31, 0x32, 0x41, 0x42, 0x60, 0x62, 0x67, 0x80, 0x84, 0x87, 0x91}
)
_ADDRESS_AT = {0x01: ("pppp.mapped", 4), 0x40: ("pppp.peer", 4), 0x82: ("pppp.relay", 4)}
_APPS = ((b"XZYH", "eufy"), (b"\x56\x56\x50\x99", "meari"), (b"\x99\x50\x56\x56", "meari"))


def is_message(data: bytes, length: int = -1) -> bool:
    """Return whether `data` is exactly one PPPP message of a known type and a size it may have.

    Args:
        data: The message, or its first 5 bytes and more.
        length: Bytes of the whole message; negative: `data` is whole.
    """
    if len(data) < 4 or data[0] != MAGIC or data[1] not in _NAMES:
        return False
    size = int.from_bytes(data[2:4])
    if size != (len(data) if length < 0 else length) - 4 or (
        data[1] in _SIZES and size not in _SIZES[data[1]]
    ):
        return False
    if data[1] in _DATA_TYPES:
        return size >= 4 and data[4] in _DATA_MAGICS
    # What is not data is made of whole words; the longest seen has 84 bytes.
    return size % 4 == 0 and size <= _MOST_CONTROL


def _unwrapped(stream: bytes) -> Iterator[tuple[bytes, bool]]:
    """Yield the messages of a TCP stream, and whether they were masked.

    Each follows a header: its length, 68 00, a seed and a checksum of two bytes each. With a seed
    the message is masked; its secret is the seed in hexadecimal.
    """
    at = 0
    while len(stream) >= at + 12 and stream[at + 2 : at + 4] == _TCP_MARK:
        size = int.from_bytes(stream[at : at + 2])
        body = stream[at + 8 : at + 8 + size]
        if is_message(body):
            yield body, False
        else:
            plain = _relayed(body, stream[at + 4 : at + 6])
            if len(body) < size or not plain:
                return
            yield plain, True
        at += 8 + size


def _relayed(body: bytes, seed: bytes) -> bytes:
    """Return the start of a message under the mask of its seed, or under a second one below."""
    once = unmask(body[:_MOST_UNMASKED], key_of(seed.hex().upper()))
    if not once or is_message(once, len(body)):
        return once
    twice = (unmask(once, key) for key in KEYS if first_masked(MAGIC, key) == once[0])
    return next((plain for plain in twice if is_message(plain, len(body))), b"")


def _prefix(message: bytes) -> str:
    """Return the letters that a device id starts with; they name the maker, not the device."""
    if message[1] not in _WITH_UID or len(message) < 24:
        return ""
    letters = message[4:12].rstrip(b"\x00")
    return letters.decode() if len(letters) >= 3 and letters.isalpha() else ""


def _address(message: bytes) -> Fact | None:
    """Return the socket address in a message: little-endian port, reversed IPv4 address."""
    kind, at = _ADDRESS_AT.get(message[1], ("", 0))
    if kind and len(message) >= at + 16 and message[at : at + 2] in {b"\x00\x02", b"\x02\x00"}:
        port = int.from_bytes(message[at + 2 : at + 4], "little")
        return Fact(kind, endpoint(message[at + 4 : at + 8][::-1], port))
    return None


def _app(message: bytes) -> str:
    if message[1] != 0xD0:
        return ""
    return next((name for mark, name in _APPS if mark in message[8:24]), "")


def _plain(piece: bytes, key: bytes) -> bytes:
    """Return the start of the message under a mask, empty when it is none."""
    head = unmask(piece[:5], key)
    return unmask(piece[:_MOST_UNMASKED], key) if is_message(head, len(piece)) else b""


def _dissect_masked(conversation: Conversation) -> Dissection | None:
    data = first_piece(conversation)
    for key in _KEYS_BY_BYTE.get(data[0] if data else -1, ()):
        if _plain(data, key):
            pieces = (*conversation.orig, *conversation.resp)
            found = [plain for plain in (_plain(piece, key) for piece in pieces) if plain]
            place = "server" if key == KEYS[0] else "lan"
            return _answer((_OVER_UDP, Fact("pppp.mask", place)), found)
    return None


def _dissect(conversation: Conversation) -> Dissection | None:
    data = first_piece(conversation)
    if not is_message(data):
        return None
    # Devices repeat themselves until they are answered; a repeat says nothing new.
    pieces = dict.fromkeys(conversation.orig + conversation.resp)
    return _answer((_OVER_UDP,), [piece for piece in pieces if is_message(piece)])


def _dissect_tcp(conversation: Conversation) -> Dissection | None:
    data = first_piece(conversation)
    if data[2:4] != _TCP_MARK:
        return None
    found = list(islice(_unwrapped(data), 2 * MOST_VALUES))
    if not found:
        return None
    if data is not conversation.resp_first:
        found += islice(_unwrapped(conversation.resp_first), 2 * MOST_VALUES)
    facts: tuple[Fact, ...] = (Fact("pppp.transport", "tcp"),)
    if any(is_masked for _, is_masked in found):
        facts += (Fact("pppp.mask", "relay"),)
    return _answer(facts, [message for message, _ in found])


_Said = tuple[int, str, Fact | None, str]
"""What counts of one message: its type, the letters of the id, an address, the maker's protocol."""


def _answer(facts: tuple[Fact, ...], found: Iterable[bytes]) -> Dissection:
    said = [(message[1], _prefix(message), _address(message), _app(message)) for message in found]
    return _told(facts, tuple(said))


@functools.lru_cache(maxsize=_MEMO_SIZE)
def _told(first: tuple[Fact, ...], said: tuple[_Said, ...]) -> Dissection:
    """Return the facts of some messages: those that all have, then each of the others once."""
    facts = [*first, *distinct("pppp.message", (_NAMES[number] for number, _, _, _ in said))]
    facts += distinct("pppp.uid_prefix", (prefix for _, prefix, _, _ in said))
    addresses = [fact for _, _, fact, _ in said if fact is not None]
    for kind, _ in _ADDRESS_AT.values():
        facts += distinct(kind, (fact.value for fact in addresses if fact.kind == kind))
    facts += distinct("pppp.app", (app for _, _, _, app in said))
    return Dissection("pppp", tuple(facts))


_MOST_UNMASKED = 64
_KEYS_BY_BYTE: dict[int, tuple[bytes, ...]] = {
    byte: tuple(key for key in KEYS if first_masked(MAGIC, key) == byte)
    for byte in {first_masked(MAGIC, key) for key in KEYS}
}

_FACTS = (
    FactKind("pppp.transport", "udp or tcp"),
    FactKind("pppp.mask", "server, lan or relay: messages are masked with a secret used there"),
    FactKind("pppp.message", "Kinds of message: hello, device-login, punch, relay-to, data, ..."),
    FactKind("pppp.uid_prefix", "Letters that the device id starts with; they name the maker"),
    FactKind("pppp.mapped", "Public address and port that the server saw"),
    FactKind("pppp.peer", "Address and port to punch a hole to"),
    FactKind("pppp.relay", "Address and port of the relay to use"),
    FactKind("pppp.app", "Maker's protocol inside the data: eufy, meari"),
)
_SOURCE = (
    "pmarrapese/iot pppp.fdesc; AlexxIT/go2rtc pkg/xiaomi/miss/cs2; captures of Yi, Xiaomi, "
    "Xiaobai, Eufy and Wansview cameras"
)

DISSECTORS = (
    Dissector(
        service="pppp",
        title="PPPP peer-to-peer (CS2, iLnkP2P, TNP)",
        transports=frozenset({UDP}),
        first_bytes=frozenset({MAGIC}),
        dissect=_dissect,
        ports=frozenset({32100, 32101, 32102, 32108, 60722}),
        rank=30,
        how="F1, a known message type, 16-bit length that is the datagram's, and a size that the "
        "type may have: whole words up to 256 bytes, or data with its own mark D1 or D2",
        facts=_FACTS,
        source=_SOURCE,
    ),
    Dissector(
        service="pppp",
        title="PPPP peer-to-peer over TCP (CS2)",
        transports=frozenset({TCP}),
        first_bytes=frozenset(range(8)),
        tcp_opening=re.compile(rb"..\x68\x00", re.DOTALL),
        dissect=_dissect_tcp,
        ports=frozenset({32100, 32108}),
        rank=35,
        how="8-byte header with the length and 68 00 at offset 2, then a PPPP message, plain or "
        "masked with the seed in the header",
        facts=_FACTS,
        source=_SOURCE,
    ),
    Dissector(
        service="pppp",
        title="PPPP peer-to-peer, masked",
        transports=frozenset({UDP}),
        first_bytes=frozenset(_KEYS_BY_BYTE),
        dissect=_dissect_masked,
        ports=frozenset({32100, 32101, 32102, 32108}),
        rank=45,
        how="under one of fourteen public keys the first four bytes are F1, a known message type "
        "and the datagram's length",
        facts=_FACTS,
        source="magicus/pppp-dissector PPPP.md; datenstau/A9_PPPP crypt.js",
    ),
)
