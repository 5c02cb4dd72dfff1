import pytest

from monitor.dissect.edimax import DISSECTOR
from monitor.model.facts import Conversation, Dissection, Fact
from tests.support.payloads_net import edimax
from tests.support.payloads_p2p import tcp, udp

REGISTER = (
    b'param>\n<code value="1010" />\n<model value="IC-3140W" />\n<id value="020000000001" />\n'
    b'<type value="Camera" />\n<alias value="Hall" />\n<devfwver value="1.09#010001" />\n</param>'
)
CONNECT = (
    b'param><code value="1040" /><devip value="192.0.2.9" /><devport value="58294" />'
    b'<relayip value="198.51.100.7" /><relaydevport value="8767" /></param>'
)


@pytest.mark.parametrize("by", range(8))
def test_a_registration_names_model_and_firmware_and_neither_id_nor_alias(by: int) -> None:
    answer = DISSECTOR.dissect(udp(8765, edimax(REGISTER, by), resp=(edimax(CONNECT, 1),)))
    assert answer == Dissection(
        "edimax",
        (
            Fact("edimax.message", "register"),
            Fact("edimax.message", "connect"),
            Fact("edimax.model", "IC-3140W"),
            Fact("edimax.type", "Camera"),
            Fact("edimax.firmware", "1.09#010001"),
            Fact("edimax.mapped", "192.0.2.9:58294"),
            Fact("edimax.relay", "198.51.100.7:8767"),
        ),
    )


def test_a_relay_session_is_named() -> None:
    session = edimax(b"d&020000000001&ac285382.e3b6.ac285382.d83f\r\n\r\n", 6)
    answer = DISSECTOR.dissect(tcp(8767, session + bytes(100)))
    assert answer == Dissection("edimax", (Fact("edimax.message", "relay"),))


@pytest.mark.parametrize(
    "conversation",
    [
        udp(8765, b"\x3e" + edimax(REGISTER, 3)[1:]),
        udp(8765, b"\x44" + edimax(REGISTER, 0)[1:]),
        udp(8765, b"<?xml version='1.0'?><param>"),
        udp(51140, b'<param><code value="1300" /></param>'),
        tcp(8767, edimax(REGISTER, 2)),
    ],
)
def test_other_bytes_are_not_edimax(conversation: Conversation) -> None:
    assert DISSECTOR.dissect(conversation) is None
