"""What of a ClientHello comes again: all but random, session id and key share."""

from monitor.dissect.tls_handshake import CLIENT_HELLO

MAX_KEY = 768
"""Bytes of the longest key; hellos of which more comes again are not worth the room."""

_HANDSHAKE = 22
_KEY_SHARE = b"\x00\x33\x00"
"""Start of the extension, RFC 8446 §4.2.8, that is shorter than 256 bytes."""


def _share_at(stream: bytes, tail: int, mark: int) -> bool:
    """Return whether a walk over the extensions comes by `mark`.

    Args:
        stream: A record of one hello.
        tail: Offset of the cipher suites.
        mark: Offset of what may be an extension's start.
    """
    size = len(stream)
    at = tail + 2 + (stream[tail] << 8 | stream[tail + 1])
    if at >= size:
        return False
    at += 3 + stream[at]
    while at < mark:
        at += 4 + (stream[at + 2] << 8 | stream[at + 3])
    return at == mark


def repeat_key(stream: bytes) -> bytes:
    """Return the bytes that decide what a stream of one whole ClientHello tells.

    Streams with equal keys have equal facts. Empty where the stream is anything else, such as a
    hello with records behind it, or where no key can be sure.

    Source:
        RFC 8446 §4.1.2 and §5.1.
    """
    size = len(stream)
    if size < 48 or stream[0] != _HANDSHAKE or stream[1] != 3 or stream[2] > 4:
        return b""
    length = stream[3] << 8 | stream[4]
    inner = stream[6] << 16 | stream[7] << 8 | stream[8]
    tail = 44 + stream[43]
    if (
        stream[5] != CLIENT_HELLO
        or length != size - 5
        or inner != length - 4
        or tail > 76
        or tail + 2 > size
    ):
        return b""
    mark = stream.find(_KEY_SHARE, tail)
    if mark < 0:
        key = stream[9:11] + stream[tail:]
    else:
        # The same bytes may stand in another extension, where they would hide what counts.
        behind = mark + 4 + stream[mark + 3] if mark + 3 < size else size + 1
        if behind > size or not _share_at(stream, tail, mark):
            return b""
        key = stream[9:11] + stream[tail : mark + 4] + stream[behind:]
    return key if len(key) <= MAX_KEY else b""
