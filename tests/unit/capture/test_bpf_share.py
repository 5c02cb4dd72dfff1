"""Which worker gets a frame: by the address on the site's side, whatever else differs."""

import ipaddress

import pytest

from monitor.capture.bpf_share import share_program
from monitor.model.addresses import SITE_DEFAULT
from tests.support.bpf_twin import run
from tests.unit.capture.test_bpf_site import CAMERA, CAMERA6, FAR, FAR6, RECORDER, RECORDER6, frame

PROGRAM = share_program([ipaddress.ip_network(text) for text in SITE_DEFAULT], 7)
RESOLVER = "10.20.0.1"
UDP, TCP, ICMP, ICMPV6 = 17, 6, 1, 58


def home(*words: object, **more: object) -> int:
    return run(PROGRAM, frame(*words, **more))  # type: ignore[arg-type]


@pytest.mark.parametrize(("camera", "far"), [(CAMERA, FAR), (CAMERA6, FAR6)])
@pytest.mark.parametrize("protocol", [UDP, TCP, 50])
@pytest.mark.parametrize("tags", [(), (0x8100,), (0x88A8, 0x8100)])
def test_both_directions_to_the_outside_meet(
    camera: str, far: str, protocol: int, tags: tuple[int, ...]
) -> None:
    assert home(camera, far, protocol, tags=tags) == home(far, camera, protocol, tags=tags)
    assert home(camera, far, protocol, tags=tags) == home(
        camera, "8.8.8.8" if "." in far else "2001:db8::1"
    )


@pytest.mark.parametrize("resolver", [RESOLVER, "10.99.0.53"])
def test_names_that_a_camera_asks_for_meet_its_flows(resolver: str) -> None:
    ours = home(CAMERA, FAR, TCP)
    assert home(CAMERA, resolver, UDP, (40000, 53)) == ours
    assert home(resolver, CAMERA, UDP, (53, 40000)) == ours


def test_errors_that_a_router_sends_to_a_camera_meet_its_flows() -> None:
    # Type 3 (unreachable) for IPv4, 1 for IPv6: the first byte where UDP has its source port.
    assert home(RESOLVER, CAMERA, ICMP, (0x0301, 0)) == home(CAMERA, FAR, TCP)
    assert home("fd00:20::1", CAMERA6, ICMPV6, (0x0100, 0)) == home(CAMERA6, FAR6, TCP)


@pytest.mark.parametrize(("one", "other"), [(CAMERA, RECORDER), (CAMERA6, RECORDER6)])
def test_both_directions_inside_the_site_meet(one: str, other: str) -> None:
    assert home(one, other, TCP) == home(other, one, TCP)


def test_cameras_are_spread() -> None:
    counts = [0] * 7
    for last in range(1, 255):
        for third in range(4):
            counts[home(f"10.20.{third}.{last}", FAR, TCP)] += 1
    # 1016 cameras among 7: 145 each; far from it would be one worker that does the work of two.
    assert min(counts) > 100
    assert max(counts) < 200


def test_what_is_not_ip_goes_to_the_first() -> None:
    assert run(PROGRAM, bytes(12) + b"\x08\x06" + bytes(40)) == 0
