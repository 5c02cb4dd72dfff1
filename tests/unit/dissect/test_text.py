import pytest

from monitor.dissect.text import host_of, safe


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"plain text", "plain text"),
        (b"line\r\nend\x00", "line\\x0d\\x0aend\\x00"),
        (b"caf\xc3\xa9", "caf\\xc3\\xa9"),
        (b"a\\b", "a\\\\b"),
        (b"\x1b[31m", "\\x1b[31m"),
    ],
)
def test_bytes_that_a_terminal_would_obey_are_spelled_out(data: bytes, text: str) -> None:
    assert safe(data) == text


def test_text_is_cut_at_its_limit() -> None:
    assert safe(b"x" * 1000) == "x" * 512
    assert safe(b"\x00" * 10, 8) == "\\x00\\x00"


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"WWW.Example.COM.", "www.example.com"),
        (b" spaced.example ", "spaced.example"),
        (b"*.immedia-semi.com", "*.immedia-semi.com"),
        (b"", ""),
    ],
)
def test_a_host_name_is_lower_case_without_a_final_dot(data: bytes, name: str) -> None:
    assert host_of(data) == name
