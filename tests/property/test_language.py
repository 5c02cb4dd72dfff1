"""The language of conditions: text and tree are the same thing, and no text breaks the reader."""

import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from monitor.language import (
    FIELDS,
    Compare,
    Expression,
    ExpressionError,
    Field,
    Not,
    OneOf,
    Op,
    Type,
    Value,
    Where,
    parse,
    write,
)
from monitor.language.tree import all_of, any_of

RULE_FIELDS = [field for field in FIELDS.values() if Where.RULE in field.where]
ORDER = (Op.LT, Op.LE, Op.GT, Op.GE)


def networks() -> st.SearchStrategy[Value]:
    v4 = st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 32))
    v6 = st.tuples(st.integers(0, 2**128 - 1), st.integers(0, 128))
    return st.one_of(
        v4.map(lambda p: ipaddress.ip_network((p[0], p[1]), strict=False)),
        v6.map(lambda p: ipaddress.ip_network((p[0], p[1]), strict=False)),
    )


def values(field: Field) -> st.SearchStrategy[Value]:
    by_type: dict[Type, st.SearchStrategy[Value]] = {
        Type.TEXT: st.none() | st.text(min_size=1, max_size=12),
        Type.WORD: st.sampled_from(field.words or ("x",)),
        Type.NUMBER: st.none() | st.integers(0, 2**63 - 1),
        # The years 1 to 9999, in steps of a microsecond.
        Type.TIME: st.integers(-62_135_596_800 * 10**6, 253_402_300_799 * 10**6).map(
            lambda us: us * 1000
        ),
        Type.ADDRESS: st.none() | networks(),
        Type.FLAG: st.booleans(),
    }
    return by_type[field.type]


@st.composite
def comparisons(draw: st.DrawFn) -> Expression:
    field = draw(st.sampled_from(RULE_FIELDS))
    if draw(st.booleans()):
        return OneOf(field, tuple(draw(st.lists(values(field), min_size=1, max_size=4))))
    if field.type is Type.TEXT and draw(st.booleans()):
        text = draw(st.tuples(st.text(max_size=6), st.sampled_from("*?"), st.text(max_size=6)))
        return Compare(field, draw(st.sampled_from([Op.LIKE, Op.UNLIKE])), "".join(text))
    has_order = field.is_ordered or field.type in (Type.NUMBER, Type.TIME)
    op = draw(st.sampled_from([Op.EQ, Op.NE, *(ORDER if has_order else ())]))
    value = draw(values(field))
    if value is None:
        op = Op.EQ
    return Compare(field, op, value)


def joined(parts: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    several = st.lists(parts, min_size=2, max_size=3)
    return st.one_of(parts.map(Not), several.map(all_of), several.map(any_of))


TREES = st.recursive(comparisons(), joined, max_leaves=8)


@given(TREES)
def test_reading_what_was_written_gives_the_same_tree(tree: Expression) -> None:
    assert parse(write(tree), Where.RULE) == tree


@given(st.text() | st.text(alphabet="port=1 and(or)not in'\"~!<>,.*kB"))
def test_any_text_is_read_or_refused_with_a_column_in_it(text: str) -> None:
    column = 1
    try:
        parse(text, Where.RULE)
    except ExpressionError as error:
        column = error.column
    assert 1 <= column <= len(text) + 1
