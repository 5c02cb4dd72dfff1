from typing import Any

import pytest

from tests.support.flowscript import FlowScript, flow
from tests.support.packets import Packet, icmp, quoting, udp

CAMERA, CLOUD = "10.0.0.2", "203.0.113.5"
UNANSWERED, ANSWERED, REFUSED = range(3)


def script_of(*packets: Packet, step: float = 0.1, **settings: Any) -> FlowScript:
    script = FlowScript(**settings)
    for i, packet in enumerate(packets):
        script.at(i * step).sees(packet)
    return script


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
