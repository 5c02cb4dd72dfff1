"""Frames go out of one interface as they were made, and come in over the other end of a cable."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator

import pytest

from monitor.capture.sending import FrameSender
from monitor.coverage.canary import CanaryWatch, content_of
from monitor.coverage.parts import CanarySighting
from monitor.errors import CaptureError

NOW = 1_700_000_000_000_000_000


@pytest.fixture
def cable() -> Iterator[tuple[str, str]]:
    """Give the two ends of a virtual cable in this namespace."""
    ip = shutil.which("ip")
    if ip is None or os.geteuid() != 0:
        pytest.skip("needs root and the ip command")
    ends = f"cw{os.getpid() % 100_000}a", f"cw{os.getpid() % 100_000}b"
    made = subprocess.run(  # noqa: S603 - names of our own
        [ip, "link", "add", ends[0], "type", "veth", "peer", "name", ends[1]],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("needs the right to make interfaces")
    try:
        for end in ends:
            subprocess.run([ip, "link", "set", end, "up"], check=True)  # noqa: S603 - as above
        yield ends
    finally:
        subprocess.run([ip, "link", "del", ends[0]], check=True)  # noqa: S603 - as above


def test_a_canary_goes_over_a_cable_and_is_known_again(cable: tuple[str, str]) -> None:
    watch = CanaryWatch("town-hall")
    with (
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x88B5)) as other,
        FrameSender(cable[0]) as sender,
    ):
        other.bind((cable[1], 0x88B5))
        other.settimeout(10)
        frame = watch.frame(None, NOW, sender.mac)
        assert sender.send(frame)
        came = other.recv(2048)
    assert came == frame
    content = content_of(came)
    assert content is not None
    watch.take([CanarySighting(NOW + 1, None, content)])
    (result,) = watch.results(NOW + 60_000_000_000)
    assert (result.sent, result.returned) == (1, 1)


def test_on_an_interface_that_is_down_nothing_goes_out(cable: tuple[str, str]) -> None:
    with FrameSender(cable[0]) as sender:
        subprocess.run(["ip", "link", "set", cable[0], "down"], check=True)  # noqa: S603, S607 - as above
        assert not sender.send(bytes(60))


def test_no_such_interface_is_told_in_one_line() -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root")
    with pytest.raises(CaptureError, match=r"canary on nowhere0: No such device; see 'ip link'"):
        FrameSender("nowhere0")
