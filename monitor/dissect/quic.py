"""QUIC: the ClientHello out of Initial packets, and Google's older QUIC."""

import struct

from monitor.dissect.base import UDP, Dissector, FactKind
from monitor.dissect.quic_packet import (
    INITIAL,
    NAMES,
    LongHeader,
    client_keys,
    read_long_header,
    varint,
)
from monitor.dissect.text import host_of, safe
from monitor.dissect.tls import CLIENT_FACTS, HELLO_CUT
from monitor.dissect.tls_handshake import CLIENT_HELLO
from monitor.dissect.tls_hello import hello_facts, parse_client_hello
from monitor.model.facts import Conversation, Dissection, Fact

MAX_DATAGRAMS = 16
MAX_COALESCED = 4
MAX_CRYPTO = 1 << 15
"""Bytes of handshake that are put together; a hello with post-quantum keys takes some 1,800."""

MAX_FRAMES = 256

MAX_UNREADABLE = 4
"""Initial packets that may fail to open before the rest of a side is left alone: each costs the
derivation of two sets of keys."""

_PADDING, _PING, _ACK, _ACK_ECN, _CRYPTO = 0, 1, 2, 3, 6


def _skip_ack(payload: bytes, at: int, has_ecn: bool) -> int:
    """Return the offset behind an ACK frame, -1 when it is cut, RFC 9000 §19.3."""
    values = []
    for _ in range(4):
        value, at = varint(payload, at)
        if at < 0:
            return -1
        values.append(value)
    for _ in range(min(2 * values[2], MAX_FRAMES) + (3 if has_ecn else 0)):
        _, at = varint(payload, at)
        if at < 0:
            return -1
    return at


def _crypto_frames(payload: bytes) -> list[tuple[int, bytes]]:
    """Return (offset, data) of the CRYPTO frames of an Initial packet, RFC 9000 §19.6."""
    found: list[tuple[int, bytes]] = []
    at, size = 0, len(payload)
    for _ in range(MAX_FRAMES):
        while at < size and payload[at] == _PADDING:
            at = size - len(payload[at:].lstrip(b"\x00"))
        if at >= size:
            break
        kind = payload[at]
        at += 1
        if kind == _CRYPTO:
            offset, at = varint(payload, at)
            length, at = varint(payload, at) if at >= 0 else (0, -1)
            if at < 0 or offset + length > MAX_CRYPTO:
                break
            found.append((offset, payload[at : at + length]))
            at += length
        elif kind in (_ACK, _ACK_ECN):
            at = _skip_ack(payload, at, kind == _ACK_ECN)
            if at < 0:
                break
        elif kind != _PING:
            break
    return found


def _joined(pieces: list[tuple[int, bytes]]) -> bytes:
    """Return the handshake bytes from offset 0 up to the first hole."""
    stream = b""
    for offset, data in sorted(pieces, key=lambda piece: piece[0]):
        if offset > len(stream):
            break
        stream += data[len(stream) - offset :]
    return stream


class _Client:
    """What one side's datagrams give, read as a client's."""

    def __init__(self, datagrams: tuple[bytes, ...]) -> None:
        self.heads: list[LongHeader] = []
        self.crypto: list[tuple[int, bytes]] = []
        self.unreadable = 0
        self.chlo = b""
        for datagram in datagrams[:MAX_DATAGRAMS]:
            self._read(datagram)

    def _read(self, datagram: bytes) -> None:
        at = 0
        for _ in range(MAX_COALESCED):
            head = read_long_header(datagram, at)
            if head is None:
                return
            if at and head.version != self.heads[-1].version:
                return
            self.heads.append(head)
            if head.kind == INITIAL and self.unreadable < MAX_UNREADABLE:
                self._open(datagram, head)
            at = head.end
            if at >= len(datagram):
                return

    def _open(self, datagram: bytes, head: LongHeader) -> None:
        """Decrypt an Initial: keys stay those of the first packet, but for a Retry."""
        for dcid in dict.fromkeys((self.heads[0].dcid, head.dcid)):
            payload = client_keys(head.version, dcid).open(datagram, head)
            frames = _crypto_frames(payload)
            if frames:
                self.crypto.extend(frames)
                return
            if payload and head.end <= len(datagram):
                self.chlo = self.chlo or payload[max(payload.find(b"CHLO"), 0) :]
                return
        self.unreadable += 1


