from monitor.dissect.miio import DISSECTOR
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_p2p import MIIO_HELLO, udp


def test_a_hello_and_a_command_are_told_apart() -> None:
    command = b"\x21\x31\x00\x40" + bytes(60)
    answer = DISSECTOR.dissect(udp(54321, MIIO_HELLO, command))
    assert answer == Dissection(
        "miio", (Fact("miio.message", "hello"), Fact("miio.message", "command"))
    )


def test_a_length_that_lies_is_not_miio() -> None:
    assert DISSECTOR.dissect(udp(8053, MIIO_HELLO + b"x")) is None
