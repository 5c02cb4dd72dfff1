"""The kernel filter: what stays inside the site goes, what leaves it or names somebody stays."""

import ipaddress
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from monitor.capture.bpf_site import is_whole, site_filter
from monitor.model.addresses import SITE_DEFAULT
from monitor.model.arrays import columns_of
from monitor.model.rows import SCOPES, RecordBatch, Vocabulary
from monitor.model.words import OUTCOMES, Outcome, Scope
from tests.support.bpf_twin import run

SITE = [ipaddress.ip_network(text) for text in SITE_DEFAULT]
NEVER = 0xFFFF_FFFF
FILTER = site_filter(SITE, 1000)

UDP, TCP, ICMP = 17, 6, 1


def frame(  # noqa: PLR0917  # the fields of a frame
    src: str,
    dst: str,
    protocol: int = UDP,
    ports: tuple[int, int] = (40000, 50000),
    payload: bytes = b"\x80\x60\x00\x01video",
    flags: int = 0x10,
    tags: Sequence[int] = (),
    offset: int = 0,
    options: int = 0,
) -> bytes:
    """An Ethernet frame, written down header by header."""
    source, target = ipaddress.ip_address(src), ipaddress.ip_address(dst)
    head = b"\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02"
    for tag in tags:
        head += struct.pack("!HH", tag, 20)
    if protocol == TCP:
        inner = struct.pack("!HHIIBBHHH", *ports, 1, 1, 0x80, flags, 512, 0, 0) + bytes(12)
    else:
        inner = struct.pack("!HHHH", *ports, 8 + len(payload), 0)
    inner += payload
    if source.version == 4:
        length = 20 + options + len(inner)
        ip = struct.pack(
            "!BBHHHBBH4s4s", 0x45 + options // 4, 0, length, 1, offset, 64, protocol, 0,
            source.packed, target.packed,
        ) + bytes(options)  # fmt: skip
        return head + b"\x08\x00" + ip + inner
    ip = struct.pack("!IHBB16s16s", 6 << 28, len(inner), protocol, 64, source.packed, target.packed)
    return head + b"\x86\xdd" + ip + inner


CAMERA, RECORDER, FAR = "10.20.3.11", "10.20.3.2", "47.91.1.2"
CAMERA6, RECORDER6, FAR6 = "fd00:20::11", "fd00:20::2", "2606:4700::1111"
INSIDE = [(CAMERA, RECORDER), (RECORDER, CAMERA), (CAMERA6, RECORDER6), (CAMERA, "192.168.7.9")]
OUTSIDE = [(CAMERA, FAR), (FAR, CAMERA), (CAMERA6, FAR6), (FAR6, CAMERA6), (FAR, "8.8.8.8")]
TAGS: list[tuple[int, ...]] = [(), (0x8100,), (0x88A8, 0x8100), (0x9100, 0x8100, 0x8100)]


@pytest.mark.parametrize("tags", TAGS)
@pytest.mark.parametrize("protocol", [UDP, TCP])
@pytest.mark.parametrize("pair", INSIDE)
def test_video_inside_the_site_is_dropped(
    pair: tuple[str, str], protocol: int, tags: tuple[int, ...]
) -> None:
    assert run(FILTER, frame(*pair, protocol, tags=tags), random=NEVER) == 0


@pytest.mark.parametrize("tags", TAGS)
@pytest.mark.parametrize("protocol", [UDP, TCP, ICMP, 47, 50])
@pytest.mark.parametrize("pair", OUTSIDE)
def test_what_has_an_end_outside_is_let_in(
    pair: tuple[str, str], protocol: int, tags: tuple[int, ...]
) -> None:
    assert run(FILTER, frame(*pair, protocol, tags=tags), random=NEVER) > 65535


@pytest.mark.parametrize("options", [0, 4, 40])
@pytest.mark.parametrize("pair", INSIDE)
@pytest.mark.parametrize("ports", [(53, 40000), (40000, 53), (68, 67), (40000, 37020), (1, 4789)])
def test_names_discovery_and_tunnels_inside_the_site_are_let_in(
    ports: tuple[int, int], pair: tuple[str, str], options: int
) -> None:
    assert run(FILTER, frame(*pair, UDP, ports, options=options), random=NEVER)


@pytest.mark.parametrize("pair", INSIDE)
@pytest.mark.parametrize("flags", [0x02, 0x12, 0x11, 0x04, 0x14])
def test_openings_and_ends_of_connections_are_let_in(flags: int, pair: tuple[str, str]) -> None:
    assert run(FILTER, frame(*pair, TCP, flags=flags), random=NEVER)


