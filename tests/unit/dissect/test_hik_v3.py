from monitor.dissect.hik_v3 import DISSECTOR
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_p2p import udp, v3


def test_set_up_and_punch_are_named() -> None:
    answer = DISSECTOR.dissect(udp(6000, v3(0x0B02, bytes(9)), resp=(v3(0x0C00),)))
    assert answer == Dissection(
        "hik-v3", (Fact("hik-v3.command", "setup"), Fact("hik-v3.command", "punch"))
    )


def test_another_command_or_a_header_too_long_is_not_v3() -> None:
    assert DISSECTOR.dissect(udp(6000, v3(0x1234))) is None
    assert DISSECTOR.dissect(udp(6000, v3(0x0B02)[:10] + b"\x20\x55")) is None
