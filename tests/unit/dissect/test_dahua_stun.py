from monitor.dissect.dahua_stun import DISSECTOR
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_p2p import XOR_MAPPED, stun, udp


def _complement(data: bytes) -> bytes:
    return bytes(255 - byte for byte in data)


def test_the_complement_is_read_as_stun() -> None:
    answer = DISSECTOR.dissect(
        udp(8802, _complement(stun(0x0001)), resp=(_complement(stun(0x0101, XOR_MAPPED)),))
    )
    assert answer == Dissection(
        "dahua-stun",
        (
            Fact("dahua-stun.method", "binding"),
            Fact("dahua-stun.class", "request"),
            Fact("dahua-stun.class", "success"),
            Fact("dahua-stun.mapped", "192.0.2.9:5000"),
        ),
    )


def test_plain_stun_and_a_damaged_message_are_not() -> None:
    assert DISSECTOR.dissect(udp(8802, stun(0x0001))) is None
    assert DISSECTOR.dissect(udp(8802, _complement(stun(0x0001, XOR_MAPPED))[:-1])) is None
