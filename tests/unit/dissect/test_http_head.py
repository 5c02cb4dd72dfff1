import pytest

from monitor.dissect.http_head import MAX_HEAD, body_end, body_start, clean, number, read_head


def test_lines_that_end_in_a_line_feed_alone_are_read() -> None:
    head = read_head(b"GET /x HTTP/1.0\nHost: h\nUser-Agent: u\n\nbody")
    assert head is not None
    assert head.fields == {"host": "h", "user-agent": "u"}
    assert head.body_at == 39
    assert not head.is_cut


def test_the_first_of_equal_fields_wins() -> None:
    head = read_head(b"GET / HTTP/1.1\r\nHOST: one\r\nHost: two\r\n\r\n")
    assert head is not None
    assert head.fields["host"] == "one"


def test_a_target_with_spaces_is_kept_whole() -> None:
    head = read_head(b"GET /a b c HTTP/1.1\r\n\r\n")
    assert head is not None
    assert head.target == b"/a b c"


@pytest.mark.parametrize("line", [b"GET /x", b"M-SEARCH * HTTP/1.1", b"POST http://h/"])
def test_a_known_method_counts_where_the_bytes_end_in_its_line(line: bytes) -> None:
    head = read_head(line)
    assert head is not None
    assert head.is_cut


@pytest.mark.parametrize("line", [b"FOO /x", b"GET x", b"GET /x FTP/1", b"G / HTTP/1.1\r\n"])
def test_what_could_be_anything_does_not(line: bytes) -> None:
    assert read_head(line) is None


def test_an_unknown_method_counts_with_a_version() -> None:
    head = read_head(b"FROB /x HTTP/1.1\r\n\r\n")
    assert head is not None
    assert head.method == "FROB"


def test_a_head_longer_than_the_bound_is_cut() -> None:
    head = read_head(b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"a" * 2 * MAX_HEAD + b"\r\n\r\n")
    assert head is not None
    assert head.is_cut
    assert head.body_at == MAX_HEAD


@pytest.mark.parametrize(
    ("body", "start", "end"),
    [
        (b"5\r\nhello\r\n0\r\n\r\n", 3, 15),
        (b"5;x=1\r\nhello\r\n0\r\n\r\n", 7, 19),
        (b"5\r\nhel", 3, -1),
        (b"zz\r\n", 0, -1),
        (b"", 0, -1),
    ],
)
def test_a_chunked_body_is_measured_by_its_chunks(body: bytes, start: int, end: int) -> None:
    data = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"
    head = read_head(data + body)
    assert head is not None
    assert body_start(data + body, head) - len(data) == start
    assert body_end(data + body, head) == (end if end < 0 else len(data) + end)


def test_a_body_that_goes_on_behind_the_bytes_has_no_end() -> None:
    data = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"
    head = read_head(data)
    assert head is not None
    assert body_end(data, head) == -1


@pytest.mark.parametrize(("text", "value"), [("12", 12), ("", -1), ("-1", -1), ("9" * 16, -1)])
def test_lengths_are_decimal_numbers_of_a_sane_size(text: str, value: int) -> None:
    assert number(text) == value


def test_field_values_become_safe_text() -> None:
    assert clean("a\x07b\xff", 64) == "a\\x07b\\xff"
