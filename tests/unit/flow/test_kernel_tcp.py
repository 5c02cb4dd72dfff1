from typing import Any

from monitor.model.words import EndReason
from tests.support.flowscript import FlowScript, flow
from tests.support.packets import ACK, FIN, RST, SYN, Packet, tcp

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
