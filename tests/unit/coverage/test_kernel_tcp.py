"""Holes in a sequence: what the mirror lost, and what it did not."""

import dataclasses

import pytest

from monitor.coverage.parts import VlanCounts
from tests.support.coverage_script import VLAN, is_from_camera, parts_of, stream
from tests.support.packets import RST, Packet


def counts(packets: list[Packet]) -> VlanCounts:
    (part,) = parts_of(packets)
    return part.vlans[VLAN]


def data(packets: list[Packet]) -> list[Packet]:
    return [packet for packet in packets if packet.payload]


WHOLE = stream(20.0)


def test_a_segment_that_was_acknowledged_and_not_seen_is_lost() -> None:
    gone = data(WHOLE)[50]
    of = counts([packet for packet in WHOLE if packet is not gone])
    assert (of.lost_segments, of.segments, of.gapped) == (1, 99, 1)


def test_a_run_of_segments_is_counted_by_their_size() -> None:
    gone = {id(packet) for packet in data(WHOLE)[40:50]}
    of = counts([packet for packet in WHOLE if id(packet) not in gone])
    assert (of.lost_segments, of.gapped) == (10, 1)


def test_a_segment_that_the_sender_repeats_before_it_is_acknowledged_is_not_the_mirror_s_loss() -> (
    None
):
    first = data(WHOLE)[50]
    later = dataclasses.replace(first, ts_ns=first.ts_ns + 300_000_000, ident=7)
    kept = [
        packet
        for packet in WHOLE
        if packet is not first
        and not (
            not is_from_camera(packet) and packet.ack > first.seq and packet.ts_ns <= later.ts_ns
        )
    ]
    assert counts([*kept, later]).lost_segments == 0


def test_a_mirror_that_swaps_data_and_acknowledgement_loses_nothing() -> None:
    swapped = [
        dataclasses.replace(packet, ts_ns=packet.ts_ns + 3_000_000) if packet.payload else packet
        for packet in WHOLE
    ]
    assert counts(swapped).lost_segments == 0


def test_a_hole_that_nobody_acknowledged_is_decided_by_time() -> None:
    one_side = [packet for packet in WHOLE if is_from_camera(packet)]
    gone = data(one_side)[10]
    of = counts([packet for packet in one_side if packet is not gone])
    assert of.lost_segments == 1
    gone = data(one_side)[-2]
    (part,) = parts_of([packet for packet in one_side if packet is not gone])
    assert (part.vlans[VLAN].lost_segments, part.holes_undecided) == (0, 1)


def test_many_holes_at_once_do_not_grow() -> None:
    gone = {id(packet) for number, packet in enumerate(data(WHOLE)) if number % 2}
    of = counts([packet for packet in WHOLE if id(packet) not in gone])
    # The last one is followed by nothing but its acknowledgement, which shows it as well.
    assert of.lost_segments == 50


def test_ports_that_are_used_again_make_no_hole() -> None:
    shifted = [
        dataclasses.replace(packet, seq=packet.seq + 2**30, ack=packet.ack + 2**30)
        for packet in stream(20.0, first_s=25.0)
    ]
    assert counts([*WHOLE, *shifted]).lost_segments == 0


@pytest.mark.parametrize("start", [0, 2**31 - 9_000, 2**32 - 9_000])
def test_sequence_numbers_wrap(start: int) -> None:
    moved = [
        dataclasses.replace(
            packet, seq=(packet.seq + start) % 2**32, ack=(packet.ack + start) % 2**32
        )
        for packet in WHOLE
    ]
    of = counts(moved)
    assert (of.lost_segments, of.one_way, of.conversations) == (0, 0, 1)


def test_a_reset_alone_proves_no_conversation() -> None:
    resets = [
        dataclasses.replace(packet, flags=RST | 16, payload=b"")
        for packet in WHOLE
        if is_from_camera(packet)
    ]
    assert counts(resets).conversations == 0
