"""The door of the stage: intervals of packet time, and memory that does not grow."""

import dataclasses

import numpy as np
import pytest

from monitor.coverage.stage import CoverageStage
from monitor.coverage.tables import CONVERSATIONS, STATIONS
from monitor.decode import Decoder
from tests.support.coverage_script import CAMERA, CLOUD, T0, VLAN, WATCHED, parts_of, stream
from tests.support.frames import frames
from tests.support.packets import ACK, SECOND_NS, Packet, packet_batch, tcp, udp


def test_intervals_lie_on_multiples_of_their_length() -> None:
    spans = [(part.start_ns - T0, part.end_ns - T0) for part in parts_of(stream())]
    minute = 60 * SECOND_NS
    assert spans[:2] == [(0, minute), (minute, 2 * minute)]
    assert spans[2][0] == 2 * minute
    assert spans[2][1] < 3 * minute


def test_a_quiet_wire_is_closed_by_the_clock_even_without_a_frame() -> None:
    stage = CoverageStage(WATCHED)
    assert stage.advance(T0 + 5) == []
    (part,) = stage.advance(T0 + 61 * SECOND_NS)
    assert (part.start_ns, part.end_ns, part.frames) == (T0, T0 + 60 * SECOND_NS, 0)
    assert stage.advance(T0 + 62 * SECOND_NS) == []
    assert stage.finish() == []


def test_a_late_packet_counts_in_the_interval_that_is_open() -> None:
    first = udp(CAMERA, 1, CLOUD, 2, 9, ts_ns=T0 + 70 * SECOND_NS, vlan=VLAN)
    late = dataclasses.replace(first, ts_ns=T0 + 10 * SECOND_NS, ident=99)
    stage = CoverageStage(WATCHED)
    for packet in (first, late):
        stage.step(frames([bytes(60)], ts_ns=packet.ts_ns), packet_batch([packet]))
    (part,) = stage.finish()
    assert (part.frames, part.vlans[VLAN].first_ns) == (2, late.ts_ns)


def flood(packets: list[Packet]) -> CoverageStage:
    stage = CoverageStage(WATCHED)
    stage.step(frames([bytes(60)] * len(packets), ts_ns=T0), packet_batch(packets))
    return stage


def test_a_flood_of_made_up_stations_is_bounded_counted_and_forgotten() -> None:
    crowd = [
        udp(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", 1, CLOUD, 2, 9, ts_ns=T0, dst_mac=1 << 40)
        for n in range(20_000)
    ]
    stage = flood(crowd)
    (part,) = stage.finish()
    assert len(part.stations) <= STATIONS
    assert len(part.stations) + part.stations_left_out == 20_000
    assert part.vlans[None].frames == 20_000
    again = [dataclasses.replace(packet, ts_ns=T0 + 60 * SECOND_NS) for packet in crowd[-5:]]
    stage.step(frames([bytes(60)] * 5, ts_ns=again[0].ts_ns), packet_batch(again))
    assert len(stage.finish()[0].stations) == 5


def test_conversations_beyond_the_table_are_counted() -> None:
    many = [
        tcp(CAMERA, n % 60_000, CLOUD, 443 + n // 60_000, ACK, 9, ts_ns=T0) for n in range(9_000)
    ]
    (part,) = flood(many).finish()
    assert part.conversations_left_out >= 9_000 - CONVERSATIONS


def test_frames_that_are_damaged_are_counted_and_never_raise() -> None:
    noise = np.random.default_rng(7).integers(0, 256, (500, 70), np.uint8)
    batch = frames([row.tobytes() for row in noise], ts_ns=T0)
    stage = CoverageStage(WATCHED)
    stage.step(batch, Decoder().decode(batch)[0])
    (part,) = stage.finish()
    assert part.frames == 500


def test_an_interval_shorter_than_a_second_is_refused() -> None:
    with pytest.raises(ValueError, match="interval_s"):
        CoverageStage(WATCHED, interval_s=0.5)


def test_inside_conversations_are_left_alone_where_they_are_sampled() -> None:
    packets = stream(50.0)
    stage = CoverageStage(WATCHED, follows_inside=False)
    stage.step(
        frames([bytes(60)] * len(packets), ts_ns=[p.ts_ns for p in packets]), packet_batch(packets)
    )
    (part,) = stage.finish()
    assert (part.vlans[VLAN].conversations, part.vlans[VLAN].segments) == (0, 0)
    assert part.vlans[VLAN].from_camera == 251


def test_the_latest_time_that_a_file_can_say_ends_in_an_interval() -> None:
    latest = int(np.iinfo(np.int64).max)
    parts = parts_of([udp(CAMERA, 1, CLOUD, 2, 9, ts_ns=latest, vlan=VLAN)])
    assert sum(part.frames for part in parts) == 1
