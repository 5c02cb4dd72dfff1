"""QUIC long headers, and the protection of Initial packets, which anyone who saw them can lift."""

import functools
import hmac
import struct
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR, ECB

V1, V2 = 0x00000001, 0x6B3343CF

_SALT_V1 = bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a")  # RFC 9001 §5.2
_SALT_V2 = bytes.fromhex("0dede3def700a6db819381be6e269dcbf9bd2ed9")  # RFC 9369 §3.3.1
_SALT_29 = bytes.fromhex("afbfec289993d24c9e9786f19c6111e04390a899")  # draft-ietf-quic-tls-29
_SALT_23 = bytes.fromhex("c3eef712c72ebb5a11a7d2432bb46365bef9f502")  # draft-ietf-quic-tls-23
_SALT_Q050 = bytes.fromhex("504574efd066fe2f9d945cfcdbd3a7f0d3b56b45")  # Chromium, Q050

SALTS = {
    V1: _SALT_V1,
    V2: _SALT_V2,
    **{0xFF000000 + draft: _SALT_29 for draft in range(29, 35)},
    **{0xFF000000 + draft: _SALT_23 for draft in range(23, 29)},
    0x51303530: _SALT_Q050,
}
"""Salt of the Initial secrets by version."""

NAMES = {
    V1: "1",
    V2: "2",
    **{0xFF000000 + draft: f"draft-{draft}" for draft in range(23, 35)},
    **{int.from_bytes(name, "big"): name.decode() for name in (b"Q043", b"Q044", b"Q046", b"Q050")},
    0x54303530: "T050",
    0x54303531: "T051",
}
"""Versions that are called QUIC when only a header is seen."""

INITIAL, RETRY = 0, 3
_TAG = 16
_MAX_CID = 20


class LongHeader(NamedTuple):
    """A packet with a long header, in one datagram."""

    version: int
    kind: int
    """`INITIAL`, 1 (0-RTT), 2 (Handshake) or `RETRY`, whatever bits the version writes."""

    dcid: bytes
    scid: bytes
    start: int
    """Offset of the first byte of the packet in its datagram."""

    number_at: int
    """Offset of the packet number; 0 for a Retry."""

    end: int
    """Offset behind the packet by its length field; may lie behind the captured bytes."""


def varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a variable-length integer and the offset behind it (-1: cut), RFC 9000 §16."""
    if at >= len(data):
        return 0, -1
    length = 1 << (data[at] >> 6)
    if at + length > len(data):
        return 0, -1
    value = int.from_bytes(data[at : at + length], "big") & ((1 << (8 * length - 2)) - 1)
    return value, at + length


def read_long_header(data: bytes, at: int = 0) -> LongHeader | None:
    """Return the long header at `at`, or None when there is none of a known version.

    Source:
        RFC 9000 §17.2, RFC 9369 §3.2.
    """
    if at + 7 > len(data) or data[at] & 0xC0 != 0xC0:
        return None
    version = int.from_bytes(data[at + 1 : at + 5], "big")
    if version not in SALTS:
        return None
    kind = data[at] >> 4 & 3
    if version == V2:
        kind = (kind - 1) & 3
    dcid_end = at + 6 + data[at + 5]
    if data[at + 5] > _MAX_CID or dcid_end >= len(data) or data[dcid_end] > _MAX_CID:
        return None
    scid_end = dcid_end + 1 + data[dcid_end]
    if scid_end > len(data):
        return None
    dcid, scid = data[at + 6 : dcid_end], data[dcid_end + 1 : scid_end]
    if kind == RETRY:
        return LongHeader(version, kind, dcid, scid, at, 0, len(data))
    where = scid_end
    if kind == INITIAL:
        token, where = varint(data, where)
        where = where + token if where >= 0 else len(data)
    length, number_at = varint(data, where)
    if number_at < 0 or length < 4 + _TAG:
        return None
    return LongHeader(version, kind, dcid, scid, at, number_at, number_at + length)


def _expand(secret: bytes, label: bytes, length: int) -> bytes:
    """HKDF-Expand-Label with an empty context, of at most one hash length, RFC 8446 §7.1."""
    full = b"tls13 " + label
    info = struct.pack(">HB", length, len(full)) + full + b"\x00\x01"
    return hmac.digest(secret, info, "sha256")[:length]


class Keys:
    """The keys that one side protects its Initial packets with."""

    __slots__ = ("_gcm", "_iv", "_key", "_mask")

    def __init__(self, version: int, dcid: bytes, side: bytes = b"client in") -> None:
        prefix = b"quicv2 " if version == V2 else b"quic "
        secret = _expand(hmac.digest(SALTS[version], dcid, "sha256"), side, 32)
        self._key = _expand(secret, prefix + b"key", 16)
        self._iv = int.from_bytes(_expand(secret, prefix + b"iv", 12), "big")
        self._gcm = AESGCM(self._key)
        # ECB of one block is what header protection asks for (RFC 9001 §5.4.3), and an encryptor
        # without chaining may be used again for each packet.
        ecb = ECB()  # noqa: S305  one block, as the protocol has it
        self._mask = Cipher(AES(_expand(secret, prefix + b"hp", 16)), ecb).encryptor()

    def open(self, data: bytes, head: LongHeader) -> bytes:
        """Return the payload of an Initial packet, empty when these are not its keys.

        A packet cut by the snap length cannot be authenticated: what is left of it is decrypted
        all the same, and whoever reads it must check its shape.

        Source:
            RFC 9001 §5.3 and §5.4.
        """
        at = head.number_at
        sample = data[at + 4 : at + 20]
        if len(sample) < 16:
            return b""
        mask = self._mask.update(sample)
        first = data[head.start] ^ (mask[0] & 0x0F)
        size = (first & 3) + 1
        number = bytes(a ^ b for a, b in zip(data[at : at + size], mask[1:5], strict=False))
        nonce = (self._iv ^ int.from_bytes(number, "big")).to_bytes(12, "big")
        body = data[at + size : head.end]
        if head.end > len(data):
            counter = CTR(nonce + b"\x00\x00\x00\x02")
            return Cipher(AES(self._key), counter).decryptor().update(body)
        header = bytes((first,)) + data[head.start + 1 : at] + number
        try:
            return self._gcm.decrypt(nonce, body, header)
        except InvalidTag:
            return b""


@functools.lru_cache(maxsize=256)
def client_keys(version: int, dcid: bytes) -> Keys:
    """Return the client's keys for the connection id that its first Initial was sent to."""
    return Keys(version, dcid)
