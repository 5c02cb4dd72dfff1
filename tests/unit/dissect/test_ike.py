import pytest

from monitor.dissect.ike import DISSECTOR
from monitor.model.facts import Conversation, Dissection, Fact
from tests.support.payloads_net import esp, ike
from tests.support.payloads_p2p import udp


@pytest.mark.parametrize(
    ("payload", "version", "exchange"),
    [
        (ike(2, 34), "2", "sa-init"),
        (ike(1, 4), "1", "aggressive"),
        (bytes(4) + ike(2, 35), "2", "auth"),
    ],
)
def test_ike_names_version_and_exchange(payload: bytes, version: str, exchange: str) -> None:
    answer = DISSECTOR.dissect(udp(4500, payload))
    assert answer == Dissection(
        "ipsec",
        (
            Fact("ipsec.message", "ike"),
            Fact("ipsec.version", version),
            Fact("ipsec.exchange", exchange),
        ),
    )


def test_esp_in_udp_is_known_by_three_datagrams_and_keep_alives_are_passed() -> None:
    answer = DISSECTOR.dissect(udp(4500, esp(7), b"\xff", esp(8), esp(12)))
    assert answer == Dissection("ipsec", (Fact("ipsec.message", "esp"),))


@pytest.mark.parametrize(
    "conversation",
    [
        udp(500, ike(2, 34) + b"x"),
        udp(500, ike(2, 4)),
        udp(500, ike(3, 34)),
        udp(4500, esp(7), esp(8)),
        udp(4500, esp(7), esp(8), esp(7)),
        udp(4501, esp(7), esp(8), esp(9)),
    ],
)
def test_near_misses_are_not_ipsec(conversation: Conversation) -> None:
    assert DISSECTOR.dissect(conversation) is None
