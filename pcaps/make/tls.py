"""TLS 1.2 and 1.3 sessions: hellos built from lists of fields, everything sealed is noise."""

import dataclasses
import struct

from pcaps.make import wire
from pcaps.make.tcp import Tcp

HANDSHAKE, CHANGE_CIPHER, DATA = 22, 20, 23
GREASE = 0x3A3A
"""One of the reserved values that browsers mix in (RFC 8701)."""

OLD_CIPHERS = (0xC030, 0xC02C, 0xC028, 0xC024, 0xC014, 0xC00A, 0x009F, 0x006B, 0x0039, 0x009D)
NEW_CIPHERS = (0x1302, 0x1303, 0x1301, 0xC02C, 0xC030, 0xCCA9, 0xCCA8, 0xC02B, 0xC02F)
SMALL_CIPHERS = (0xC02B, 0xC02F, 0xC0AE, 0xC0AC, 0xC023, 0xC027)
BROWSER_CIPHERS = (
    GREASE, 0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8, 0xC013,
    0xC014, 0x009C, 0x009D, 0x002F, 0x0035,
)  # fmt: skip
OLD_SIGNATURES = (0x0601, 0x0602, 0x0603, 0x0501, 0x0502, 0x0503, 0x0401, 0x0403, 0x0201, 0x0203)
NEW_SIGNATURES = (0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601)


@dataclasses.dataclass(frozen=True)
class Shape:
    """What a client's library makes of its hello."""

    ciphers: tuple[int, ...]
    groups: tuple[int, ...]
    signatures: tuple[int, ...]
    extensions: tuple[int, ...]
    """Numbers of the extensions, in the order they are sent."""

    alpn: tuple[str, ...] = ()
    has_session: bool = False
    """Whether a 32-byte session id is sent."""


SHAPES = {
    # An older OpenSSL as recorders and cameras carry it: no TLS 1.3, no ALPN.
    "openssl10": Shape(
        (*OLD_CIPHERS, 0x00FF), (0x0017, 0x0019, 0x0018, 0x0016), OLD_SIGNATURES,
        (0, 11, 10, 35, 13, 15),
    ),
    # A current OpenSSL with both versions.
    "openssl3": Shape(
        (*NEW_CIPHERS, 0x00FF), (0x001D, 0x0017, 0x001E, 0x0019, 0x0018), NEW_SIGNATURES,
        (0, 11, 10, 35, 22, 23, 13, 43, 45, 51), has_session=True,
    ),
    # mbed TLS on a small system: few suites, short record limits.
    "mbedtls": Shape(
        (*SMALL_CIPHERS, 0x00FF), (0x0017, 0x0018), (0x0603, 0x0601, 0x0503, 0x0501, 0x0403, 0x0401),
        (0, 13, 10, 11, 1, 22, 23, 35),
    ),
    # curl with HTTP/2 on offer.
    "curl": Shape(
        (*NEW_CIPHERS, 0x009F, 0x00FF), (0x001D, 0x0017, 0x001E), NEW_SIGNATURES,
        (0, 11, 10, 16, 22, 23, 49, 13, 43, 45, 51), ("h2", "http/1.1"), has_session=True,
    ),
    # A browser on a personal computer.
    "browser": Shape(
        BROWSER_CIPHERS, (GREASE, 0x001D, 0x0017, 0x0018), NEW_SIGNATURES,
        (GREASE, 0, 23, 65281, 10, 11, 35, 16, 5, 13, 18, 51, 45, 43, 27, 21),
        ("h2", "http/1.1"), has_session=True,
    ),
}  # fmt: skip


def _listed(numbers: tuple[int, ...], width: int = 2) -> bytes:
    body = struct.pack(f">{len(numbers)}H", *numbers)
    return struct.pack(">H" if width == 2 else ">B", len(body)) + body


