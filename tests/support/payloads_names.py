"""Payloads of DNS, TLS, DTLS, QUIC and HTTP, built from their parts."""

import datetime as dt
import struct
from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from monitor.model.facts import Conversation

TCP, UDP = 6, 17


def tcp(orig: bytes = b"", resp: bytes = b"", port: int = 443) -> Conversation:
    return Conversation(TCP, 50000, port, (orig,) if orig else (), (resp,) if resp else ())


def udp(*orig: bytes, resp: Sequence[bytes] = (), port: int = 443) -> Conversation:
    return Conversation(UDP, 50000, port, orig, tuple(resp))


def dns_name(name: str) -> bytes:
    labels = [label.encode() for label in name.split(".") if label]
    return b"".join(bytes((len(label),)) + label for label in labels) + b"\x00"


def dns_query(name: str, kind: int = 1, ident: int = 7) -> bytes:
    head = struct.pack(">HHHHHH", ident, 0x0100, 1, 0, 0, 0)
    return head + dns_name(name) + struct.pack(">HH", kind, 1)


def dns_answer(name: str, *records: tuple[int, bytes], rcode: int = 0) -> bytes:
    """An answer whose records all belong to the name asked, by a compression pointer."""
    head = struct.pack(">HHHHHH", 7, 0x8180 | rcode, 1, len(records), 0, 0)
    body = dns_name(name) + struct.pack(">HH", 1, 1)
    for kind, data in records:
        body += b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(data)) + data
    return head + body


def extension(kind: int, body: bytes) -> bytes:
    return struct.pack(">HH", kind, len(body)) + body


def sni_extension(name: bytes) -> bytes:
    return extension(0, struct.pack(">HBH", len(name) + 3, 0, len(name)) + name)


def alpn_extension(*names: bytes) -> bytes:
    listed = b"".join(bytes((len(name),)) + name for name in names)
    return extension(16, struct.pack(">H", len(listed)) + listed)


def versions_extension(*versions: int) -> bytes:
    listed = struct.pack(f">{len(versions)}H", *versions)
    return extension(43, bytes((len(listed),)) + listed)


def client_hello(
    *extensions: bytes,
    ciphers: Sequence[int] = (0x1301, 0x1302, 0xC02F),
    version: int = 0x0303,
    cookie: bytes | None = None,
) -> bytes:
    """The body of a ClientHello; `cookie` makes it DTLS's."""
    listed = struct.pack(f">{len(ciphers)}H", *ciphers)
    body = struct.pack(">H", version) + bytes(range(32)) + b"\x00"
    if cookie is not None:
        body += bytes((len(cookie),)) + cookie
    body += struct.pack(">H", len(listed)) + listed + b"\x01\x00"
    if extensions:
        joined = b"".join(extensions)
        body += struct.pack(">H", len(joined)) + joined
    return body


def server_hello(cipher: int = 0xC02F, version: int = 0x0303, extensions: bytes = b"") -> bytes:
    body = struct.pack(">H", version) + bytes(32) + b"\x00" + struct.pack(">HB", cipher, 0)
    return body + (struct.pack(">H", len(extensions)) + extensions if extensions else b"")


def certificate_message(der: bytes) -> bytes:
    listed = len(der).to_bytes(3, "big") + der
    return len(listed).to_bytes(3, "big") + listed


def handshake(kind: int, body: bytes) -> bytes:
    return bytes((kind,)) + len(body).to_bytes(3, "big") + body


def record(body: bytes, kind: int = 22, version: int = 0x0301) -> bytes:
    return struct.pack(">BHH", kind, version, len(body)) + body


def hello_record(*extensions: bytes) -> bytes:
    return record(handshake(1, client_hello(*extensions)))


def dtls_record(body: bytes, *, kind: int = 22, epoch: int = 0, version: int = 0xFEFD) -> bytes:
    return struct.pack(">BHH6sH", kind, version, epoch, bytes(6), len(body)) + body


def dtls_fragment(kind: int, body: bytes, start: int, end: int, number: int = 0) -> bytes:
    head = bytes((kind,)) + len(body).to_bytes(3, "big") + struct.pack(">H", number)
    return head + start.to_bytes(3, "big") + (end - start).to_bytes(3, "big") + body[start:end]


def certificate(
    subject: Sequence[tuple[x509.ObjectIdentifier, str]] = ((NameOID.COMMON_NAME, "cam.example"),),
    issuer: Sequence[tuple[x509.ObjectIdentifier, str]] | None = None,
    names: Sequence[str] = (),
) -> bytes:
    """A certificate, DER; self-signed where no issuer is given."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(oid, text) for oid, text in subject]))
        .issuer_name(
            x509.Name([x509.NameAttribute(oid, text) for oid, text in (issuer or subject)])
        )
        .public_key(key.public_key())
        .serial_number(1000)
        .not_valid_before(dt.datetime(2024, 1, 2, tzinfo=dt.UTC))
        .not_valid_after(dt.datetime(2034, 3, 4, tzinfo=dt.UTC))
    )
    if names:
        listed = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        builder = builder.add_extension(listed, critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


QUIC_DCID = bytes.fromhex("8394c8f03e515708")

QUIC_KEYS = {
    1: (
        "1f369613dd76d5467730efcbe3b1a22d",
        "fa044b2f42a3fd3b46fb255c",
        "9f50449e04a0e810283a1e9933adedd2",
    ),
    0x6B3343CF: (
        "8b1a0bc121284290a29e0971b5cd045d",
        "91f73e2351d8fa91660e909f",
        "45b95e15235d6f45a6b19cbcb0294ba9",
    ),
}
"""Client key, IV and header key for `QUIC_DCID`: RFC 9001 appendix A.1, RFC 9369 appendix A.1."""


def varint2(value: int) -> bytes:
    """A variable-length integer of two bytes."""
    return struct.pack(">H", 0x4000 | value)


def crypto_frame(offset: int, data: bytes) -> bytes:
    return b"\x06" + varint2(offset) + varint2(len(data)) + data


def quic_initial(
    payload: bytes,
    *,
    version: int = 1,
    number: int = 0,
    size: int = 1162,
    to_dcid: bytes = QUIC_DCID,
) -> bytes:
    """An Initial packet protected with the published keys, padded to `size` bytes of payload."""
    key, iv, header_key = (bytes.fromhex(text) for text in QUIC_KEYS[version])
    payload = payload.ljust(size, b"\x00")
    first = 0xC3 if version == 1 else 0xD3
    length = 4 + len(payload) + 16
    header = (
        bytes((first,))
        + struct.pack(">I", version)
        + bytes((len(to_dcid),))
        + to_dcid
        + b"\x00\x00"
        + varint2(length)
        + struct.pack(">I", number)
    )
    nonce = (int.from_bytes(iv, "big") ^ number).to_bytes(12, "big")
    sealed = AESGCM(key).encrypt(nonce, payload, header)
    # The packet number has four bytes, so the sample starts with the sealed payload.
    block = Cipher(AES(header_key), ECB()).encryptor()  # noqa: S305  as the protocol has it
    mask = block.update(sealed[:16])
    protected = bytes((header[0] ^ (mask[0] & 0x0F),)) + header[1:-4]
    return protected + bytes(a ^ b for a, b in zip(header[-4:], mask[1:5], strict=True)) + sealed
