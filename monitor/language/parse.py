"""Reads a condition into its tree."""

import difflib
from typing import Final

from monitor.language.fields import FIELDS, Field, Type, Where
from monitor.language.tokens import ExpressionError, Kind, Token, tokens
from monitor.language.tree import Compare, Expression, Not, OneOf, Op, Value, all_of, any_of
from monitor.language.values import ValueFault, read_value

__all__ = ["ExpressionError", "parse"]

MOST_CHARACTERS: Final = 8000
MOST_NESTED: Final = 40
"""Parentheses and ``not`` inside one another: bounds the depth of recursion for whoever reads a tree."""

MOST_VALUES: Final = 1000
"""Values of one ``in (...)``."""

_ORDER: Final = frozenset({Op.LT, Op.LE, Op.GT, Op.GE})
_PATTERN: Final = frozenset({Op.LIKE, Op.UNLIKE})
_NOUNS: Final = {
    Where.RULE: "flows as they pass",
    Where.FLOW: "stored flows",
    Where.ALERT: "alerts",
    Where.CAMERA: "cameras",
}
_KEYWORDS: Final = frozenset({"and", "or", "not", "in"})


def parse(text: str, where: Where = Where.FLOW) -> Expression:
    """Return the tree of a condition.

    ``not`` binds closest, then ``and``, then ``or``; parentheses group.

    Args:
        text: Such as ``purpose = diagnostics and operator_country in (CN, RU) and out_bytes > 20kB``.
        where: What it is about; a field that does not apply there is refused.

    Raises:
        ExpressionError: With the column, the reason and, for an unknown name, the nearest one.
    """
    if len(text) > MOST_CHARACTERS:
        raise ExpressionError(MOST_CHARACTERS, f"longer than {MOST_CHARACTERS} characters")
    reader = _Reader(tokens(text), where)
    if reader.is_done():
        raise ExpressionError(1, "nothing is asked for", "write one like purpose = diagnostics")
    tree = reader.any(0)
    if not reader.is_done():
        raise reader.wrong("expected 'and', 'or' or the end")
    return tree


class _Reader:
    def __init__(self, found: list[Token], where: Where) -> None:
        self._tokens = found
        self._at = 0
        self._where = where

    @property
    def next(self) -> Token:
        return self._tokens[self._at]

    def is_done(self) -> bool:
        return self.next.kind is Kind.END

    def wrong(self, reason: str, hint: str = "") -> ExpressionError:
        token = self.next
        found = f"'{token.text}'" if token.kind is not Kind.END else "the end"
        return ExpressionError(token.column, f"{reason}, found {found}", hint)

    def any(self, depth: int) -> Expression:
        parts = [self._all(depth)]
        while self._takes_word("or"):
            parts.append(self._all(depth))
        return any_of(parts)

    def _all(self, depth: int) -> Expression:
        parts = [self._one(depth)]
        while self._takes_word("and"):
            parts.append(self._one(depth))
        return all_of(parts)

    def _one(self, depth: int) -> Expression:
        if depth > MOST_NESTED:
            raise ExpressionError(self.next.column, f"nested deeper than {MOST_NESTED}")
        if self._takes_word("not"):
            return Not(self._one(depth + 1))
        if self._takes_sign("("):
            tree = self.any(depth + 1)
            if not self._takes_sign(")"):
                raise self.wrong("expected ')'")
            return tree
        return self._comparison()

    def _comparison(self) -> Expression:
        field = self._field()
        word = self.next
        if self._takes_word("not"):
            if not self._takes_word("in"):
                raise self.wrong("expected 'in' after 'not'")
            return Not(OneOf(field, self._values(field)))
        if self._takes_word("in"):
            return OneOf(field, self._values(field))
        if word.kind is not Kind.SIGN or word.text not in tuple(Op):
            raise self.wrong(
                f"expected a comparison after '{field.name}'", f"write one like {field.example}"
            )
        op = Op(word.text)
        self._check(field, op, word.column)
        self._at += 1
        return Compare(field, op, self._value(field, op))

    def _field(self) -> Field:
        token = self.next
        if token.kind is not Kind.WORD or token.text.lower() in _KEYWORDS:
            raise self.wrong("expected the name of a field")
        field = FIELDS.get(token.text.lower())
        here = [name for name, known in FIELDS.items() if self._where in known.where]
        if field is None or self._where not in field.where:
            near = difflib.get_close_matches(token.text.lower(), here, n=1, cutoff=0.5)
            hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(here)}"
            reason = (
                f"no field '{token.text}'"
                if field is None
                else f"'{field.name}' is not known of {_NOUNS[self._where]}"
            )
            raise ExpressionError(token.column, reason, hint)
        self._at += 1
        return field

    def _check(self, field: Field, op: Op, column: int) -> None:
        """Refuse a comparison that has no meaning for the type."""
        has_order = field.type in (Type.NUMBER, Type.TIME) or field.is_ordered
        if op in _ORDER and not has_order:
            raise ExpressionError(column, f"'{field.name}' has no order", "use = or !=")
        if op in _PATTERN and field.type is not Type.TEXT:
            raise ExpressionError(column, f"'{field.name}' is no text", "use = or in (...)")

    def _values(self, field: Field) -> tuple[Value, ...]:
        if not self._takes_sign("("):
            raise self.wrong("expected '(' after 'in'", f"write {field.name} in (one, other)")
        values = [self._value(field, Op.EQ)]
        while self._takes_sign(","):
            if len(values) >= MOST_VALUES:
                raise ExpressionError(self.next.column, f"more than {MOST_VALUES} values")
            values.append(self._value(field, Op.EQ))
        if not self._takes_sign(")"):
            raise self.wrong("expected ',' or ')'")
        return tuple(values)

    def _value(self, field: Field, op: Op) -> Value:
        token = self.next
        if token.kind not in (Kind.WORD, Kind.QUOTED):
            raise self.wrong("expected a value", f"write one like {field.example}")
        try:
            value = read_value(field, op, token.text, is_quoted=token.kind is Kind.QUOTED)
        except ValueFault as fault:
            raise ExpressionError(token.column, *fault.args) from None
        self._at += 1
        return value

    def _takes_word(self, word: str) -> bool:
        token = self.next
        if token.kind is Kind.WORD and token.text.lower() == word:
            self._at += 1
            return True
        return False

    def _takes_sign(self, sign: str) -> bool:
        token = self.next
        if token.kind is Kind.SIGN and token.text == sign:
            self._at += 1
            return True
        return False