def extension(number: int, shape: Shape, name: str, label: str) -> bytes:
    """Return the body of one extension of a ClientHello."""
    key = wire.noise(label + "/share", 32)
    alpn = b"".join(bytes((len(each),)) + each.encode() for each in shape.alpn)
    is_browser = GREASE in shape.groups
    share = struct.pack(">HH", 0x001D, 32) + key
    versions = (GREASE, 0x0304, 0x0303) if is_browser else (0x0304, 0x0303)
    if is_browser:
        share = struct.pack(">HHB", GREASE, 1, 0) + share
    bodies = {
        0: struct.pack(">HBH", len(name) + 3, 0, len(name)) + name.encode(),
        1: b"\x04",
        5: b"\x01\0\0\0\0",
        10: _listed(shape.groups),
        11: b"\x01\x00" if is_browser else b"\x03\x00\x01\x02",
        13: _listed(shape.signatures),
        15: b"\x01",
        16: struct.pack(">H", len(alpn)) + alpn,
        21: bytes(150),
        27: b"\x02\x00\x02",
        43: _listed(versions, 1),
        45: b"\x01\x01",
        51: struct.pack(">H", len(share)) + share,
        65281: b"\0",
    }
    return bodies.get(number, b"")


def client_hello(shape: Shape, name: str, label: str, quic: bytes = b"") -> bytes:
    """Return a ClientHello handshake message; `quic` are transport parameters (RFC 9001 §8.2)."""
    numbers = [number for number in shape.extensions if name or number != 0]
    parts = [(number, extension(number, shape, name, label)) for number in numbers]
    if quic:
        parts.append((57, quic))
    extensions = b"".join(struct.pack(">HH", number, len(body)) + body for number, body in parts)
    session = wire.noise(label + "/session", 32) if shape.has_session and not quic else b""
    body = struct.pack(">H", 0x0303) + wire.noise(label + "/random", 32)
    body += bytes((len(session),)) + session + _listed(shape.ciphers) + b"\x01\0"
    body += struct.pack(">H", len(extensions)) + extensions
    return _message(1, body)


def server_hello(cipher: int, label: str, *, is_13: bool, session: bytes = b"") -> bytes:
    """Return a ServerHello handshake message."""
    if is_13:
        share = struct.pack(">HHHH", 51, 36, 0x001D, 32) + wire.noise(label + "/server share", 32)
        extensions = share + struct.pack(">HHH", 43, 2, 0x0304)
    else:
        extensions = struct.pack(">HHB", 65281, 1, 0) + struct.pack(">HHBB", 11, 2, 1, 0)
    body = struct.pack(">H", 0x0303) + wire.noise(label + "/server random", 32)
    body += bytes((len(session),)) + session + struct.pack(">HB", cipher, 0)
    return _message(2, body + struct.pack(">H", len(extensions)) + extensions)


def _message(kind: int, body: bytes) -> bytes:
    return bytes((kind,)) + len(body).to_bytes(3) + body


def record(kind: int, body: bytes, version: int = 0x0303) -> bytes:
    """Return a TLS record."""
    return struct.pack(">BHH", kind, version, len(body)) + body


def sealed(label: str, length: int) -> bytes:
    """Return application data records that carry `length` bytes of ciphertext."""
    whole, rest = divmod(length, 16384)
    sizes = [16384] * whole + ([rest] if rest else [])
    return b"".join(
        record(DATA, wire.noise(f"{label}/{index}", size)) for index, size in enumerate(sizes)
    )


def certificate(names: tuple[str, ...], label: str) -> bytes:
    """Return an X.509 certificate in DER whose key and signature are noise: nobody can hold it."""
    algorithm = _der(0x30, bytes.fromhex("06092a864886f70d01010b0500"))
    who = _named("US", "Example Trust Services", "Sample Issuing CA (made)")
    subject = _named("", "", names[0])
    dates = _der(0x30, _der(0x17, b"260301000000Z") + _der(0x17, b"270331235959Z"))
    modulus = b"\0" + bytes((0xC5,)) + wire.noise(label + "/modulus", 254) + b"\x0b"
    key = _der(0x30, _der(2, modulus) + _der(2, b"\x01\0\x01"))
    key_kind = _der(0x30, bytes.fromhex("06092a864886f70d0101010500"))
    public = _der(0x30, key_kind + _der(3, b"\0" + key))
    alternatives = _der(0x30, b"".join(_der(0x82, name.encode()) for name in names))
    extension_ = _der(0x30, bytes.fromhex("0603551d11") + _der(4, alternatives))
    signed = _der(0xA0, _der(2, b"\x02")) + _der(2, b"\x0a" + wire.noise(label + "/serial", 15))
    signed += algorithm + who + dates + subject + public + _der(0xA3, _der(0x30, extension_))
    signature = _der(3, b"\0" + wire.noise(label + "/signature", 256))
    return _der(0x30, _der(0x30, signed) + algorithm + signature)


