from monitor.dissect.baichuan import DISSECTOR
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_p2p import baichuan, tcp


def test_the_first_message_is_named() -> None:
    answer = DISSECTOR.dissect(tcp(9000, baichuan(1, b"")))
    assert answer == Dissection("baichuan", (Fact("baichuan.message", "login"),))


def test_an_unknown_class_or_a_huge_length_is_not_baichuan() -> None:
    assert DISSECTOR.dissect(tcp(9000, baichuan(1, b"", 0x1111))) is None
    assert DISSECTOR.dissect(tcp(9000, baichuan(1, b"")[:8] + b"\xff" * 12)) is None
