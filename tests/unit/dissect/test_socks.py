import pytest

from monitor.dissect.socks import DISSECTOR
from monitor.model.facts import Conversation, Dissection, Fact
from tests.support.payloads_net import SOCKS4, SOCKS5
from tests.support.payloads_p2p import tcp


def test_socks_5_names_user_and_target_and_not_the_password() -> None:
    answer = DISSECTOR.dissect(tcp(1080, SOCKS5, b"\x05\x02\x01\x00"))
    assert answer == Dissection(
        "socks",
        (
            Fact("socks.version", "5"),
            Fact("credential", "socks user=user"),
            Fact("socks.target", "example:443"),
        ),
    )
    assert "secret" not in repr(answer)


@pytest.mark.parametrize(
    ("request_", "target"),
    [
        (SOCKS4, "192.0.2.9:80"),
        (b"\x04\x01\x01\xbb\x00\x00\x00\x01me\0example.com\0", "example.com:443"),
    ],
)
def test_socks_4_names_its_target(request_: bytes, target: str) -> None:
    answer = DISSECTOR.dissect(tcp(1080, request_, b"\x00\x5a" + bytes(6)))
    assert answer == Dissection("socks", (Fact("socks.version", "4"), Fact("socks.target", target)))


@pytest.mark.parametrize(
    "conversation",
    [
        tcp(1080, SOCKS5),
        tcp(1080, SOCKS5, b"\x05\x01"),
        tcp(1080, b"\x05\x01\x77", b"\x05\x77"),
        tcp(1080, b"\x05\x01\x00garbage", b"\x05\x00"),
        tcp(1080, SOCKS4, b"\x00\x00" + bytes(6)),
    ],
)
def test_without_a_fitting_answer_it_is_not_socks(conversation: Conversation) -> None:
    assert DISSECTOR.dissect(conversation) is None
