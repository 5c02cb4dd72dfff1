"""Text from the wire, made safe to print."""

_SHORT = {"\t": "\\t", "\n": "\\n", "\r": "\\r", "\\": "\\\\"}


def shown(text: str, most: int = 400) -> str:
    r"""Return text without anything that a terminal would obey, cut to a length.

    Control characters of both sets, escapes, marks that turn the direction of writing, lone
    surrogates and unassigned characters are written as ``\x1b`` or ``\u202e``. A name in a
    capture can hold all of them.

    Args:
        text: Any text.
        most: Characters to keep; what is longer ends in ``…``.
    """
    cut = text if len(text) <= most else text[: most - 1] + "…"
    if cut.isprintable():
        return cut
    return "".join(one if one.isprintable() else _escaped(one) for one in cut)


def shown_bytes(data: bytes) -> str:
    r"""Return bytes as ASCII, all else as ``\x00``, so that text in them can be read."""
    return "".join(
        _SHORT[chr(byte)]
        if chr(byte) in _SHORT
        else chr(byte)
        if 0x20 <= byte < 0x7F
        else f"\\x{byte:02x}"
        for byte in data
    )


def _escaped(one: str) -> str:
    if one in _SHORT:
        return _SHORT[one]
    code = ord(one)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
