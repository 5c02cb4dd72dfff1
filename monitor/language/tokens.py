"""Cuts a condition into words, quoted texts and signs, each with its column."""

from enum import Enum
from typing import NamedTuple

SIGNS = ("!=", "!~", "<=", ">=", "=", "<", ">", "~", "(", ")", ",")
"""Longest first, so that ``<=`` is not ``<`` and ``=``."""

_ENDS_WORD = frozenset("=<>~!(),\"'")


class Kind(Enum):
    """What a token is."""

    WORD = "word"
    QUOTED = "quoted text"
    SIGN = "sign"
    END = "end"


class Token(NamedTuple):
    """One token."""

    kind: Kind
    text: str
    """Without quotes and their escapes."""

    column: int
    """Of its first character, counted from 1."""


class ExpressionError(ValueError):
    """A condition cannot be understood: where, why, and what may have been meant."""

    def __init__(self, column: int, reason: str, hint: str = "") -> None:
        super().__init__(f"column {column}: {reason}" + (f"; {hint}" if hint else ""))
        self.column = column
        """Counted from 1."""

        self.reason = reason
        self.hint = hint
        """What to do about it, empty where nobody can tell."""


def tokens(text: str) -> list[Token]:
    """Return the tokens of a text; the last is always of kind `Kind.END`.

    Raises:
        ExpressionError: A quote is not closed, or a character has no meaning.
    """
    found = []
    at = 0
    while at < len(text):
        char = text[at]
        if char.isspace():
            at += 1
        elif char in "\"'":
            value, end = _quoted(text, at)
            found.append(Token(Kind.QUOTED, value, at + 1))
            at = end
        elif sign := next((s for s in SIGNS if text.startswith(s, at)), ""):
            found.append(Token(Kind.SIGN, sign, at + 1))
            at += len(sign)
        elif char == "!":
            raise ExpressionError(at + 1, "'!' alone has no meaning", "write 'not', '!=' or '!~'")
        else:
            end = at
            while end < len(text) and text[end] not in _ENDS_WORD and not text[end].isspace():
                end += 1
            found.append(Token(Kind.WORD, text[at:end], at + 1))
            at = end
    found.append(Token(Kind.END, "", len(text) + 1))
    return found


def _quoted(text: str, begin: int) -> tuple[str, int]:
    """Return a quoted text, and where it ends."""
    made: list[str] = []
    at = begin + 1
    while at < len(text):
        if text[at] == text[begin]:
            return "".join(made), at + 1
        if text[at] == "\\" and at + 1 < len(text):
            at += 1
        made.append(text[at])
        at += 1
    raise ExpressionError(begin + 1, "the quote is not closed", f"end it with {text[begin]}")


def is_plain(text: str) -> bool:
    """Return whether a text stands for itself without quotes."""
    return bool(text) and not any(char in _ENDS_WORD or char.isspace() for char in text)
