import pytest

from monitor.dissect.rtp import DISSECTORS
from monitor.model.facts import Conversation, Dissection, Fact
from tests.support.payloads_net import rtcp, rtp
from tests.support.payloads_p2p import udp

RTP, RTCP = DISSECTORS


def test_a_stream_names_its_payload_type() -> None:
    answer = RTP.dissect(udp(30000, rtp(1, 8), rtp(2, 8), rtp(3, 8)))
    assert answer == Dissection("rtp", (Fact("rtp.payload_type", "8"), Fact("rtp.codec", "PCMA")))


def test_marker_bits_lost_datagrams_and_wrapping_numbers_are_no_break() -> None:
    answer = RTP.dissect(udp(30000, rtp(0xFFFE), rtp(0xFFFF, 0xE0), rtp(0x10002, ticks=3000)))
    assert answer is not None
    assert answer.first("rtp.codec") == "dynamic"


def test_two_streams_are_both() -> None:
    back = tuple(rtp(n, 96, 9) for n in (5, 6, 7))
    answer = RTP.dissect(udp(30000, rtp(1), rtp(2), rtp(3), resp=back))
    assert answer is not None
    assert answer.first("rtp.direction") == "both"


@pytest.mark.parametrize(
    "conversation",
    [
        udp(30000, rtp(1), rtp(2)),
        udp(30000, rtp(1), rtp(2), rtp(3, 97)),
        udp(30000, rtp(1), rtp(2), rtp(3, 96, 77)),
        udp(30000, rtp(1), rtp(2), rtp(900)),
        udp(30000, rtp(1), rtp(2), rtp(3, ticks=9_000_000)),
        udp(30000, rtp(1), rtp(1), rtp(1)),
        udp(30000, rtp(3), rtp(2), rtp(1)),
    ],
)
def test_what_does_not_go_on_like_a_stream_is_not_rtp(conversation: Conversation) -> None:
    assert RTP.dissect(conversation) is None


def test_a_compound_of_reports_is_rtcp() -> None:
    answer = RTCP.dissect(udp(30001, rtcp(200, 202)))
    assert answer == Dissection(
        "rtcp", (Fact("rtcp.packet", "sender-report"), Fact("rtcp.packet", "description"))
    )


@pytest.mark.parametrize("payload", [rtcp(201), rtcp(202, 200), rtcp(200, 202)[:-4], rtp(1)])
def test_a_lone_packet_a_wrong_order_or_a_wrong_length_is_not_rtcp(payload: bytes) -> None:
    assert RTCP.dissect(udp(30001, payload)) is None
