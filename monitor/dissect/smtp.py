"""SMTP: mail that a camera sends, with whom it signs in, and whether it encrypts."""

import base64
import binascii
import re

from monitor.dissect.base import TCP, Dissector, FactKind
from monitor.dissect.wire import distinct, text
from monitor.model.facts import Conversation, Dissection, Fact

_HELLO = re.compile(rb"(EHLO|HELO|LHLO)(?: ([^\r\n]{0,255}))?\r?\n", re.IGNORECASE)
_BANNER = re.compile(rb"220[ \-][\x09\x20-\xff]{0,512}\r?\n")
_AUTH = re.compile(
    rb"\r?\nAUTH ([A-Z0-9\-]{3,20})(?: ([A-Za-z0-9+/=]{1,512}))?\r?\n", re.IGNORECASE
)
_LINE = re.compile(rb"([A-Za-z0-9+/=]{2,344})\r?\n")
_DOMAIN = rb"(?:[^<>@\r\n]{0,128}@)?([0-9A-Za-z.\-]{1,96})>?"
_FROM = re.compile(rb"\r?\nMAIL FROM: ?<?" + _DOMAIN, re.IGNORECASE)
_TO = re.compile(rb"\r?\nRCPT TO: ?<?" + _DOMAIN, re.IGNORECASE)
_MOST_STREAM = 8192


def _plain(encoded: bytes) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _user(auth: re.Match[bytes], stream: bytes) -> str:
    """Return the user name of AUTH PLAIN or LOGIN, never the secret beside it."""
    kind, given = auth[1].upper(), auth[2]
    if given is None:
        line = _LINE.match(stream, auth.end())
        given = line[1] if line else b""
    plain = _plain(given)
    if kind == b"PLAIN":
        parts = plain.split(b"\x00")
        return text(parts[1]) if len(parts) == 3 else ""
    return text(plain) if kind == b"LOGIN" else ""


def _dissect(conversation: Conversation) -> Dissection | None:
    stream, answer = conversation.orig_first[:_MOST_STREAM], conversation.resp_first[:_MOST_STREAM]
    banner = _BANNER.match(answer)
    if not banner and (banner := _BANNER.match(stream)):
        # The server speaks first: without the handshake it may pass for the originator.
        stream, answer = answer, stream
    if not stream:
        if banner and b"SMTP" in banner[0].upper():
            return Dissection("smtp", (Fact("smtp.banner", text(banner[0][4:], 96)),))
        return None
    hello = _HELLO.match(stream)
    if not hello or (answer and not banner):
        return None
    facts = distinct("smtp.banner", [text(banner[0][4:], 96)] if banner else [])
    facts += distinct("smtp.hello", [text(hello[2] or b"")])
    if b"\nSTARTTLS" in stream.upper():
        facts.append(Fact("smtp.starttls", "yes"))
    auth = _AUTH.search(stream)
    if auth:
        facts.append(Fact("smtp.auth", text(auth[1]).upper()))
        user = _user(auth, stream)
        if user:
            facts.append(Fact("credential", f"smtp user={user}"))
    facts += distinct("smtp.from", (text(m[1], 96) for m in _FROM.finditer(stream)))
    facts += distinct("smtp.to", (text(m[1], 96) for m in _TO.finditer(stream)))
    return Dissection("smtp", tuple(facts or [Fact("smtp.hello", "?")]))


DISSECTOR = Dissector(
    service="smtp",
    title="Simple Mail Transfer Protocol",
    transports=frozenset({TCP}),
    first_bytes=frozenset(b"2EHLehl"),
    dissect=_dissect,
    ports=frozenset({25, 587, 2525}),
    rank=25,
    how="first command EHLO, HELO or LHLO with an answer 220, or a banner 220 that says SMTP",
    facts=(
        FactKind("smtp.banner", "First line of the server"),
        FactKind("smtp.hello", "Name that the client gives itself"),
        FactKind("smtp.starttls", "yes, when the client asks for encryption"),
        FactKind("smtp.auth", "How the client signs in: PLAIN, LOGIN, ..."),
        FactKind("smtp.from", "Domain of the sender; the mailbox is not kept"),
        FactKind("smtp.to", "Domains of the recipients"),
        FactKind("credential", "User name of AUTH PLAIN or LOGIN"),
    ),
    source="RFC 5321 §4.1, RFC 4954, RFC 4616",
)
