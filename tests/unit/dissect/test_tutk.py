from monitor.dissect.tutk import DISSECTORS, unscramble
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_p2p import tutk, tutk_header, tutk_new, udp

OLD, NEW = DISSECTORS


def test_unscrambling_undoes_what_a_sender_does() -> None:
    header = tutk_header(0x0601, 64)
    assert unscramble(tutk(header, b"")) == header


def test_zeros_unscramble_to_the_known_text_turned() -> None:
    """Worked by hand: zeros stay zeros until the text is mixed in; its words turn by i + 1."""
    first = int.from_bytes(b"Char", "little")
    turned = (first << 1 | first >> 31) & 0xFFFFFFFF
    assert unscramble(bytes(16))[:4] == turned.to_bytes(4, "little")


def test_a_search_is_named() -> None:
    answer = OLD.dissect(udp(10001, tutk(tutk_header(0x0601, 64), bytes(64))))
    assert answer == Dissection(
        "tutk", (Fact("tutk.version", "18"), Fact("tutk.message", "search"))
    )


def test_a_length_that_lies_is_not_tutk() -> None:
    assert OLD.dissect(udp(10001, tutk(tutk_header(0x0601, 64), bytes(63)))) is None


def test_the_newer_framing_is_known_by_its_magic_and_length() -> None:
    answer = NEW.dissect(udp(32761, tutk_new(0x1002, bytes(24))))
    assert answer == Dissection(
        "tutk", (Fact("tutk.version", "cc51"), Fact("tutk.message", "search"))
    )
    assert NEW.dissect(udp(32761, tutk_new(0x1002, bytes(24)) + b"x")) is None
