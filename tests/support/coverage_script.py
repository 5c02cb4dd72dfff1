"""Traffic of cameras for tests of coverage: streams that go on, from a few words."""

import dataclasses
import functools
import ipaddress
from collections.abc import Callable, Iterable

from monitor import pipeline
from monitor.assembly import Assembler
from monitor.config import Settings, SiteSettings
from monitor.coverage.judge import CaptureLoss, IntervalVerdict, Judge
from monitor.coverage.parts import IntervalPart
from monitor.coverage.stage import CoverageStage, Watched
from monitor.indexing import Stages
from monitor.model.addresses import Networks
from monitor.model.flows import FlowStep
from monitor.model.rows import RecordBatch
from tests.support.frames import frames
from tests.support.packets import ACK, SECOND_NS, SYN, Packet, packet_batch, tcp

T0 = 1_700_000_040_000_000_000
"""A multiple of a minute."""

CAMERA, CAMERA_MAC = "10.20.0.11", 0x02_00_00_00_00_11
RECORDER, RECORDER_MAC = "10.20.0.5", 0x02_00_00_00_00_05
CLOUD, GATEWAY_MAC = "203.0.113.5", 0x02_00_00_00_00_01
VLAN = 20

WATCHED = Watched(
    Networks((ipaddress.ip_network("10.0.0.0/8"),)), Networks((ipaddress.ip_network(CAMERA),))
)

Change = Callable[[Packet], Packet | None]


def stream(
    seconds: float = 170.0, *, rate: float = 5.0, port: int = 554, first_s: float = 0.0
) -> list[Packet]:
    """Return a recorder's stream from a camera: data one way, an acknowledgement for each."""
    found = [
        _of(False, SYN, 0, first_s, port, 999, 0),
        _of(True, SYN | ACK, 0, first_s + 0.001, port, 4999, 1000),
        _of(False, ACK, 0, first_s + 0.002, port, 1000, 5000),
    ]
    seq = 5000
    for number in range(round(seconds * rate)):
        at = first_s + 0.01 + number / rate
        found.append(_of(True, ACK, 1000, at, port, seq, 1000))
        seq += 1000
        found.append(_of(False, ACK, 0, at + 0.002, port, 1000, seq))
    return found


def _of(
    is_camera: bool, flags: int, size: int, at_s: float, port: int, seq: int, ack: int
) -> Packet:
    here = (CAMERA, port, RECORDER, 40_000)
    there = (RECORDER, 40_000, CAMERA, port)
    macs = (CAMERA_MAC, RECORDER_MAC) if is_camera else (RECORDER_MAC, CAMERA_MAC)
    return tcp(
        *(here if is_camera else there),
        flags,
        size,
        seq=seq,
        ack=ack,
        vlan=VLAN,
        src_mac=macs[0],
        dst_mac=macs[1],
        ts_ns=T0 + round(at_s * SECOND_NS),
    )


def is_from_camera(packet: Packet) -> bool:
    """Whether the camera sent it."""
    return packet.src == CAMERA


def changed(packets: Iterable[Packet], change: Change) -> list[Packet]:
    """Return what a mirror that changes or leaves out packets shows."""
    return [shown for packet in packets if (shown := change(packet)) is not None]


def parts_of(packets: list[Packet], *, until_s: float | None = None) -> list[IntervalPart]:
    """Return the intervals of a minute; `until_s` lets time go on, as a live sensor does."""
    stage = CoverageStage(WATCHED)
    packets = sorted(packets, key=lambda packet: packet.ts_ns)
    found = stage.step(
        frames([bytes(60)] * len(packets), ts_ns=[packet.ts_ns for packet in packets]),
        packet_batch(packets),
    )
    if until_s is None:
        return [*found, *stage.finish()]
    end_ns = T0 + round(until_s * SECOND_NS)
    while (now := int(stage.end_ns)) <= end_ns:
        found += stage.advance(now)
    return found


def judged(
    packets: list[Packet],
    *,
    until_s: float | None = None,
    losses: CaptureLoss | None = None,
) -> list[IntervalVerdict]:
    """Return the verdicts of the intervals, in order."""
    judge = Judge()
    return [
        verdict
        for part in parts_of(packets, until_s=until_s)
        for verdict in judge.take(part, losses)
    ]


def doubled(packets: Iterable[Packet]) -> list[Packet]:
    """Return what a mirror of both ports shows: each packet again, 20 us later."""
    return [
        copy
        for packet in packets
        for copy in (packet, dataclasses.replace(packet, ts_ns=packet.ts_ns + 20_000))
    ]


@functools.cache
def _stages() -> Stages:
    site = SiteSettings(cameras=(ipaddress.ip_network(CAMERA),))
    return pipeline.open_stages(Settings(site=site))


def assembled(step: FlowStep) -> RecordBatch:
    """Return the records of what ended."""
    assembler = Assembler(_stages())
    assembler.take_conversations(step.conversations)
    return assembler.take_flows(step)
