"""Expected Community IDs come from hashlib, by the specification, and from its published baseline."""

import base64
import hashlib
import ipaddress
import struct

import pytest

from tests.support.flowscript import FlowScript
from tests.support.packets import ACK, Packet, icmp, tcp, udp

PAIRS = {8: 0, 0: 8, 13: 14, 14: 13, 128: 129, 129: 128, 135: 136}


def by_hashlib(src: str, dst: str, protocol: int, ports: tuple[int, int] | None) -> str:
    """Return the Community ID v1 with seed 0 of a packet."""
    one, two = ipaddress.ip_address(src).packed, ipaddress.ip_address(dst).packed
    is_one_way = False
    if ports is not None and protocol in {1, 58}:
        is_one_way = ports[0] not in PAIRS
        ports = ports if is_one_way else (ports[0], PAIRS[ports[0]])
    if not is_one_way and (one, ports or ()) > (two, (ports or ())[::-1]):
        one, two, ports = two, one, None if ports is None else ports[::-1]
    message = struct.pack("!H", 0) + one + two + struct.pack("!BB", protocol, 0)
    if ports is not None:
        message += struct.pack("!HH", *ports)
    return "1:" + base64.b64encode(hashlib.sha1(message).digest()).decode()  # noqa: S324 - the specification says SHA-1


def community(packet: Packet) -> str:
    script = FlowScript()
    script.sees(packet)
    for step in script.stage.finish():
        script._take(step)
    (row,) = script.ended
    return str(row["community_id"])


@pytest.mark.parametrize(
    ("packet", "ports"),
    [
        (tcp("10.0.0.2", 5000, "203.0.113.5", 443, ACK), (5000, 443)),
        (tcp("203.0.113.5", 443, "10.0.0.2", 5000, ACK), (443, 5000)),
        (udp("192.168.1.52", 54585, "8.8.8.8", 53), (54585, 53)),
        (udp("10.0.0.2", 9, "10.0.0.2", 7), (9, 7)),
        (udp("fe80::1", 546, "ff02::1:2", 547), (546, 547)),
        (tcp("2001:db8::5", 80, "2001:db8::4", 80, ACK), (80, 80)),
        (Packet(src="10.0.0.2", dst="10.0.0.3", protocol=132, src_port=7, dst_port=9), (7, 9)),
        (icmp("192.168.0.89", "192.168.0.1", 8), (8, 0)),
        (icmp("192.168.0.1", "192.168.0.89", 0), (0, 0)),
        (icmp("192.168.0.89", "192.168.0.1", 20, 3), (20, 3)),
        (icmp("192.168.0.89", "192.168.0.1", 3, 1), (3, 1)),
        (icmp("fe80::260:97ff:fe07:69ea", "ff02::1:ff00:6969", 135), (135, 0)),
        (icmp("3ffe:507:0:1::2", "3ffe:507:0:1::1", 3, 1), (3, 1)),
        (Packet(src="10.0.0.2", dst="224.0.0.1", protocol=2), None),
        (Packet(src="fd00::2", dst="fd00::1", protocol=50), None),
    ],
)
def test_the_id_is_that_of_the_specification(packet: Packet, ports: tuple[int, int] | None) -> None:
    assert community(packet) == by_hashlib(packet.src, packet.dst, packet.protocol, ports)


@pytest.mark.parametrize(
    ("packet", "published"),
    [
        (
            tcp("128.232.110.120", 34855, "66.35.250.204", 80, ACK),
            "1:LQU9qZlK+B5F3KDmev6m5PMibrg=",
        ),
        (
            udp("192.168.1.52", 54585, "8.8.8.8", 53),
            "1:d/FP5EW3wiY1vCndhwleRRKHowQ=",
        ),
        (icmp("192.168.0.89", "192.168.0.1", 8), "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="),
    ],
)
def test_the_id_is_that_of_the_published_baseline(packet: Packet, published: str) -> None:
    """From baseline/baseline_deflt.json of github.com/corelight/community-id-spec."""
    assert community(packet) == published


def test_both_directions_have_one_id() -> None:
    one = community(udp("10.0.0.2", 5000, "10.0.0.1", 53))
    assert one == community(udp("10.0.0.1", 53, "10.0.0.2", 5000))


def test_flows_that_are_hashed_together_have_their_own_ids() -> None:
    script = FlowScript()
    packets = [udp("10.0.0.2", 5000 + i, "203.0.113.5", 9) for i in range(37)]
    script.sees(*packets)
    for step in script.stage.finish():
        script._take(step)
    assert [row["community_id"] for row in script.ended] == [
        by_hashlib(p.src, p.dst, 17, (p.src_port, p.dst_port)) for p in packets
    ]
