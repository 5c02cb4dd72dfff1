"""The ClientHello, as TLS, QUIC and DTLS share it: names, protocols, versions, fingerprints."""

import functools
import struct
from typing import NamedTuple

from monitor.dissect.ja4 import MEMO_SIZE, HelloShape, fingerprint
from monitor.dissect.text import host_of, safe
from monitor.model.facts import Fact

VERSION_NAMES = {
    0x0002: "SSL 2.0",
    0x0300: "SSL 3.0",
    0x0301: "TLS 1.0",
    0x0302: "TLS 1.1",
    0x0303: "TLS 1.2",
    0x0304: "TLS 1.3",
    0x0100: "DTLS 0.9",
    0xFEFF: "DTLS 1.0",
    0xFEFD: "DTLS 1.2",
    0xFEFC: "DTLS 1.3",
}
"""Versions by their number; 0x0100 is what OpenSSL before 0.9.8f sent as DTLS."""

_SNI, _GROUPS, _FORMATS, _SIGNATURES, _ALPN, _VERSIONS = 0, 10, 11, 13, 16, 43
_READ = frozenset((_SNI, _GROUPS, _FORMATS, _SIGNATURES, _ALPN, _VERSIONS))

MAX_EXTENSIONS = 128
MAX_ALPN = 8

MAX_LIST = 1024
"""Bytes kept of a list: more than all registered values. Bounds what the memos hold."""

_PAIR = struct.Struct(">HH").unpack_from


class ClientHello(NamedTuple):
    """A ClientHello, as far as it could be read."""

    sni: str
    """Server name in lower case; empty where there is none."""

    alpn: tuple[bytes, ...]
    shape: HelloShape
    is_cut: bool
    """The bytes ended before the hello did, or its lengths lie; the shape is then not whole."""


def _body(data: bytes, at: int, has_cookie: bool) -> tuple[bytes, int, int, bool] | None:
    """Find what stands behind version and random; None when lengths are absurd.

    Returns:
        The cipher list, the offset of the first extension (0 where there are none), the offset
        behind the last, and whether bytes are missing.
    """
    size = len(data)
    at += 34
    if at >= size:
        return b"", 0, size, True
    if data[at] > 32:
        return None
    at += 1 + data[at]
    if has_cookie:
        if at >= size:
            return b"", 0, size, True
        at += 1 + data[at]
    if at + 2 > size:
        return b"", 0, size, True
    length = data[at] << 8 | data[at + 1]
    if length & 1 or not length:
        return None
    ciphers = data[at + 2 : at + 2 + length]
    at += 2 + length
    if at >= size:
        return ciphers, 0, size, True
    if not 0 < data[at] < 8:
        return None
    at += 1 + data[at]
    if at + 2 > size:
        # A hello may end here: SSL 3.0 and the oldest TLS clients send no extensions.
        return ciphers, 0, size, at != size
    end = at + 2 + (data[at] << 8 | data[at + 1])
    return (ciphers, at + 2, end, False) if end <= size else (ciphers, at + 2, size, True)


_Extensions = tuple[tuple[int, ...], dict[int, bytes], bool]
"""Types in order, the values that are read, and whether the walk ended early."""


def _walk(block: bytes) -> _Extensions:
    types: list[int] = []
    values: dict[int, bytes] = {}
    at, end = 0, len(block)
    for _ in range(MAX_EXTENSIONS):
        if at + 4 > end:
            break
        kind, length = _PAIR(block, at)
        types.append(kind)
        at += 4
        if kind in _READ:
            values[kind] = block[at : at + length]
        at += length
    return tuple(types), values, at != end


_walk_once = functools.lru_cache(maxsize=MEMO_SIZE)(_walk)

_KEY_SHARE = b"\x00\x33\x00"
_REPEATED = 512


def _extensions(block: bytes) -> _Extensions:
    """Read a block of extensions; the caller does not change what it gets.

    Below TLS 1.3 a client sends the same block to the same server again and again. A key share is
    new each time, so a block that may hold one is not looked for in the memo.
    """
    if len(block) > _REPEATED or _KEY_SHARE in block:
        return _walk(block)
    return _walk_once(block)


def _server_name(data: bytes) -> str:
    """Return the first host name of extension 0, RFC 6066 §3."""
    if len(data) < 5 or data[2]:
        return ""
    length = data[3] << 8 | data[4]
    return _host(data[5 : 5 + min(length, 255)])


_host = functools.lru_cache(maxsize=MEMO_SIZE)(host_of)


@functools.lru_cache(maxsize=MEMO_SIZE)
def alpn_names(data: bytes) -> tuple[bytes, ...]:
    """Return the protocol names of extension 16, RFC 7301 §3.1; at most `MAX_ALPN`."""
    names: list[bytes] = []
    at = 2
    while at < len(data) and len(names) < MAX_ALPN:
        names.append(data[at + 1 : at + 1 + data[at]])
        at += 1 + data[at]
    return tuple(names)


def parse_client_hello(data: bytes, at: int = 0, has_cookie: bool = False) -> ClientHello | None:
    """Return the ClientHello whose body (behind the handshake header) starts at `at`.

    Args:
        data: Handshake bytes; may end before the hello does.
        at: Offset of the legacy version.
        has_cookie: The hello is DTLS's, with a cookie behind the session id.

    Returns:
        What could be read, or None when the bytes cannot be a ClientHello.

    Source:
        RFC 8446 §4.1.2, RFC 5246 §7.4.1.2, RFC 6347 §4.2.1.
    """
    if at + 2 > len(data):
        return None
    version = data[at] << 8 | data[at + 1]
    if version not in VERSION_NAMES:
        return None
    body = _body(data, at, has_cookie)
    if body is None:
        return None
    ciphers, start, end, is_cut = body
    types, values, is_short = _extensions(data[start:end]) if start else ((), {}, False)
    value = values.get
    names = value(_ALPN, b"")
    alpn = alpn_names(names[:MAX_LIST]) if names else ()
    signatures = value(_SIGNATURES, b"")[2:]
    groups = value(_GROUPS, b"")[2:]
    shape = HelloShape(
        version,
        ciphers[:MAX_LIST],
        types,
        value(_VERSIONS, b"")[1:256],
        groups[:MAX_LIST],
        value(_FORMATS, b"")[1:MAX_LIST],
        signatures[:MAX_LIST],
        alpn[0] if alpn else b"",
    )
    is_cut |= is_short or max(len(ciphers), len(signatures), len(groups)) > MAX_LIST
    sni = _server_name(values[_SNI]) if _SNI in values else ""
    return ClientHello(sni, alpn, shape, is_cut)


@functools.lru_cache(maxsize=MEMO_SIZE)
def _shape_facts(
    shape: HelloShape, alpn: tuple[bytes, ...], transport: str, is_cut: bool
) -> tuple[Fact, ...]:
    facts = [Fact("tls.alpn", safe(name, 64)) for name in alpn if name]
    found = fingerprint(shape, transport)
    name = VERSION_NAMES.get(found.version)
    if name:
        facts.append(Fact("tls.version", name))
    if not is_cut:
        facts.extend((Fact("tls.ja4", found.ja4), Fact("tls.ja3", found.ja3)))
    return tuple(facts)


def hello_facts(hello: ClientHello, transport: str) -> tuple[Fact, ...]:
    """Return the facts of a hello; fingerprints only where it is whole.

    Args:
        hello: The hello.
        transport: ``t``, ``q`` or ``d``, as JA4 has it.
    """
    facts = _shape_facts(hello.shape, hello.alpn, transport, hello.is_cut)
    return (Fact("tls.sni", hello.sni), *facts) if hello.sni else facts
