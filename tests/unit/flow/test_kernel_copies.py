import dataclasses

import pytest

from tests.support.flowscript import FlowRow, FlowScript, flow
from tests.support.packets import ACK, FIN, SYN, Packet, tcp, udp

CAMERA, CLOUD = "10.0.0.2", "203.0.113.5"
COPIES = ("orig_copies", "resp_copies", "frame_no")


def session() -> list[tuple[float, Packet]]:
    """Return some traffic of a camera, with the second of each packet."""
    return [
        (0.0, udp(CAMERA, 5000, "10.0.0.1", 53, b"question")),
        (0.01, udp("10.0.0.1", 53, CAMERA, 5000, b"answer")),
        (0.1, tcp(CAMERA, 6000, CLOUD, 443, SYN, seq=10)),
        (0.2, tcp(CLOUD, 443, CAMERA, 6000, SYN | ACK, seq=90)),
        (0.3, tcp(CAMERA, 6000, CLOUD, 443, ACK, seq=11, ident=0)),
        (0.4, tcp(CAMERA, 6000, CLOUD, 443, ACK, b"hello", seq=11)),
        (0.5, tcp(CLOUD, 443, CAMERA, 6000, ACK, b"welcome", seq=91)),
        (0.6, tcp(CAMERA, 6000, CLOUD, 443, FIN | ACK, seq=16)),
        (0.7, tcp(CLOUD, 443, CAMERA, 6000, FIN | ACK, seq=98)),
        (20.0, udp(CAMERA, 5001, CLOUD, 32100, b"lonely")),
        (70.0, udp(CAMERA, 5002, CLOUD, 123, b"ntp")),
    ]


def records(script: FlowScript) -> list[FlowRow]:
    for step in script.stage.finish():
        script._take(step)
    return [{k: v for k, v in row.items() if k not in COPIES} for row in script.ended]


def test_a_capture_in_which_every_frame_stands_twice_gives_the_records_of_the_clean_one() -> None:
    clean, double = FlowScript(), FlowScript()
    for second, packet in session():
        clean.at(second).sees(packet)
        double.at(second).sees(packet)
        double.at(second + 0.0002).sees(packet)
    assert records(double) == records(clean)
    assert clean.talks == double.talks
    assert clean.messages == double.messages
    assert double.stage.counts.copies == len(session())
    assert clean.stage.counts.copies == 0


def test_copies_on_the_other_side_of_a_router_open_no_flow_there() -> None:
    script = FlowScript()
    for second, packet in session():
        first, second_vlan = (10, 20) if packet.src == CAMERA else (20, 10)
        script.at(second).sees(dataclasses.replace(packet, vlan=first))
        script.at(second + 0.0002).sees(dataclasses.replace(packet, vlan=second_vlan))
    clean = FlowScript()
    for second, packet in session():
        clean.at(second).sees(dataclasses.replace(packet, vlan=10))
    assert records(script) == records(clean)
    assert script.stage.counts.opened == 4


def test_a_few_repeats_in_ordinary_traffic_are_counted_as_packets() -> None:
    script = FlowScript()
    for second in range(10):
        script.at(second).sees(udp(CAMERA, 5000, CLOUD, 32100, 20))
    punch = udp(CAMERA, 5000, CLOUD, 32100, 20)
    script.at(10.0).sees(punch)
    script.at(10.0005).sees(punch)
    script.finishes(
        flow(CAMERA, CLOUD, orig_pkts=12, orig_copies=0, orig_payload=240, orig_data_pkts=12)
    ).nothing_else()
    assert script.ended == []
    assert script.stage.counts.copies == 0


def test_the_last_packet_sets_the_end_when_it_turns_out_to_be_no_copy() -> None:
    script = FlowScript()
    packet = udp(CAMERA, 5000, CLOUD, 32100, 20)
    script.at(0.0).sees(packet)
    script.at(0.0005).sees(packet)
    script.finishes(flow(CAMERA, CLOUD, orig_pkts=2, end_ns=1_700_000_000_000_500_000))
    script.nothing_else()


def test_a_flow_of_which_half_are_copies_is_mirrored_whatever_the_rest_shows() -> None:
    script = FlowScript()
    for i in range(100):
        script.at(i / 100).sees(udp(CAMERA, 1000 + i, CLOUD, 9, 20))
    for i in range(2):
        packet = udp(CAMERA, 5000, CLOUD, 32100, 20)
        script.at(2 + i).sees(packet, packet)
    for step in script.stage.finish():
        script._take(step)
    assert (script.ended[-1]["orig_pkts"], script.ended[-1]["orig_copies"]) == (2, 2)


def test_an_equal_packet_beyond_the_window_is_another_packet() -> None:
    script = FlowScript(copy_window_ns=1_000_000)
    packet = udp(CAMERA, 5000, CLOUD, 32100, 20)
    script.at(0.0).sees(packet)
    script.at(0.0011).sees(packet)
    assert script.stage.counts.copies == 0


def test_packets_without_identification_and_payload_bear_no_witness() -> None:
    """Three duplicate ACKs ask for a repeat (RFC 5681 §3.2), and are equal in all that is sent."""
    script = FlowScript()
    ack = tcp(CLOUD, 443, CAMERA, 6000, ACK, seq=1, ack=1, ident=0)
    script.at(0.0).sees(ack, ack, ack, ack)
    script.finishes(flow(CAMERA, CLOUD, resp_pkts=4, resp_copies=0)).nothing_else()


@pytest.mark.parametrize("times", [3, 4])
def test_copies_are_kept_neither_as_payload_nor_as_messages(times: int) -> None:
    script = FlowScript()
    packet = udp("10.0.0.1", 53, CAMERA, 5000, b"answer")
    script.at(0.0).sees(*[packet] * times)
    for step in script.stage.finish():
        script._take(step)
    assert script.talk().resp == (b"answer",)
    assert script.messages == 1


def test_a_device_that_punches_holes_in_bursts_is_not_taken_for_a_mirror() -> None:
    """As recorded of an EZVIZ camera: the same datagram four to ten times within a millisecond."""
    script = FlowScript()
    for i in range(20):
        punch = udp(CAMERA, 10000, CLOUD, 10103, bytes([i]) * 193, ident=0)
        script.at(i).sees(*[punch] * 5)
    script.finishes(
        flow(CAMERA, CLOUD, orig_pkts=100, orig_copies=0, orig_payload=19300)
    ).nothing_else()
