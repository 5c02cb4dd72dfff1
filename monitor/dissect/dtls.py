"""DTLS: hellos and certificates out of fragmented handshake messages."""

import struct

from monitor.dissect.base import UDP, Dissector
from monitor.dissect.tls import (
    CERTIFICATE_FACTS,
    CERTIFICATE_UNREADABLE,
    CLIENT_FACTS,
    HELLO_CUT,
    SERVER_FACTS,
)
from monitor.dissect.tls_handshake import CLIENT_HELLO, MESSAGE_TYPES, Handshake, alert_fact
from monitor.model.facts import Conversation, Dissection, Fact

_CHANGE_CIPHER, _ALERT, _HANDSHAKE, _DATA = 20, 21, 22, 23
_KINDS = frozenset((_CHANGE_CIPHER, _ALERT, _HANDSHAKE, _DATA))
_VERSIONS = frozenset((0xFEFF, 0xFEFD, 0x0100))
"""DTLS 1.0 and 1.2, and the number that OpenSSL sent before 0.9.8f."""

MAX_RECORD = 16384 + 2048
MAX_DATAGRAMS = 16
MAX_RECORDS = 16
MAX_MESSAGE = 1 << 16

_HEAD = struct.Struct(">BHH6sH").unpack_from
_MESSAGE = struct.Struct(">B3sH3s3s").unpack_from


class _Message:
    """One handshake message, put together from its fragments."""

    __slots__ = ("kind", "length", "pieces")

    def __init__(self, kind: int, length: int) -> None:
        self.kind = kind
        self.length = length
        self.pieces: dict[int, bytes] = {}

    def body(self) -> bytes:
        """Return the bytes from the start up to the first hole."""
        found = b""
        for offset in sorted(self.pieces):
            if offset > len(found):
                break
            found += self.pieces[offset][len(found) - offset :]
        return found[: self.length]


class _Side:
    """The records that one side sent."""

    __slots__ = ("alert", "is_dtls", "messages")

    def __init__(self, datagrams: tuple[bytes, ...]) -> None:
        self.messages: dict[int, _Message] = {}
        self.alert: Fact | None = None
        self.is_dtls = False
        for datagram in datagrams[:MAX_DATAGRAMS]:
            self._read(datagram)

    def _read(self, datagram: bytes) -> None:
        at = 0
        for count in range(MAX_RECORDS):
            if at + 13 > len(datagram):
                return
            kind, version, epoch, _, length = _HEAD(datagram, at)
            end = at + 13 + length
            if kind not in _KINDS or version not in _VERSIONS or not 0 < length <= MAX_RECORD:
                return
            # The first record vouches for the datagram: its length must end at another record, at
            # the end of the datagram, or behind what the snap length left of it.
            if not count and end < len(datagram) and datagram[end] not in _KINDS:
                return
            body = datagram[at + 13 : end]
            if kind == _HANDSHAKE and epoch == 0:
                if not self._fragment(body) and not count:
                    return
            elif kind == _ALERT and epoch == 0:
                self.alert = self.alert or alert_fact(body)
            elif kind == _DATA and not epoch:
                return
            self.is_dtls = True
            at = end

    def _fragment(self, body: bytes) -> bool:
        """Take in the handshake fragments of a record, RFC 6347 §4.2.2; False if they are none."""
        at = 0
        is_sound = False
        while at + 12 <= len(body):
            kind, raw_length, number, raw_offset, raw_size = _MESSAGE(body, at)
            length, offset, size = (
                int.from_bytes(raw, "big") for raw in (raw_length, raw_offset, raw_size)
            )
            if kind not in MESSAGE_TYPES or offset + size > length or length > MAX_MESSAGE:
                return is_sound
            is_sound = True
            message = self.messages.get(number)
            if message is None:
                if len(self.messages) >= MAX_RECORDS:
                    return True
                message = self.messages[number] = _Message(kind, length)
            if message.kind == kind and len(message.pieces) < MAX_RECORDS:
                message.pieces.setdefault(offset, body[at + 12 : at + 12 + size])
            at += 12 + size
        return is_sound

    def told(self) -> Handshake:
        """Return what the messages say, hellos that are whole before those that are not."""
        found = Handshake()
        rows = []
        for number, message in self.messages.items():
            body = message.body()
            is_cut = len(body) < message.length
            rows.append((message.kind == CLIENT_HELLO and is_cut, number, message.kind, body))
        for _, number, kind, body in sorted(rows):
            found.add(kind, body, "d", len(body) < self.messages[number].length)
        if self.alert is not None:
            found.facts.append(self.alert)
        return found


def dissect(conversation: Conversation) -> Dissection | None:
    """Return what both sides show, or None when neither speaks DTLS.

    The hello that repeats with a cookie is not told again.
    """
    sides = [_Side(conversation.orig), _Side(conversation.resp)]
    if not any(side.is_dtls for side in sides):
        return None
    told = [side.told() for side in sides]
    if told[1].is_client:
        told.reverse()
    facts = tuple(dict.fromkeys(fact for side in told for fact in side.facts))
    weirds = tuple(dict.fromkeys(weird for side in told for weird in side.weirds))
    return Dissection("dtls", facts, weirds)


def dissect_behind(conversation: Conversation) -> Dissection | None:
    """Return DTLS that follows other datagrams, as in WebRTC, where STUN opens the way for it."""
    for side in (conversation.orig, conversation.resp):
        for datagram in side:
            if datagram.startswith(b"\x16\xfe"):
                return dissect(conversation)
    return None


_FACTS = (*CLIENT_FACTS, *SERVER_FACTS, *CERTIFICATE_FACTS)
_WEIRDS = (HELLO_CUT, CERTIFICATE_UNREADABLE)

DISSECTORS = (
    Dissector(
        service="dtls",
        title="Datagram Transport Layer Security",
        transports=frozenset((UDP,)),
        first_bytes=_KINDS,
        dissect=dissect,
        rank=30,
        how="Records of DTLS 1.0 or 1.2 whose lengths fill the datagram, on any port; DTLS 1.3 by "
        "its hello, which is written in the old form.",
        facts=_FACTS,
        weirds=_WEIRDS,
        source="RFC 6347, RFC 9147, RFC 4347",
    ),
    Dissector(
        service="dtls",
        title="DTLS behind other datagrams",
        transports=frozenset((UDP,)),
        first_bytes=frozenset(range(4)),
        dissect=dissect_behind,
        rank=90,
        is_layer=True,
        how="Handshake records of DTLS among the first datagrams, as WebRTC sends them behind STUN; "
        "the facts are added to those of the protocol around it.",
        facts=_FACTS,
        weirds=_WEIRDS,
        source="RFC 5764 §5.1.2",
    ),
)
