from monitor.dissect.rdp import DISSECTOR
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_net import RDP
from tests.support.payloads_p2p import tcp


def test_the_cookie_names_the_user() -> None:
    answer = DISSECTOR.dissect(tcp(3389, RDP))
    assert answer == Dissection(
        "rdp", (Fact("rdp.message", "connect"), Fact("credential", "rdp user=admin"))
    )


def test_a_negotiation_request_alone_is_enough() -> None:
    request = b"\x03\x00\x00\x13\x0e\xe0\0\0\0\0\0\x01\x00\x08\x00\x0b\0\0\0"
    assert DISSECTOR.dissect(tcp(3389, request)) is not None


def test_another_use_of_tpkt_is_not_rdp() -> None:
    cotp = (
        b"\x03\x00\x00\x16\x11\xe0\x00\x00\x00\x01\x00\xc0\x01\x0a\xc1\x02\x01\x00\xc2\x02\x01\x02"
    )
    assert DISSECTOR.dissect(tcp(102, cotp)) is None
