from typing import Any

import pytest

from monitor.model.words import EndReason
from tests.support.flowscript import FlowScript, flow
from tests.support.packets import ACK, FIN, RST, SYN, Packet, icmp, quoting, tcp, udp

CAMERA, CLOUD = "10.0.0.2", "203.0.113.5"
UNANSWERED, ANSWERED, REFUSED = range(3)


def out(flags: int, seq: int = 1000, payload: bytes | int = 0) -> Packet:
    return tcp(CAMERA, 5000, CLOUD, 443, flags, payload, seq=seq)


def back(flags: int, seq: int = 9000, payload: bytes | int = 0) -> Packet:
    return tcp(CLOUD, 443, CAMERA, 5000, flags, payload, seq=seq)


def script_of(*packets: Packet, step: float = 0.1, **settings: Any) -> FlowScript:
    script = FlowScript(**settings)
    for i, packet in enumerate(packets):
        script.at(i * step).sees(packet)
    return script


def test_a_handshake_and_two_fins_end_the_flow() -> None:
    script = script_of(
        out(SYN), back(SYN | ACK), out(ACK), out(FIN | ACK), back(FIN | ACK), out(ACK)
    )
    script.at(7).ends(
        flow(
            CAMERA,
            CLOUD,
            orig_pkts=4,
            resp_pkts=2,
            orig_flags=SYN | ACK | FIN,
            resp_flags=SYN | ACK | FIN,
            is_handshake=True,
            is_flipped=False,
            outcome=ANSWERED,
            end=EndReason.END_OF_FLOW,
        )
    ).nothing_else()


def test_a_syn_ack_seen_first_makes_its_sender_the_responder() -> None:
    script_of(back(SYN | ACK), out(ACK)).finishes(
        flow(
            CAMERA,
            CLOUD,
            orig_port=5000,
            orig_pkts=1,
            resp_pkts=1,
            is_flipped=True,
            is_handshake=False,
            outcome=ANSWERED,
        )
    ).nothing_else()


def test_a_syn_without_answer_ends_after_the_half_open_timeout() -> None:
    script = script_of(out(SYN), out(SYN))
    script.at(32).ends(
        flow(CAMERA, CLOUD, orig_pkts=2, outcome=UNANSWERED, refused_by=0, end=EndReason.IDLE)
    ).nothing_else()


def test_a_reset_before_any_answer_refuses() -> None:
    script_of(out(SYN), back(RST | ACK)).at(8).ends(
        flow(CAMERA, CLOUD, outcome=REFUSED, refused_by=1, end=EndReason.END_OF_FLOW)
    ).nothing_else()


def test_a_reset_after_an_answer_does_not_refuse() -> None:
    script_of(out(SYN), back(SYN | ACK), back(RST)).at(8).ends(
        flow(CAMERA, CLOUD, outcome=ANSWERED, refused_by=0)
    ).nothing_else()


def test_a_repeated_syn_after_a_reset_belongs_to_the_flow() -> None:
    script_of(out(SYN), back(RST | ACK), out(SYN)).at(9).ends(
        flow(CAMERA, CLOUD, orig_pkts=2)
    ).nothing_else()


def test_a_syn_with_another_number_on_a_closed_flow_starts_the_next() -> None:
    script_of(out(SYN), back(RST | ACK), out(SYN, seq=5000)).finishes(
        flow(CAMERA, CLOUD, flow_no=1, end=EndReason.END_OF_FLOW),
        flow(CAMERA, CLOUD, flow_no=2, orig_pkts=1, end=EndReason.FORCED),
    ).nothing_else()


def test_the_other_side_may_open_the_next_connection() -> None:
    script_of(out(SYN), back(RST | ACK), back(SYN, seq=77)).finishes(
        flow(CAMERA, CLOUD, flow_no=1), flow(CLOUD, CAMERA, flow_no=2)
    ).nothing_else()


def test_a_syn_with_another_number_on_a_live_flow_is_noise() -> None:
    script_of(out(SYN), back(SYN | ACK), out(ACK), out(SYN, seq=5000)).finishes(
        flow(CAMERA, CLOUD, orig_pkts=3)
    ).nothing_else()


def test_a_syn_with_another_number_after_long_silence_starts_the_next() -> None:
    script = script_of(out(ACK), back(ACK))
    script.at(40).sees(out(SYN, seq=5000))
    script.finishes(
        flow(CAMERA, CLOUD, flow_no=1, end=EndReason.IDLE), flow(CAMERA, CLOUD, flow_no=2)
    ).nothing_else()


