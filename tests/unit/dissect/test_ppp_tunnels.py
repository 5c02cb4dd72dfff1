from monitor.dissect.ppp_tunnels import DISSECTORS
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_net import L2TP, PPTP
from tests.support.payloads_p2p import tcp, udp

L2TP_DISSECTOR, PPTP_DISSECTOR = DISSECTORS


def test_an_l2tp_control_message_is_named() -> None:
    answer = L2TP_DISSECTOR.dissect(udp(1701, L2TP))
    assert answer == Dissection("l2tp", (Fact("l2tp.message", "start-request"),))
    assert L2TP_DISSECTOR.dissect(udp(1701, L2TP + b"x")) is None
    assert L2TP_DISSECTOR.dissect(udp(1701, L2TP[:-1] + b"\x63")) is None


def test_pptp_names_its_vendor() -> None:
    answer = PPTP_DISSECTOR.dissect(tcp(1723, PPTP))
    assert answer == Dissection(
        "pptp", (Fact("pptp.message", "start"), Fact("pptp.vendor", "cananian"))
    )
    assert PPTP_DISSECTOR.dissect(tcp(1723, PPTP[:4] + b"\x1a\x2b\x3c\x4e" + PPTP[8:])) is None
