import pytest

from monitor.dissect.wireguard import DISSECTOR
from monitor.model.facts import Conversation, Dissection, Fact
from tests.support.payloads_net import WG_INITIATION, WG_RESPONSE, wg_data
from tests.support.payloads_p2p import udp


def test_a_handshake_is_recognised() -> None:
    answer = DISSECTOR.dissect(udp(51820, WG_INITIATION, wg_data(0), resp=(WG_RESPONSE,)))
    assert answer == Dissection(
        "wireguard",
        (
            Fact("wireguard.message", "initiation"),
            Fact("wireguard.message", "data"),
            Fact("wireguard.message", "response"),
        ),
    )


def test_an_unanswered_initiation_is_known_by_its_empty_second_mac() -> None:
    assert DISSECTOR.dissect(udp(40001, WG_INITIATION)) is not None
    assert DISSECTOR.dissect(udp(40001, WG_INITIATION[:-1] + b"x")) is None


def test_data_alone_needs_three_datagrams_of_one_receiver() -> None:
    assert DISSECTOR.dissect(udp(51820, wg_data(4), wg_data(5), wg_data(7))) is not None


@pytest.mark.parametrize(
    "conversation",
    [
        udp(51820, wg_data(4), wg_data(5)),
        udp(51820, wg_data(4), wg_data(5), wg_data(500)),
        udp(51820, wg_data(4), wg_data(5), b"\x04\0\0\0\x99" + wg_data(6)[5:]),
        udp(51820, WG_RESPONSE),
        udp(51820, b"\x01\0\0\0" + bytes(144)),
        udp(51820, b"\x04\0\0\0" + bytes(65)),
    ],
)
def test_near_misses_are_not_wireguard(conversation: Conversation) -> None:
    assert DISSECTOR.dissect(conversation) is None


def test_tailscale_is_named() -> None:
    answer = DISSECTOR.dissect(udp(41641, b"TS\xf0\x9f\x92\xac" + b"k" * 80))
    assert answer == Dissection("wireguard", (Fact("wireguard.flavour", "tailscale"),))
