import pytest

from monitor.language import (
    FIELDS,
    All,
    AnyOf,
    Compare,
    ExpressionError,
    Not,
    OneOf,
    Op,
    Where,
    parse,
)
from monitor.language.parse import MOST_NESTED, MOST_VALUES


def test_not_binds_closest_then_and_then_or() -> None:
    port, vlan, asn = (FIELDS[name] for name in ("port", "vlan", "asn"))
    assert parse("not port = 1 and vlan = 2 or asn = 3") == AnyOf(
        (
            All((Not(Compare(port, Op.EQ, 1)), Compare(vlan, Op.EQ, 2))),
            Compare(asn, Op.EQ, 3),
        )
    )


def test_not_in_is_the_opposite_of_in() -> None:
    assert parse("port not in (1, 2)") == parse("not port in (1, 2)")
    assert parse("port in (1)") == OneOf(FIELDS["port"], (1,))


def test_keywords_and_names_may_be_in_capitals_and_values_may_be_keywords() -> None:
    assert parse("PORT = 1 AND NOT name = and") == parse("port = 1 and not name = 'and'")


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("", 1, "nothing is asked for; write one like purpose = diagnostics"),
        ("operator_contry = CN", 1, "no field 'operator_contry'; did you mean 'operator_country'?"),
        ("port = 1 and purpos = dns", 14, "no field 'purpos'; did you mean 'purpose'?"),
        ("severity = high", 1, "'severity' is not known of stored flows; did you mean 'service'?"),
        ("port 5", 6, "expected a comparison after 'port', found '5'; write one like port in (23, 2323)"),
        ("port =", 7, "expected a value, found the end; write one like port in (23, 2323)"),
        ("(port = 1", 10, "expected ')', found the end"),
        ("port = 1 vlan = 2", 10, "expected 'and', 'or' or the end, found 'vlan'"),
        ("port = 1 and", 13, "expected the name of a field, found the end"),
        ("port in 5", 9, "expected '(' after 'in', found '5'; write port in (one, other)"),
        ("port in (5", 11, "expected ',' or ')', found the end"),
        ("port not 5", 10, "expected 'in' after 'not', found '5'"),
        ("purpose > dns", 9, "'purpose' has no order; use = or !="),
        ("camera ~ 10.*", 8, "'camera' is no text; use = or in (...)"),
        ("vlan < unknown", 8, "'unknown' is neither less nor more than anything; use = or !="),
        ("name = 'x", 8, "the quote is not closed; end it with '"),
    ],
)  # fmt: skip
def test_a_fault_says_where_why_and_what_may_have_been_meant(
    text: str, column: int, message: str
) -> None:
    with pytest.raises(ExpressionError) as error:
        parse(text)
    assert error.value.column == column
    assert str(error.value) == f"column {column}: {message}"


def test_a_field_is_asked_for_only_where_it_applies() -> None:
    parse("severity >= high and camera = 10.20.3.11", Where.ALERT)
    with pytest.raises(ExpressionError, match="'out_bytes' is not known of alerts"):
        parse("out_bytes > 1kB", Where.ALERT)


def test_depth_values_and_length_are_bounded() -> None:
    parse("not " * MOST_NESTED + "port = 1")
    with pytest.raises(ExpressionError, match="nested deeper"):
        parse("not " * (MOST_NESTED + 1) + "port = 1")
    with pytest.raises(ExpressionError, match="nested deeper"):
        parse("(" * 2000 + "port = 1")
    with pytest.raises(ExpressionError, match="values"):
        parse(f"port in ({', '.join(['1'] * (MOST_VALUES + 1))})")
    with pytest.raises(ExpressionError, match="characters"):
        parse("port = 1 or " * 1000 + "port = 1")
