from typing import Any

import pytest

from tests.support.flowscript import FlowScript, flow
from tests.support.packets import SYN, Packet, icmp, udp

CAMERA, CLOUD = "10.0.0.2", "203.0.113.5"
UNANSWERED, ANSWERED, REFUSED = range(3)


def script_of(*packets: Packet, step: float = 0.1, **settings: Any) -> FlowScript:
    script = FlowScript(**settings)
    for i, packet in enumerate(packets):
        script.at(i * step).sees(packet)
    return script


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