@pytest.mark.parametrize(
    ("src", "dst", "request_type", "reply_type"),
    [(CAMERA, CLOUD, 8, 0), (CAMERA, CLOUD, 13, 14), ("fd00::2", "2001:db8::5", 128, 129)],
)
def test_request_and_reply_of_icmp_are_one_flow(
    src: str, dst: str, request_type: int, reply_type: int
) -> None:
    script_of(icmp(src, dst, request_type), icmp(dst, src, reply_type)).finishes(
        flow(src, dst, orig_port=request_type, resp_port=0, orig_pkts=1, resp_pkts=1, outcome=1)
    ).nothing_else()


def test_an_icmp_error_refuses_the_flow_that_it_quotes_and_is_none_itself() -> None:
    request = udp(CAMERA, 5000, CLOUD, 123, 48)
    script = script_of(request, icmp("192.0.2.1", CAMERA, 3, 1, quote=quoting(request)))
    script.finishes(
        flow(CAMERA, CLOUD, orig_pkts=1, resp_pkts=0, outcome=REFUSED, refused_by=3 * 256 + 1)
    ).nothing_else()
    assert script.stage.counts.icmp_errors == 1


@pytest.mark.parametrize(("kind", "code"), [(3, 4), (5, 1), (4, 0)])
def test_an_icmp_message_about_size_or_route_refuses_nothing(kind: int, code: int) -> None:
    request = udp(CAMERA, 5000, CLOUD, 123, 48)
    script_of(request, icmp("192.0.2.1", CAMERA, kind, code, quote=quoting(request))).finishes(
        flow(CAMERA, CLOUD, outcome=UNANSWERED, refused_by=0)
    ).nothing_else()


def test_an_icmp_error_about_a_flow_that_was_answered_refuses_nothing() -> None:
    request, reply = udp(CAMERA, 5000, CLOUD, 123), udp(CLOUD, 123, CAMERA, 5000)
    script_of(request, reply, icmp(CAMERA, CLOUD, 3, 3, quote=quoting(reply))).finishes(
        flow(CAMERA, CLOUD, outcome=ANSWERED, refused_by=0)
    ).nothing_else()


def test_an_icmp_error_about_nothing_known_is_a_flow() -> None:
    stray = quoting(udp(CAMERA, 5000, CLOUD, 123))
    script_of(icmp("192.0.2.1", CAMERA, 3, 1, quote=stray)).finishes(
        flow("192.0.2.1", CAMERA, protocol=1, orig_port=3, resp_port=1)
    ).nothing_else()


def test_vlans_are_kept_apart_unless_told_otherwise() -> None:
    one, two = udp(CAMERA, 5000, CLOUD, 53, vlan=10), udp(CAMERA, 5000, CLOUD, 53, vlan=20)
    script_of(one, two).finishes(
        flow(CAMERA, CLOUD, vlan=10), flow(CAMERA, CLOUD, vlan=20)
    ).nothing_else()
    script_of(one, two, use_vlan=False).finishes(
        flow(CAMERA, CLOUD, vlan=10, orig_pkts=2)
    ).nothing_else()


def test_the_responder_has_the_mac_that_it_was_sent_to_until_it_speaks() -> None:
    request = udp(CAMERA, 5000, CLOUD, 123, src_mac=0xA, dst_mac=0xB)
    reply = udp(CLOUD, 123, CAMERA, 5000, src_mac=0xC, dst_mac=0xA)
    script_of(request).finishes(flow(CAMERA, CLOUD, orig_mac=0xA, resp_mac=0xB)).nothing_else()
    script_of(request, reply).finishes(
        flow(CAMERA, CLOUD, orig_mac=0xA, resp_mac=0xC)
    ).nothing_else()


@pytest.mark.parametrize(
    ("src_port", "dst_port", "is_told"),
    [
        (53, 5000, True),
        (5000, 53, False),
        (5353, 5353, True),
        (5000, 5355, True),
        (68, 67, True),
        (546, 547, True),
        (5000, 123, False),
    ],
)
def test_messages_that_cannot_wait_are_named_by_row(
    src_port: int, dst_port: int, is_told: bool
) -> None:
    script = script_of(udp(CLOUD, src_port, CAMERA, dst_port, b"x"))
    assert script.messages == is_told


def test_messages_of_a_flow_have_a_budget_and_answers_a_larger_one() -> None:
    script = script_of(
        *(udp(CAMERA, 5353, "224.0.0.251", 5353, b"x") for _ in range(5)),
        *(udp(CLOUD, 53, CAMERA, 5000, b"x") for _ in range(5)),
        messages=2,
        dns_answers=4,
    )
    assert script.messages == 2 + 4
    assert script.stage.counts.messages_skipped == 3 + 1


def test_tcp_flags_do_not_matter_in_other_protocols() -> None:
    odd = udp(CAMERA, 5000, CLOUD, 123, flags=SYN)
    script_of(odd, odd, step=1.0).finishes(flow(CAMERA, CLOUD, orig_pkts=2)).nothing_else()
