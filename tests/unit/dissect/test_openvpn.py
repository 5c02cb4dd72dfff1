import pytest

from monitor.dissect.openvpn import DISSECTORS
from monitor.model.facts import Conversation, Dissection, Fact
from tests.support.payloads_net import OVPN_ANSWER, OVPN_AUTH, OVPN_CRYPT, OVPN_PLAIN
from tests.support.payloads_p2p import tcp, udp

OPENVPN = DISSECTORS[0]


@pytest.mark.parametrize(
    ("conversation", "protection"),
    [
        (udp(1194, OVPN_PLAIN, resp=(OVPN_ANSWER,)), "none"),
        (udp(1194, OVPN_AUTH), "tls-auth"),
        (udp(1194, OVPN_CRYPT), "tls-crypt"),
        (tcp(443, b"\x00\x0e" + OVPN_PLAIN + b"more"), "none"),
    ],
)
def test_the_kind_of_protection_is_named(conversation: Conversation, protection: str) -> None:
    answer = OPENVPN.dissect(conversation)
    assert answer == Dissection("openvpn", (Fact("openvpn.protection", protection),))


def test_a_version_3_reset_without_packet_id_1_is_told_by_its_answer() -> None:
    clock, other = b"\x62\x5a\x9e\x97", b"\x12\x5a\x9e\x97"
    reset = b"\x50" + b"session1" + b"\x0a\x01\x00\x01" + clock + bytes(300)
    reply = b"\x40" + b"session2" + b"\x00\x00\x00\x01"
    assert OPENVPN.dissect(udp(1194, reset)) is None
    assert OPENVPN.dissect(udp(1194, reset, resp=(reply + other + bytes(50),))) is None
    answer = OPENVPN.dissect(udp(1194, reset, resp=(reply + clock + bytes(50),)))
    assert answer is not None
    assert answer.first("openvpn.protection") == "tls-crypt"


@pytest.mark.parametrize(
    "conversation",
    [
        udp(1194, OVPN_PLAIN + b"\x00"),
        udp(1194, OVPN_PLAIN, resp=(b"\x38" + bytes(20),)),
        udp(1194, b"\x38" + bytes(13)),
        udp(1194, OVPN_AUTH[:-1] + b"x"),
        tcp(1194, b"\x00\xff" + OVPN_PLAIN),
    ],
)
def test_near_misses_are_not_openvpn(conversation: Conversation) -> None:
    assert OPENVPN.dissect(conversation) is None
