"""Bytes from the wire made into text that is safe to show, store and compare."""

TEXT_LEN = 512
"""Longest text that a fact keeps, in characters; the rest is cut off."""


def _escape(byte: int) -> str:
    """Return a printable form of one byte; the backslash is doubled so that the form is unique."""
    if byte == 0x5C:
        return "\\\\"
    return chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}"


_TABLE = {byte: _escape(byte) for byte in range(256)}


def safe(data: bytes, limit: int = TEXT_LEN) -> str:
    r"""Return bytes as printable ASCII, at most `limit` characters; others stand as ``\xNN``.

    Examples:
        >>> print(safe(b"caf\xc3\xa9\r\n"))
        caf\xc3\xa9\x0d\x0a
    """
    data = data[:limit]
    text = data.decode("latin-1")
    if text.isascii() and text.isprintable() and "\\" not in text:
        return text
    return text.translate(_TABLE)[:limit]


def host_of(data: bytes, limit: int = 255) -> str:
    r"""Return a host name in lower case, without a final dot.

    Examples:
        >>> host_of(b"Api.Example.COM.")
        'api.example.com'
    """
    text = safe(data.strip(), limit).lower()
    return text.removesuffix(".")