@pytest.mark.parametrize("beginning", [b"HTTP/1.1 200", b"RTSP/1.0", b"GET /", b"\x16\x03\x01\x00"])
def test_segments_that_name_a_device_are_let_in(beginning: bytes) -> None:
    assert run(FILTER, frame(CAMERA, RECORDER, TCP, payload=beginning), random=NEVER)
    assert not run(FILTER, frame(CAMERA, RECORDER, TCP, payload=b"\x24" + beginning), random=NEVER)
    assert not run(FILTER, frame(CAMERA, RECORDER, TCP, payload=b""), random=NEVER)


@pytest.mark.parametrize("protocol", [UDP, TCP])
def test_one_of_a_thousand_is_a_sample(protocol: int) -> None:
    video = frame(CAMERA, RECORDER, protocol)
    limit = 2**32 // 1000
    assert run(FILTER, video, random=limit - 1)
    assert not run(FILTER, video, random=limit)


def test_groups_arp_and_what_is_not_ip_are_let_in() -> None:
    video = frame(CAMERA, RECORDER)
    assert run(FILTER, b"\x01" + video[1:], random=NEVER)
    assert run(FILTER, video[:12] + b"\x08\x06" + video[14:], random=NEVER)
    assert run(FILTER, video[:12] + b"\x88\x64" + video[14:], random=NEVER)


def test_later_fragments_inside_the_site_are_dropped_and_first_ones_judged() -> None:
    assert not run(FILTER, frame(CAMERA, RECORDER, UDP, (53, 53), offset=0x00B9), random=NEVER)
    assert run(FILTER, frame(CAMERA, RECORDER, UDP, (53, 53), offset=0x2000), random=NEVER)
    assert run(FILTER, frame(CAMERA, FAR, UDP, offset=0x00B9), random=NEVER)


@pytest.mark.parametrize("protocol", [ICMP, 2, 4, 41, 47])
def test_errors_and_tunnels_inside_the_site_are_let_in(protocol: int) -> None:
    assert run(FILTER, frame(CAMERA, RECORDER, protocol), random=NEVER)


def test_networks_decide_to_the_address() -> None:
    only = site_filter(
        [ipaddress.ip_network(t) for t in ("10.20.3.0/28", "10.20.3.32/27", "10.20.9.9/32")], 1000
    )
    told = {
        last: run(only, frame("10.20.9.9", f"10.20.3.{last}"), random=NEVER) == 0
        for last in (0, 15, 16, 31, 32, 63, 64)
    }
    assert told == {0: True, 15: True, 16: False, 31: False, 32: True, 63: True, 64: False}
    odd = site_filter([ipaddress.ip_network("fd00:20:8000::/33")], 1000)
    assert not run(odd, frame("fd00:20:8000::1", "fd00:20:ffff::1"), random=NEVER)
    assert run(odd, frame("fd00:20:8000::1", "fd00:20:7fff::1"), random=NEVER)


def batch(rows: Sequence[tuple[Scope, int, Outcome, int, int]]) -> RecordBatch:
    """Records of which only what decides is set: scope, protocol, outcome, ports."""
    columns: dict[str, Any] = {
        name: np.zeros(len(rows), dtype) for name, (dtype, _) in columns_of(RecordBatch).items()
    }
    columns["scope"] = np.array([SCOPES.index(row[0]) for row in rows], np.uint8)
    columns["protocol"] = np.array([row[1] for row in rows], np.uint8)
    columns["outcome"] = np.array([OUTCOMES.index(row[2]) for row in rows], np.uint8)
    columns["orig_port"] = np.array([row[3] for row in rows], np.uint16)
    columns["resp_port"] = np.array([row[4] for row in rows], np.uint16)
    return RecordBatch(words=Vocabulary(), community_id=np.zeros(len(rows), "S30"), **columns)


def test_only_flows_that_were_sampled_are_not_whole() -> None:
    told = is_whole(
        batch(
            [
                (Scope.OUTSIDE, TCP, Outcome.ANSWERED, 40000, 443),
                (Scope.MULTICAST, UDP, Outcome.UNANSWERED, 40000, 40000),
                (Scope.SITE, UDP, Outcome.ANSWERED, 40000, 53),
                (Scope.SITE, TCP, Outcome.REFUSED, 40000, 80),
                (Scope.SITE, TCP, Outcome.UNANSWERED, 40000, 80),
                (Scope.SITE, ICMP, Outcome.ANSWERED, 8, 0),
                (Scope.SITE, TCP, Outcome.ANSWERED, 40000, 53),
                (Scope.SITE, UDP, Outcome.UNANSWERED, 40000, 554),
            ]
        )
    )
    assert told.tolist() == [True, True, True, True, True, True, False, False]
