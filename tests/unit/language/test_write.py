import pytest

from monitor.language import parse, write


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("((port = 1))", "port = 1"),
        ("(a or b) and c", "(port = 1 or port = 2) and port = 3"),
        ("a or b and c", "port = 1 or port = 2 and port = 3"),
        ("not (a and b)", "not (port = 1 and port = 2)"),
        ("not port in (1)", "port not in (1)"),
        ("not not port in (1)", "not port not in (1)"),
        ("out_bytes > 20000", "out_bytes > 20kB"),
        ("operator_country in (CN,RU)", "operator_country in (CN, RU)"),
        ("as_org = 'a \"b\"'", 'as_org = "a \\"b\\""'),
    ],
)
def test_a_condition_is_written_with_as_few_signs_as_it_needs(text: str, written: str) -> None:
    for letter, port in (("a", 1), ("b", 2), ("c", 3)):
        text = " ".join(
            word.replace(letter, f"port = {port}") if word.strip("()") == letter else word
            for word in text.split(" ")
        )
    assert write(parse(text)) == written
    assert write(parse(written)) == written
