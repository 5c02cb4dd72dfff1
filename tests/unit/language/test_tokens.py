import pytest

from monitor.language.tokens import ExpressionError, Kind, is_plain, tokens


def test_signs_need_no_spaces_and_columns_count_from_one() -> None:
    assert [(t.text, t.column) for t in tokens("a>=5and(b !~'x y')")] == [
        ("a", 1), (">=", 2), ("5and", 4), ("(", 8), ("b", 9), ("!~", 11), ("x y", 13), (")", 18),
        ("", 19),
    ]  # fmt: skip


def test_a_quoted_text_may_hold_quotes_and_signs() -> None:
    (token, _) = tokens(r'"say \"and\" = \\"')
    assert (token.kind, token.text) == (Kind.QUOTED, 'say "and" = \\')


@pytest.mark.parametrize(("text", "column"), [('name = "abc', 8), ("a ! b", 3), ("'\\", 1)])
def test_what_has_no_meaning_is_pointed_at(text: str, column: int) -> None:
    with pytest.raises(ExpressionError) as error:
        tokens(text)
    assert error.value.column == column


def test_a_text_is_plain_when_it_is_one_word() -> None:
    assert is_plain("10.20.3.0/24")
    assert not is_plain("")
    assert not is_plain("two words")
    assert not is_plain("a=b")
