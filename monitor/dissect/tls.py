"""TLS over TCP: names, versions, fingerprints, certificates; and SSL 2.0 hellos."""

import re
import struct

from monitor.dissect.base import ANY_BYTE, TCP, Dissector, FactKind
from monitor.dissect.tls_handshake import Handshake, alert_fact
from monitor.dissect.tls_hello import VERSION_NAMES
from monitor.dissect.tls_repeat import repeat_key
from monitor.model.facts import Conversation, Dissection, Fact

_CHANGE_CIPHER, _ALERT, _HANDSHAKE, _DATA, _HEARTBEAT = 20, 21, 22, 23, 24
_KINDS = frozenset((_CHANGE_CIPHER, _ALERT, _HANDSHAKE, _DATA, _HEARTBEAT))

MAX_RECORD = 16384 + 2048
"""Longest record body, RFC 5246 §6.2.3."""

MAX_RECORDS = 64
MEMO_SIZE = 4096

_hellos: dict[bytes, Dissection] = {}
"""What lone hellos tell, by what of them comes again; when full, all is forgotten."""

_HEAD = struct.Struct(">BBBH").unpack_from


def _is_record_start(left: bytes) -> bool:
    """Whether up to four bytes could begin a record."""
    return left[0] in _KINDS and left[1:2] in {b"", b"\x03"} and (left[2:3] or b"\0") <= b"\x04"


class _Side:
    """The records that one side sent in clear, and a few behind them."""

    __slots__ = ("alert", "handshake", "is_broken", "records")

    def __init__(self, stream: bytes) -> None:
        parts: list[bytes] = []
        self.alert: Fact | None = None
        self.is_broken = False
        at, size, records = 0, len(stream), 0
        is_clear = True
        # Encrypted records tell nothing; two of them are enough to see that they follow on.
        most = MAX_RECORDS
        while at + 5 <= size and records < most:
            kind, major, minor, length = _HEAD(stream, at)
            if (
                kind not in _KINDS
                or major != 3
                or minor > 4
                or length > MAX_RECORD
                or (not length and kind != _DATA)
            ):
                self.is_broken = True
                break
            records += 1
            end = at + 5 + length
            if kind == _HANDSHAKE and is_clear:
                parts.append(stream[at + 5 : end])
            elif kind == _ALERT and self.alert is None:
                self.alert = alert_fact(stream[at + 5 : end])
            elif is_clear:
                is_clear = False
                most = records + 2
            at = end
        if at < size < at + 5 and records < most:
            self.is_broken |= not _is_record_start(stream[at:])
        self.records = records
        self.handshake = parts[0] if len(parts) == 1 else b"".join(parts)


def _ssl2_hello(stream: bytes) -> int:
    """Return the version that an SSL 2.0 style ClientHello offers, 0 when it is none.

    Source:
        RFC 5246 appendix E.2, RFC 6101 appendix E.
    """
    if len(stream) < 11 or not stream[0] & 0x80 or stream[2] != 1:
        return 0
    length = (stream[0] & 0x7F) << 8 | stream[1]
    version, ciphers, session, challenge = struct.unpack_from(">HHHH", stream, 3)
    if (
        version not in (0x0002, 0x0300, 0x0301, 0x0302, 0x0303)
        or not ciphers
        or ciphers % 3
        or session not in (0, 16)
        or not 16 <= challenge <= 32
        or length != 9 + ciphers + session + challenge
    ):
        return 0
    return int(version)


def _look(stream: bytes) -> tuple[Handshake, _Side] | None:
    """Return what one side says, or None when it does not speak TLS."""
    if len(stream) < 5:
        return None
    side = _Side(stream)
    if not side.records:
        return None
    told = Handshake()
    is_sound = bool(side.handshake) and told.add_all(side.handshake)
    if side.alert is not None:
        told.facts.append(side.alert)
    if side.is_broken:
        # Only a hello vouches for a stream whose later records make no sense.
        if not told.has_hello:
            return None
        told.weirds.append("tls_record_broken")
    elif not is_sound and not _is_protected(stream, side):
        return None
    return told, side