def _der(tag: int, body: bytes) -> bytes:
    size = len(body)
    if size < 128:
        return bytes((tag, size)) + body
    octets = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(octets))) + octets + body


def _named(country: str, organisation: str, common: str) -> bytes:
    parts = ((6, 0x13, country), (10, 0x0C, organisation), (3, 0x0C, common))
    sets = b"".join(
        _der(0x31, _der(0x30, bytes((6, 3, 0x55, 4, number)) + _der(tag, text.encode())))
        for number, tag, text in parts
        if text
    )
    return _der(0x30, sets)


def session(tcp: Tcp, shape_name: str, name: str, *, names: tuple[str, ...] = ()) -> None:
    """Shake hands over an open connection; TLS 1.2 with a readable certificate where `names` are given."""
    shape = SHAPES[shape_name]
    label = tcp.label + "/tls"
    hello = client_hello(shape, name, label)
    tcp.send(record(HANDSHAKE, hello, 0x0301))
    session_id = wire.noise(label + "/session", 32) if shape.has_session else b""
    change = record(CHANGE_CIPHER, b"\x01")
    if not names:
        first = server_hello(0x1302, label, is_13=True, session=session_id)
        flight = record(HANDSHAKE, first) + change
        flight += record(DATA, wire.noise(label + "/flight", 27 + 2900 + 280 + 74))
        tcp.reply(flight)
        tcp.send(change + record(DATA, wire.noise(label + "/finished", 74)))
        return
    leaf = certificate(names, label)
    issuer = certificate(("Sample Root CA (made)",), label + "/issuer")
    chain = b"".join(len(each).to_bytes(3) + each for each in (leaf, issuer))
    point = b"\x03\x00\x17\x41\x04" + wire.noise(label + "/point", 64)
    exchange = point + struct.pack(">HH", 0x0401, 256) + wire.noise(label + "/proof", 256)
    cipher = next(each for each in shape.ciphers if each in (0xC02F, 0xC030, 0xC014))
    messages = server_hello(cipher, label, is_13=False)
    messages += _message(11, len(chain).to_bytes(3) + chain)
    messages += _message(12, exchange) + _message(14, b"")
    tcp.reply(record(HANDSHAKE, messages))
    client_key = _message(16, b"\x41\x04" + wire.noise(label + "/client point", 64))
    finished = record(HANDSHAKE, wire.noise(label + "/client finished", 40))
    tcp.send(record(HANDSHAKE, client_key) + change + finished, 0.03)
    ticket = _message(4, struct.pack(">IH", 7200, 176) + wire.noise(label + "/ticket", 176))
    finished = record(HANDSHAKE, wire.noise(label + "/server finished", 40))
    tcp.reply((record(HANDSHAKE, ticket) if 35 in shape.extensions else b"") + change + finished)


def exchange(tcp: Tcp, *sizes: tuple[int, int]) -> None:
    """Send and get application data: (bytes of the request, bytes of the answer) each."""
    for index, (asked, answered) in enumerate(sizes):
        label = f"{tcp.label}/data/{index}"
        tcp.send(sealed(label + "/c", asked))
        if answered:
            tcp.reply(sealed(label + "/s", answered), 0.03)


def goodbye(tcp: Tcp) -> None:
    """Close with an encrypted alert."""
    tcp.send(record(21, wire.noise(tcp.label + "/alert", 26)))
    tcp.close()
