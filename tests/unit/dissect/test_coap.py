import pytest

from monitor.dissect.coap import DISSECTOR
from monitor.model.facts import Conversation, Dissection, Fact
from tests.support.payloads_p2p import udp

GET = b"\x41\x01\x12\x34\x99\x37example\x84time"


def test_a_request_names_method_path_and_host() -> None:
    answer = DISSECTOR.dissect(udp(5683, GET + b"\xffbody"))
    assert answer == Dissection(
        "coap",
        (Fact("coap.method", "get"), Fact("coap.path", "/time"), Fact("coap.host", "example")),
    )


def test_off_its_port_an_answer_of_the_same_id_is_needed() -> None:
    assert DISSECTOR.dissect(udp(9000, GET)) is None
    assert DISSECTOR.dissect(udp(9000, GET, resp=(b"\x61\x45\x12\x34\x99\xffok",))) is not None
    assert DISSECTOR.dissect(udp(9000, GET, resp=(b"\x61\x45\x12\x35\x99\xffok",))) is None


@pytest.mark.parametrize(
    "conversation",
    [
        udp(5683, b"\x41\x01\x12\x34\x99"),
        udp(5683, b"\x49\x01\x12\x34" + bytes(9)),
        udp(5683, GET[:-1]),
        udp(5683, b"\x40\x01\x12\x34\xb2\x00\x01"),
        udp(5683, b"\x40\x01\x12\x34\x21a"),
    ],
)
def test_unknown_options_and_cut_ones_are_not_coap(conversation: Conversation) -> None:
    assert DISSECTOR.dissect(conversation) is None
