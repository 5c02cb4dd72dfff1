from monitor.dissect.wire import (
    between,
    distinct,
    endpoint,
    header_lines,
    is_text,
    json_text,
    text,
)


def test_text_ends_at_a_nul_and_holds_no_control_character() -> None:
    assert text(b"DS-2CD\x1b[31m\x00rest") == "DS-2CD?[31m"


def test_text_is_cut_at_its_limit() -> None:
    assert text(b"x" * 500, 10) == "x" * 10


def test_an_empty_text_is_no_text() -> None:
    assert not is_text(b"")
    assert is_text(b"a\r\n\t~")
    assert not is_text(b"a\x7f")


def test_distinct_gives_each_value_once_and_at_most_eight() -> None:
    facts = distinct("a.b", ["x", "", "x", *"abcdefghi"])
    assert [fact.value for fact in facts] == ["x", "a", "b", "c", "d", "e", "f", "g"]


def test_the_first_of_equal_header_lines_wins() -> None:
    data = b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\ncseq: 2\r\nServer:  A B \r\n\r\nX: body"
    assert header_lines(data) == {"cseq": "1", "server": "A B"}


def test_an_address_needs_four_or_sixteen_bytes() -> None:
    assert endpoint(bytes([192, 0, 2, 1]), 80) == "192.0.2.1:80"
    assert endpoint(bytes.fromhex("20010db8" + "00" * 11 + "01"), 80) == "[2001:db8::1]:80"
    assert endpoint(b"abc", 80) == ""


def test_between_needs_both_marks() -> None:
    assert between(b"<a>x</a>", b"<a>", b"</a>") == "x"
    assert between(b"<a>x", b"<a>", b"</a>") == ""


def test_a_json_member_is_found_in_a_cut_text() -> None:
    assert json_text(b'{"a" : "b", "model":"X1", "c', b"model") == "X1"
    assert json_text(b'{"model": 5}', b"model") == ""
