"""Handshake messages in clear, as TLS and DTLS share them: hellos, certificates, alerts."""

import functools

from monitor.dissect.certificate import certificate_facts, parse_certificate
from monitor.dissect.text import safe
from monitor.dissect.tls_hello import (
    VERSION_NAMES,
    ClientHello,
    alpn_names,
    hello_facts,
    parse_client_hello,
)
from monitor.model.facts import Fact

CLIENT_HELLO, SERVER_HELLO, CERTIFICATE = 1, 2, 11

MESSAGE_TYPES = frozenset((0, 1, 2, 3, 4, 5, 8, 11, 12, 13, 14, 15, 16, 20, 21, 22, 24))
"""Registered handshake types (IANA, TLS HandshakeType)."""

MAX_MESSAGES = 16

_ALERTS = {
    0: "close_notify",
    10: "unexpected_message",
    20: "bad_record_mac",
    21: "decryption_failed",
    22: "record_overflow",
    40: "handshake_failure",
    41: "no_certificate",
    42: "bad_certificate",
    43: "unsupported_certificate",
    44: "certificate_revoked",
    45: "certificate_expired",
    46: "certificate_unknown",
    47: "illegal_parameter",
    48: "unknown_ca",
    49: "access_denied",
    50: "decode_error",
    51: "decrypt_error",
    70: "protocol_version",
    71: "insufficient_security",
    80: "internal_error",
    86: "inappropriate_fallback",
    90: "user_canceled",
    100: "no_renegotiation",
    109: "missing_extension",
    110: "unsupported_extension",
    112: "unrecognized_name",
    113: "bad_certificate_status_response",
    115: "unknown_psk_identity",
    116: "certificate_required",
    120: "no_application_protocol",
}
"""Alert descriptions, RFC 8446 §6 and RFC 5246 §7.2."""


def alert_fact(body: bytes) -> Fact | None:
    """Return the fact of an alert in clear; None for an encrypted one."""
    if len(body) != 2 or body[0] not in (1, 2):
        return None
    level = "fatal" if body[0] == 2 else "warning"
    return Fact("tls.alert", f"{level} {_ALERTS.get(body[1]) or body[1]}")


@functools.lru_cache(maxsize=1024)
def _server_choice(version: int, cipher: int, alpn: bytes) -> tuple[Fact, ...]:
    facts = [
        Fact("tls.server_version", VERSION_NAMES.get(version) or f"0x{version:04x}"),
        Fact("tls.cipher", f"0x{cipher:04x}"),
    ]
    facts.extend(Fact("tls.server_alpn", safe(name, 64)) for name in alpn_names(alpn)[:1])
    return tuple(facts)


def _server_hello(data: bytes) -> tuple[Fact, ...]:
    """Return what the server chose, RFC 8446 §4.1.3; nothing when the bytes end before it."""
    size = len(data)
    if size < 35:
        return ()
    version = data[0] << 8 | data[1]
    at = 35 + data[34]
    if at + 2 > size or version not in VERSION_NAMES:
        return ()
    cipher = data[at] << 8 | data[at + 1]
    at += 5
    alpn = b""
    while at + 4 <= size:
        kind = data[at] << 8 | data[at + 1]
        length = data[at + 2] << 8 | data[at + 3]
        at += 4
        if kind == 43 and length == 2 and at + 2 <= size:
            version = data[at] << 8 | data[at + 1]
        elif kind == 16:
            alpn = data[at : at + min(length, 64)]
        at += length
    return _server_choice(version, cipher, alpn)


class Handshake:
    """Facts of the messages of one side, in order; the side is known by what it says."""

    __slots__ = ("facts", "has_hello", "is_client", "weirds")

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.weirds: list[str] = []
        self.is_client = False
        self.has_hello = False

    def add(self, kind: int, body: bytes, transport: str, is_cut: bool) -> bool:
        """Take in one message; False when it is not what its type says.

        Args:
            kind: Handshake type.
            body: What stands behind the handshake header, maybe cut.
            transport: ``t`` or ``d``, as JA4 has it.
            is_cut: Bytes of the message are missing.
        """
        if kind == CLIENT_HELLO:
            hello = parse_client_hello(body, 0, transport == "d")
            if hello is None:
                return False
            self._client(hello, transport)
        elif kind == SERVER_HELLO:
            facts = _server_hello(body)
            if not (facts or is_cut):
                return False
            self.has_hello = True
            self.facts.extend(facts)
        elif kind == CERTIFICATE:
            self._certificate(body, is_cut)
        return True

    def _client(self, hello: ClientHello, transport: str) -> None:
        if hello.is_cut:
            self.weirds.append("tls_hello_cut")
        if not self.has_hello:
            self.facts.extend(hello_facts(hello, transport))
        self.has_hello = self.is_client = True

    def _certificate(self, body: bytes, is_cut: bool) -> None:
        """Read the first certificate; the rest of the chain may be missing."""
        length = int.from_bytes(body[3:6], "big")
        if len(body) < 6 or not length or (is_cut and len(body) < 6 + length):
            return
        found = parse_certificate(body[6 : 6 + length])
        if found is None:
            self.weirds.append("tls_certificate_unreadable")
        else:
            whose = "client_cert" if self.is_client else "cert"
            self.facts.extend(certificate_facts(found, whose))

    def add_all(self, data: bytes, transport: str = "t") -> bool:
        """Take in messages one behind the other (TLS); False when the first is not one."""
        at = 0
        for count in range(MAX_MESSAGES):
            if at + 4 > len(data):
                return bool(count)
            length = data[at + 1] << 16 | data[at + 2] << 8 | data[at + 3]
            kind = data[at]
            end = at + 4 + length
            if kind not in MESSAGE_TYPES or not self.add(
                kind, data[at + 4 : end], transport, end > len(data)
            ):
                return bool(count)
            at = end
        return True