def _google_hello(data: bytes) -> tuple[Fact, ...]:
    """Return the facts of a Google QUIC client hello: tags with end offsets behind ``CHLO``.

    Source:
        Google, "QUIC Crypto" §"Handshake message format".
    """
    if len(data) < 8 or data[:4] != b"CHLO":
        return ()
    count = data[4] | data[5] << 8
    base = 8 + 8 * count
    if count > 128 or base > len(data):
        return ()
    facts: list[Fact] = []
    start = 0
    for index in range(count):
        tag, end = struct.unpack_from("<4sI", data, 8 + 8 * index)
        value = data[base + start : base + end] if start <= end else b""
        if tag == b"SNI\x00" and value:
            facts.append(Fact("tls.sni", host_of(value)))
        elif tag == b"UAID" and value:
            facts.append(Fact("quic.user_agent", safe(value, 128)))
        start = end
    return tuple(facts)


def _google(datagrams: tuple[bytes, ...]) -> Dissection | None:
    """Return the facts of Google QUIC up to Q046, whose hello is in clear.

    Source:
        Google, "QUIC Wire Layout Specification", public header; Chromium for Q046.
    """
    for datagram in datagrams[:MAX_DATAGRAMS]:
        if len(datagram) < 30:
            continue
        flags = datagram[0]
        if flags & 0xC0 == 0 and flags & 0x09 == 0x09:
            version = datagram[9:13]
        elif flags & 0xC0 == 0xC0 and datagram[5] == 0x50:
            version = datagram[1:5]
        else:
            continue
        if version[:2] != b"Q0" or not version[2:].isdigit():
            continue
        at = datagram.find(b"CHLO")
        facts = _google_hello(datagram[at:]) if at >= 0 else ()
        return Dissection("quic", (Fact("quic.version", version.decode("ascii")), *facts))
    return None


def _is_negotiation(datagram: bytes) -> bool:
    """Whether a datagram is a Version Negotiation that names a known version, RFC 9000 §17.2.1."""
    if len(datagram) < 11 or datagram[0] < 0x80 or datagram[1:5] != bytes(4) or datagram[5] > 20:
        return False
    at = 6 + datagram[5]
    if at >= len(datagram) or datagram[at] > 20:
        return False
    rest = datagram[at + 1 + datagram[at] :]
    offered = {int.from_bytes(rest[i : i + 4], "big") for i in range(0, len(rest) - 3, 4)}
    return len(rest) % 4 == 0 and not offered.isdisjoint(NAMES)


def _told(client: _Client) -> Dissection:
    facts: list[Fact] = [Fact("quic.version", NAMES[client.heads[0].version])]
    weirds: list[str] = []
    stream = _joined(client.crypto)
    if len(stream) > 4 and stream[0] == CLIENT_HELLO:
        length = int.from_bytes(stream[1:4], "big")
        hello = parse_client_hello(stream[4 : 4 + length])
        if hello is not None:
            facts.extend(hello_facts(hello, "q"))
            if hello.is_cut:
                weirds.append("tls_hello_cut")
    facts.extend(_google_hello(client.chlo))
    if len(facts) == 1 and client.unreadable:
        weirds.append("quic_initial_unreadable")
    return Dissection("quic", tuple(facts), tuple(weirds))


def dissect(conversation: Conversation) -> Dissection | None:
    """Return what the client's Initial packets show, or None when the bytes are not QUIC.

    A port says nothing: only a long header of a known version, or a negotiation that offers one,
    makes a conversation QUIC; short headers alone cannot be told from noise.
    """
    best: Dissection | None = None
    for datagrams in (conversation.orig, conversation.resp):
        client = _Client(datagrams)
        if not client.heads:
            continue
        told = _told(client)
        if len(told.facts) > 1:
            return told
        best = best or told
    if best is not None:
        return best
    google = _google(conversation.orig) or _google(conversation.resp)
    if google is not None:
        return google
    if any(_is_negotiation(d) for d in (conversation.resp_first, conversation.orig_first)):
        return Dissection("quic", (), ("quic_version_negotiation",))
    return None


DISSECTOR = Dissector(
    service="quic",
    title="QUIC",
    transports=frozenset((UDP,)),
    first_bytes=frozenset((*range(0x80, 0x100), *(0x09 | bits for bits in range(0, 0x40, 2)))),
    dissect=dissect,
    ports=frozenset((443,)),
    rank=20,
    how="A long header of version 1, 2, draft 23 to 34 or Q050 whose lengths fit, on any port; "
    "Q043 to Q046 by their version tag; a version negotiation that offers one of them.",
    facts=(
        FactKind("quic.version", "Version of the client's first packet, such as 1 or draft-29"),
        FactKind("quic.user_agent", "User agent in a Google QUIC hello"),
        *CLIENT_FACTS,
    ),
    weirds=(
        HELLO_CUT,
        FactKind("quic_initial_unreadable", "Initial packets that their own keys do not open"),
        FactKind("quic_version_negotiation", "Only a negotiation of versions was seen"),
    ),
    source="RFC 9000, RFC 9001, RFC 9369; draft-ietf-quic-tls-23 and -29; Google QUIC Crypto",
)
