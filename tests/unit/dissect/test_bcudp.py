import pytest

from monitor.dissect.bcudp import DISSECTOR
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_p2p import baichuan, bcudp_ack, bcudp_data, bcudp_talk, udp


def test_a_negotiation_is_unmasked_and_the_device_id_is_not_kept() -> None:
    xml = b"<P2P>\n<M2C_Q_R><reg><ip>192.0.2.20</ip><port>58200</port></reg></M2C_Q_R></P2P>"
    answer = DISSECTOR.dissect(
        udp(
            9999,
            bcudp_talk(b"<P2P><C2M_Q><uid>95270000ABCDEFGH</uid></C2M_Q></P2P>"),
            resp=(bcudp_talk(xml),),
        )
    )
    assert answer == Dissection(
        "bcudp",
        (
            Fact("bcudp.kind", "negotiation"),
            Fact("bcudp.message", "C2M_Q"),
            Fact("bcudp.message", "M2C_Q_R"),
            Fact("bcudp.server", "192.0.2.20:58200"),
        ),
    )


def test_data_that_holds_baichuan_says_so() -> None:
    answer = DISSECTOR.dissect(udp(20000, bcudp_data(baichuan(93, b"")), resp=(bcudp_ack(),)))
    assert answer is not None
    assert answer.all("bcudp.kind") == ("data", "ack")
    assert answer.first("bcudp.carries") == "baichuan"


@pytest.mark.parametrize("payload", [bcudp_talk(b"<P2P>")[:-1], bcudp_ack()[:-1], b"\x3a\xcf"])
def test_a_length_that_lies_is_not_bcudp(payload: bytes) -> None:
    assert DISSECTOR.dissect(udp(9999, payload)) is None
