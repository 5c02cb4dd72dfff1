"""JA4 and JA3, fingerprints of the software that wrote a ClientHello.

JA4 (TLS clients) is by FoxIO, LLC, licensed BSD 3-Clause; the other methods of the JA4+ family
carry another licence and are not made here. JA3 is by Salesforce, licensed BSD 3-Clause.
"""

import functools
import hashlib
import struct
from typing import NamedTuple

_NO_HASH = "000000000000"
"""Stands for the hash of an empty list, so that the reader sees that it is empty."""

_VERSIONS = {
    0x0304: "13",
    0x0303: "12",
    0x0302: "11",
    0x0301: "10",
    0x0300: "s3",
    0x0002: "s2",
    0xFEFF: "d1",
    0xFEFD: "d2",
    0xFEFC: "d3",
}

_SNI, _ALPN = 0x0000, 0x0010

MEMO_SIZE = 4096


class HelloShape(NamedTuple):
    """What a ClientHello shows of the software that wrote it: all but random and addresses.

    Lists stand as the bytes of the wire, so that the shape of a repeated hello is found in a
    memo at little cost.
    """

    version: int
    """The legacy version field of the hello."""

    ciphers: bytes
    extensions: tuple[int, ...]
    """Types in the order sent."""

    versions: bytes
    """The list of extension 43, empty where there is none."""

    groups: bytes
    formats: bytes
    """Point formats, one byte each."""

    signatures: bytes
    alpn: bytes
    """First protocol name offered."""


class Fingerprint(NamedTuple):
    """Fingerprints of one hello."""

    ja4: str
    ja3: str
    """MD5 in hex."""

    version: int
    """Highest version offered, 0 when none could be read."""


def is_grease(value: int) -> bool:
    """Whether a value is one of the sixteen reserved to keep servers tolerant, RFC 8701 §2."""
    return value & 0x0F0F == 0x0A0A and value >> 8 == value & 0xFF


def words(data: bytes) -> tuple[int, ...]:
    """Return a list of 16-bit values; an odd last byte is left out."""
    count = len(data) // 2
    return struct.unpack_from(f">{count}H", data)


def _offered(shape: HelloShape) -> int:
    """Return the highest version offered; of DTLS, whose numbers fall, the lowest number."""
    known = [v for v in words(shape.versions) if not is_grease(v)]
    if not known:
        return shape.version
    datagram = [v for v in known if v >= 0xFE00]
    return min(datagram) if datagram else max(known)


def _alpn_letters(name: bytes) -> str:
    if not name:
        return "00"
    ends = bytes((name[0], name[-1]))
    if ends.isalnum():
        return ends.decode("ascii")
    spelled = name.hex()
    return spelled[0] + spelled[-1]


def _hash12(text: str) -> str:
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:12]


def _hex_list(values: list[int]) -> str:
    return ",".join(f"{value:04x}" for value in values)


def _ja4(shape: HelloShape, transport: str, version: int) -> str:
    ciphers = sorted(c for c in words(shape.ciphers) if not is_grease(c))
    extensions = sorted(e for e in shape.extensions if not is_grease(e))
    signatures = [s for s in words(shape.signatures) if not is_grease(s)]
    counted = (
        f"{transport}{_VERSIONS.get(version, '00')}{'d' if _SNI in extensions else 'i'}"
        f"{min(len(ciphers), 99):02d}{min(len(extensions), 99):02d}{_alpn_letters(shape.alpn)}"
    )
    hashed = _hex_list([e for e in extensions if e not in (_SNI, _ALPN)])
    if hashed and signatures:
        hashed += "_" + _hex_list(signatures)
    first = _hash12(_hex_list(ciphers)) if ciphers else _NO_HASH
    second = _hash12(hashed) if hashed else _NO_HASH
    return f"{counted}_{first}_{second}"


def _ja3(shape: HelloShape) -> str:
    lists = (
        words(shape.ciphers),
        shape.extensions,
        words(shape.groups),
        tuple(shape.formats),
    )
    parts = [str(shape.version)]
    # A point format is one byte and never GREASE.
    parts.extend("-".join(str(v) for v in values if not is_grease(v)) for values in lists)
    text = ",".join(parts).encode("ascii")
    return hashlib.md5(text, usedforsecurity=False).hexdigest()


@functools.lru_cache(maxsize=MEMO_SIZE)
def fingerprint(shape: HelloShape, transport: str) -> Fingerprint:
    """Return the fingerprints of a hello.

    Args:
        shape: What the hello shows.
        transport: ``t`` for TLS over TCP, ``q`` for QUIC, ``d`` for DTLS.

    Source:
        FoxIO-LLC/ja4, technical_details/JA4.md; salesforce/ja3, README.
    """
    version = _offered(shape)
    return Fingerprint(_ja4(shape, transport, version), _ja3(shape), version)
