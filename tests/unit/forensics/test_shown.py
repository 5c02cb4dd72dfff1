import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.forensics.shown import shown, shown_bytes

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("log.ys7.com", "log.ys7.com"),
        ("Überwachung 摄像头", "Überwachung 摄像头"),
        ("a\x1b]0;owned\x07b", r"a\x1b]0;owned\x07b"),
        ("\x1b[2J", r"\x1b[2J"),
        ("\x9b31m", r"\x9b31m"),
        ("one\r\ntwo\t", r"one\r\ntwo\t"),
        ("cam\u202egnp.exe", r"cam\u202egnp.exe"),
        ("\ud800", r"\ud800"),
        ("\U000e0041", r"\U000e0041"),
    ],
)
def test_what_a_terminal_would_obey_is_written_out(text: str, safe: str) -> None:
    assert shown(text) == safe


def test_long_text_is_cut_and_says_so() -> None:
    assert shown("a" * 50, 10) == "aaaaaaaaa…"


@given(st.text())
def test_no_text_leaves_a_control_character(text: str) -> None:
    assert not CONTROL.search(shown(text))


def test_bytes_are_shown_as_ascii_and_hex() -> None:
    assert shown_bytes(b'GET /\\ "x"\r\n\x00\x1b\xff') == r'GET /\\ "x"\r\n\x00\x1b\xff'


@given(st.binary())
def test_no_bytes_leave_a_control_character(data: bytes) -> None:
    text = shown_bytes(data)
    assert text.isascii()
    assert not CONTROL.search(text)
