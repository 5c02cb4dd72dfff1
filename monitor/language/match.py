"""What a comparison means for one value: the reference that every evaluation agrees with."""

import fnmatch
import re
from collections.abc import Callable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any

from monitor.language.fields import Field, Type
from monitor.language.tree import All, AnyOf, Compare, Expression, Not, OneOf, Op, Value

Test = Callable[[Any], bool]
"""Takes a value as records hold it: text (empty: unknown), int or None, bool, address as text; a
tuple of texts where the field has many."""


def test_of(leaf: Compare | OneOf) -> Test:
    """Return the test that a comparison makes of one value."""
    field = leaf.field
    if isinstance(leaf, OneOf):
        tests = [_equals(field, value) for value in leaf.values]
        if field.type in (Type.TEXT, Type.WORD) and not field.has_many:
            wanted = frozenset("" if v is None else str(v).lower() for v in leaf.values)
            return lambda value: value.lower() in wanted
        return _for_any(field, lambda value: any(test(value) for test in tests))
    if leaf.op is Op.EQ:
        return _for_any(field, _equals(field, leaf.value))
    if leaf.op is Op.NE:
        return _denied(_for_any(field, _equals(field, leaf.value)))
    if leaf.op is Op.LIKE:
        return _for_any(field, _like(str(leaf.value)))
    if leaf.op is Op.UNLIKE:
        return _denied(_for_any(field, _like(str(leaf.value))))
    return _ordered(field, leaf.op, leaf.value)


def holds(tree: Expression, values: Mapping[str, Any]) -> bool:
    """Return whether a condition holds for one thing, given as field name -> value."""
    if isinstance(tree, All):
        return all(holds(part, values) for part in tree.parts)
    if isinstance(tree, AnyOf):
        return any(holds(part, values) for part in tree.parts)
    if isinstance(tree, Not):
        return not holds(tree.part, values)
    return test_of(tree)(values[tree.field.name])


def pattern(text: str) -> re.Pattern[str]:
    """Return the regular expression of a pattern with ``*`` and ``?``; no case, whole text."""
    # fnmatch's expressions do not backtrack over stars; its brackets are no part of our language.
    return re.compile(fnmatch.translate(text.replace("[", "[[]")), re.IGNORECASE)


def _for_any(field: Field, test: Test) -> Test:
    if not field.has_many:
        return test
    return lambda values: any(test(value) for value in values)


def _denied(test: Test) -> Test:
    return lambda value: not test(value)


def _equals(field: Field, wanted: Value) -> Test:
    if wanted is None:
        return lambda value: value in ("", None) or (field.type is Type.NUMBER and value == 0)
    if isinstance(wanted, IPv4Network | IPv6Network):
        return lambda value: value != "" and ip_address(value) in wanted
    if isinstance(wanted, str):
        text = wanted.lower()
        return lambda value: value.lower() == text
    return lambda value: value == wanted


def _like(text: str) -> Test:
    found = pattern(text).match
    return lambda value: found(value) is not None


def _ordered(field: Field, op: Op, wanted: Value) -> Test:
    rank = field.words.index if field.is_ordered else int
    limit = rank(wanted)  # type: ignore[arg-type]  # the parser gives a word, or a number
    compare: dict[Op, Callable[[int], bool]] = {
        Op.LT: limit.__gt__,
        Op.LE: limit.__ge__,
        Op.GT: limit.__lt__,
        Op.GE: limit.__le__,
    }
    test = compare[op]
    return lambda value: value not in ("", None) and test(rank(value))
