from monitor.dissect.rtmp import DISSECTOR
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_net import RTMP_PUSH, rtmp
from tests.support.payloads_p2p import tcp


def test_a_push_names_application_and_address_and_not_the_key() -> None:
    answer = DISSECTOR.dissect(tcp(1935, RTMP_PUSH))
    assert answer == Dissection(
        "rtmp",
        (
            Fact("rtmp.message", "connect"),
            Fact("rtmp.app", "live"),
            Fact("rtmp.url", "rtmp://stream.example/live"),
            Fact("rtmp.agent", "FMLE/3.0"),
            Fact("rtmp.direction", "push"),
        ),
    )
    assert "secret" not in repr(answer)


def test_a_version_in_the_second_word_needs_an_answer() -> None:
    hello = b"\x03" + bytes(4) + b"\x0a\x00\x2d\x02" + bytes(1528)
    assert DISSECTOR.dissect(tcp(1935, hello)) is None
    answer = DISSECTOR.dissect(tcp(1935, hello, rtmp()))
    assert answer == Dissection("rtmp", (Fact("rtmp.message", "handshake"),))


def test_a_short_first_flight_is_not_rtmp() -> None:
    assert DISSECTOR.dissect(tcp(1935, rtmp()[:1536])) is None