def _is_protected(stream: bytes, side: _Side) -> bool:
    """Whether records without a readable handshake are TLS all the same.

    Chance makes one header of 5 bytes in some 10^7 tries; a record that is not whole must be
    application data long enough to carry a tag, or an alert in clear.
    """
    if side.alert is not None or side.records > 1:
        return True
    length = stream[3] << 8 | stream[4]
    is_whole = len(stream) == 5 + length
    return (stream[0] == _DATA and length >= 17) or (is_whole and length >= 16)


def _one_sided(conversation: Conversation, one: tuple[Handshake, _Side]) -> Dissection | None:
    """Return what a conversation shows of which one side alone speaks TLS."""
    told, side = one
    if not told.has_hello:
        has_both = conversation.orig_first and conversation.resp_first
        # One opaque record does not outweigh another side that does not agree.
        return None if has_both and side.records < 2 else _dissection([told])
    version = _ssl2_hello(conversation.orig_first)
    if version:
        told.facts.insert(0, Fact("tls.version", VERSION_NAMES[version]))
        told.weirds.append("tls_sslv2_hello")
    return _dissection([told])


def _dissection(told: list[Handshake]) -> Dissection:
    facts = told[0].facts if len(told) == 1 else told[0].facts + told[1].facts
    weirds = [weird for side in told for weird in side.weirds]
    return Dissection("tls", tuple(facts), tuple(dict.fromkeys(weirds)) if weirds else ())


def dissect(conversation: Conversation) -> Dissection | None:
    """Return what both sides show, or None when neither speaks TLS.

    Who is client and who is server is told by their messages, not by who spoke first.
    """
    orig, resp = conversation.orig, conversation.resp
    if resp or not orig:
        return _dissect(conversation)
    # Where nobody answers, the same client tries again and again.
    key = repeat_key(orig[0])
    known = _hellos.get(key) if key else None
    if known is None:
        known = _dissect(conversation)
        if key and known is not None:
            if len(_hellos) >= MEMO_SIZE:
                _hellos.clear()
            _hellos[key] = known
    return known


def _dissect(conversation: Conversation) -> Dissection | None:
    orig, resp = conversation.orig, conversation.resp
    ours = _look(orig[0]) if orig else None
    theirs = _look(resp[0]) if resp else None
    if ours and theirs:
        first, second = ours[0], theirs[0]
        return _dissection([second, first] if second.is_client else [first, second])
    one = ours or theirs
    if one:
        return _one_sided(conversation, one)
    version = _ssl2_hello(conversation.orig_first)
    if not version:
        return None
    facts = (Fact("tls.version", VERSION_NAMES[version]),)
    return Dissection("tls", facts, ("tls_sslv2_hello",))


def _client_facts(stream: bytes) -> tuple[Fact, ...]:
    """Return the facts of the ClientHello at the start of a tunnelled stream, if there is one."""
    found = _look(stream)
    return tuple(found[0].facts) if found is not None and found[0].is_client else ()


_INSIDE = re.compile(rb"\x16\x03[\x00-\x04].{2}(?:\x01\x00|\x02\x00).{2}\x03[\x00-\x03]", re.DOTALL)
_MARK = b"\x16\x03"
_SEARCHED = 8192
"""How far into a stream a hello is looked for, in bytes."""


def _from_hello(stream: bytes) -> bytes:
    """Return the stream from the first hello in it, empty where there is none."""
    found = _INSIDE.search(stream, 1, _SEARCHED)
    return stream[found.start() :] if found else b""


def dissect_inside(conversation: Conversation) -> Dissection | None:
    """Return TLS that starts behind other bytes: STARTTLS, a proxy's greeting, a VPN's framing.

    Only a ClientHello counts as a find; it is known by nine fixed or bounded bytes and must parse.
    """
    ours, theirs = conversation.orig_first, conversation.resp_first
    if _MARK not in ours and _MARK not in theirs:
        return None
    orig, resp = _from_hello(ours), _from_hello(theirs)
    if not (_client_facts(orig) or _client_facts(resp)):
        return None
    inner = dissect(Conversation(TCP, 0, 0, (orig,) if orig else (), (resp,) if resp else ()))
    return inner and Dissection("tls", inner.facts, inner.weirds)


