import pytest

from monitor.dissect.port_mapping import DISSECTOR
from monitor.model.facts import Conversation, Dissection, Fact
from tests.support.payloads_net import pcp_map
from tests.support.payloads_p2p import udp

MAP = b"\x00\x02\x00\x00\x02\x2a\x1f\x90\x00\x00\x0e\x10"


@pytest.mark.parametrize(
    ("payload", "operation", "inner", "outer"),
    [
        (MAP, "map", "554", "8080"),
        (MAP[:8] + bytes(4), "unmap", "554", "8080"),
        (pcp_map(554, 8554), "map", "554", "8554"),
    ],
)
def test_a_wish_names_its_ports(payload: bytes, operation: str, inner: str, outer: str) -> None:
    answer = DISSECTOR.dissect(udp(5351, payload))
    assert answer == Dissection(
        "port-mapping",
        (
            Fact("port-mapping.operation", operation),
            Fact("port-mapping.transport", "tcp"),
            Fact("port-mapping.internal_port", inner),
            Fact("port-mapping.external_port", outer),
        ),
    )


@pytest.mark.parametrize(
    "conversation",
    [
        udp(5352, MAP),
        udp(5351, MAP + b"x"),
        udp(5351, b"\x00\x02\x01" + MAP[3:]),
        udp(5351, pcp_map(1, 2)[:59]),
        udp(5351, b"\x02\x00" + bytes(22)),
        udp(5351, b"\x02\x09" + pcp_map(1, 2)[2:]),
    ],
)
def test_another_port_or_shape_is_not_claimed(conversation: Conversation) -> None:
    assert DISSECTOR.dissect(conversation) is None
