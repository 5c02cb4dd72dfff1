"""The coverage stage answers as its slow twin does, however the packets are cut into batches."""

import dataclasses
import ipaddress
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.coverage.parts import IntervalPart
from monitor.coverage.stage import CoverageStage, Watched
from monitor.model.addresses import Networks
from monitor.model.arrays import MAC_NONE, VLAN_NONE
from monitor.model.words import Fragment, Stop
from tests.support.coverage_twin import CoverageTwin
from tests.support.frames import frames
from tests.support.packets import SECOND_NS, START_NS, Packet, packet_batch, tcp, udp

MS = 1_000_000
SITE = ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00::/8")
CAMERAS = (ipaddress.ip_network("10.0.0.0/30"), ipaddress.ip_network("fd00::2/128"))
LISTED_MAC = 0x02_00_00_00_00_09
HOSTS = ("10.0.0.1", "10.0.0.2", "10.9.9.9", "203.0.113.5", "fd00::2", "2001:db8::1", "0.0.0.0")  # noqa: S104
MACS = (0x02_00_00_00_00_01, 0x02_00_00_00_00_02, LISTED_MAC, 0xFFFF_FFFF_FFFF, MAC_NONE)


def drawn(seed: int) -> list[Packet]:
    """Return packets between few hosts in which streams go on, break, repeat and come late."""
    draw = random.Random(seed)  # noqa: S311 - test data, not a secret
    now = START_NS
    streams: list[tuple[str, str, int, int]] = []
    for _ in range(draw.randrange(1, 4)):
        a, b = draw.sample(HOSTS[:4], 2)
        streams.append((a, b, draw.randrange(1, 4), draw.randrange(1, 4)))
    at: dict[object, int] = {}
    found: list[Packet] = []
    for _ in range(draw.randrange(2, 120)):
        now += draw.choice([0, MS // 2, MS, 50 * MS, SECOND_NS, 5 * SECOND_NS, -MS])
        if draw.random() < 0.01:
            now += 200 * SECOND_NS
        more: dict[str, Any] = {
            "ts_ns": now,
            "vlan": draw.choice([20, 20, 20, 30, VLAN_NONE]),
            "src_mac": draw.choice(MACS),
            "dst_mac": draw.choice(MACS),
        }
        kind = draw.random()
        if kind < 0.1:
            found.append(udp(draw.choice(HOSTS[:4]), 5000, draw.choice(HOSTS[:4]), 53, 9, **more))
        elif kind < 0.15:
            found.append(udp("fd00::2", 1, "2001:db8::1", 2, 0, ident=0, **more))
        elif kind < 0.2:
            stop = draw.choice((Stop.ARP, Stop.NOT_IP))
            found.append(Packet(src="::", dst="::", protocol=0, stop=stop, **more))
        elif kind < 0.3 and found:
            found.append(
                dataclasses.replace(
                    draw.choice(found[-3:]), ts_ns=now, vlan=draw.choice((20, 30, VLAN_NONE))
                )
            )
        else:
            a, b, aport, bport = draw.choice(streams)
            if draw.random() < 0.4:
                a, b, aport, bport = b, a, bport, aport
            here, there = (a, aport, b, bport), (b, bport, a, aport)
            start = at.setdefault(here, draw.choice([5, 2**32 - 900, 10_000]))
            size = draw.choice([0, 0, 100, 700])
            seq = start + draw.choice([0, 0, 0, 0, 100, 700, -100, -700, 1 << 25])
            at[here] = (max(start, seq) if seq - start < 1 << 24 else seq) + size
            more["fragment"] = draw.choice([Fragment.WHOLE] * 20 + [Fragment.LATER])
            more["seq"] = seq
            more["ack"] = at.get(there, 0) + draw.choice([0, 0, 0, -100, 300])
            flags = draw.choice([16] * 12 + [2, 18, 17, 4, 0])
            found.append(tcp(a, aport, b, bport, flags, size, **more))
    return found


def is_site(ip: str) -> bool:
    return any(ipaddress.ip_address(ip) in network for network in SITE) or ip == "0.0.0.0"  # noqa: S104


def is_camera(ip: str, mac: int) -> bool:
    return mac == LISTED_MAC or (
        bool(ip) and any(ipaddress.ip_address(ip) in network for network in CAMERAS)
    )


def staged(packets: list[Packet], sizes: list[int], *, inside: bool = True) -> list[IntervalPart]:
    site = Networks((*SITE, ipaddress.ip_network("0.0.0.0/32")))
    stage = CoverageStage(
        Watched(site, Networks(CAMERAS), (LISTED_MAC,)), interval_s=20, follows_inside=inside
    )
    parts: list[IntervalPart] = []
    first = 0
    for size in [*sizes, len(packets)]:
        some = packets[first : first + size]
        first += size
        content = [b"\0" * 60 for _ in some]
        parts += stage.step(frames(content, ts_ns=[p.ts_ns for p in some]), packet_batch(some))
    return [*parts, *stage.finish()]


def unordered(parts: list[IntervalPart]) -> list[IntervalPart]:
    return [dataclasses.replace(part, stations=sorted(part.stations, key=str)) for part in parts]


@given(
    seed=st.integers(0, 2**32),
    sizes=st.lists(st.integers(0, 9), max_size=12),
    inside=st.booleans(),
)
@settings(max_examples=300, deadline=None)
def test_any_split_gives_the_answer_of_the_twin(seed: int, sizes: list[int], inside: bool) -> None:
    packets = drawn(seed)
    twin = CoverageTwin(is_site, is_camera, 20 * SECOND_NS, follows_inside=inside)
    assert unordered(staged(packets, sizes, inside=inside)) == unordered(
        twin.take(packets).finish()
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_drawn_packets_bring_about_everything_that_is_counted(seed: int) -> None:
    total = IntervalPart(start_ns=0, end_ns=0)
    for number in range(60):
        for part in staged(drawn(1000 * seed + number), []):
            total.merge(part)
    sums = list(total.vlans.values())
    for name in ("copies", "conversations", "tags_differ", "lost_segments", "gapped", "not_ip"):
        assert sum(getattr(counts, name) for counts in sums) > 0, name
    assert total.holes_undecided > 0


@given(seed=st.integers(0, 2**32))
@settings(max_examples=50, deadline=None)
def test_a_part_crosses_a_process_boundary_unchanged(seed: int) -> None:
    for part in staged(drawn(seed), []):
        assert IntervalPart.from_plain(part.as_plain()) == part