_CERTIFICATE_PARTS = (
    ("subject", "Common name, organisation, country of the {} certificate"),
    ("issuer", "The same of the issuer of the {} certificate"),
    ("name", "DNS name in the {} certificate; up to 8"),
    ("self_signed", "yes, where subject and issuer of the {} certificate are one name"),
    ("not_before", "First day of validity of the {} certificate"),
    ("not_after", "Last day of validity of the {} certificate"),
    ("sha256", "Hash of the {} certificate"),
)

CERTIFICATE_FACTS = tuple(
    FactKind(f"tls.{whose}.{part}", text.format(name))
    for whose, name in (("cert", "server's"), ("client_cert", "client's"))
    for part, text in _CERTIFICATE_PARTS
)
"""Seen up to TLS 1.2; later versions encrypt certificates."""

CLIENT_FACTS = (
    FactKind("tls.sni", "Server name that the client asks for, lower case"),
    FactKind("tls.alpn", "Protocol offered inside, such as h2; up to 8, in order"),
    FactKind("tls.version", "Highest version offered, such as TLS 1.3"),
    FactKind("tls.ja4", "JA4 fingerprint of the client"),
    FactKind("tls.ja3", "JA3 fingerprint of the client"),
)

SERVER_FACTS = (
    FactKind("tls.server_version", "Version that the server chose"),
    FactKind("tls.cipher", "Cipher suite that the server chose, as 0xNNNN"),
    FactKind("tls.server_alpn", "Protocol that the server chose"),
    FactKind("tls.alert", "Alert in clear, such as fatal handshake_failure"),
)

HELLO_CUT = FactKind("tls_hello_cut", "A ClientHello of which bytes are missing: no fingerprint")
CERTIFICATE_UNREADABLE = FactKind(
    "tls_certificate_unreadable", "A certificate that is not X.509, or is damaged"
)
_WEIRDS = (
    HELLO_CUT,
    CERTIFICATE_UNREADABLE,
    FactKind("tls_record_broken", "Records behind a hello that make no sense"),
    FactKind("tls_sslv2_hello", "A ClientHello in the form of SSL 2.0"),
)

_TLS = Dissector(
    service="tls",
    title="Transport Layer Security",
    transports=frozenset((TCP,)),
    first_bytes=_KINDS | frozenset(range(0x80, 0x100)),
    tcp_opening=re.compile(rb"[\x14-\x18]\x03[\x00-\x04]|[\x80-\xff].\x01", re.DOTALL),
    dissect=dissect,
    ports=frozenset((443, 8443)),
    rank=30,
    how="Records that follow one another, on any port: a ClientHello or ServerHello, or only "
    "protected records where the start was not seen; or an SSL 2.0 style ClientHello.",
    facts=(*CLIENT_FACTS, *SERVER_FACTS, *CERTIFICATE_FACTS),
    weirds=_WEIRDS,
    source="RFC 8446, RFC 5246, RFC 6101, RFC 6066, RFC 7301, RFC 5280; FoxIO-LLC/ja4 "
    "technical_details/JA4.md (BSD 3-Clause); salesforce/ja3",
)

_INSIDE_OTHERS = Dissector(
    service="tls",
    title="TLS behind other bytes",
    transports=frozenset((TCP,)),
    first_bytes=ANY_BYTE,
    dissect=dissect_inside,
    rank=90,
    is_layer=True,
    how="A ClientHello that parses within the first 8 KiB of a stream, behind STARTTLS, a proxy's "
    "greeting or a VPN's framing; its facts are added to those of the protocol around it.",
    facts=(*CLIENT_FACTS, *SERVER_FACTS, *CERTIFICATE_FACTS),
    weirds=_WEIRDS,
    source="RFC 6120 §5, RFC 3207; EZVIZ app captures (XMPP on port 5221)",
)

DISSECTORS = (_TLS, _INSIDE_OTHERS)
