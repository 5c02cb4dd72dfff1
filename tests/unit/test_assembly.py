"""What the assembler makes of flows, by the road that packets go."""

from pathlib import Path

import pytest
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Ether

from monitor.model.records import FlowRecord
from tests.support import forensic_runs

CAMERA, CLOUD = "10.52.151.160", "47.241.7.88"


def tcp(src: str, sport: int, dst: str, dport: int, flags: str, payload: bytes = b"") -> bytes:
    link = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
    packet = link / IP(src=src, dst=dst) / TCP(sport=sport, dport=dport, flags=flags)
    return bytes(packet / payload)


def only_flow(folder: Path, *frames: bytes) -> FlowRecord:
    """Return the flow of some frames, which must be carved back whole."""
    path = forensic_runs.capture(folder / "input.pcap", list(enumerate(frames, 1)))
    run = forensic_runs.replayed(folder / "run", path)
    (record,) = forensic_runs.records(run)
    assert len(forensic_runs.carved(run, record)) == len(frames)
    return record


def test_a_word_of_a_server_on_a_high_port_in_the_middle_opens_nothing(tmp_path: Path) -> None:
    record = only_flow(tmp_path, tcp(CLOUD, 5222, CAMERA, 39180, "PA", b"\x00" * 66))
    assert record.initiated_by == "camera"
    assert (record.orig.ip, record.orig.packets) == (CAMERA, 0)
    assert (record.resp.ip, record.resp.port, record.resp.packets) == (CLOUD, 5222, 1)
    assert record.outcome == "answered"


def test_an_acknowledgement_shows_the_answer_that_was_not_captured(tmp_path: Path) -> None:
    out = [
        tcp(CAMERA, 39180, CLOUD, 443, "S"),
        tcp(CAMERA, 39180, CLOUD, 443, "A"),
        tcp(CAMERA, 39180, CLOUD, 443, "PA", b"hello"),
    ]
    record = only_flow(tmp_path, *out)
    assert (record.outcome, record.resp.packets) == ("answered", 0)


@pytest.mark.parametrize("flags", [("S", "S"), ("PA", "PA"), ("S", "R")])
def test_other_packets_of_one_side_alone_show_no_answer(
    tmp_path: Path, flags: tuple[str, str]
) -> None:
    out = [tcp(CAMERA, 39180, CLOUD, 443, one, b"x" * ("P" in one)) for one in flags]
    assert only_flow(tmp_path, *out).outcome != "answered"


@pytest.mark.parametrize(
    ("theirs", "ours", "flags"),
    [
        (5222, 39180, "S"),
        (5222, 8000, "PA"),
        (50000, 39180, "PA"),
        (20000, 37777, "PA"),
    ],
    ids=["a SYN is its sender's word", "a port of a server", "two client's ports", "Dahua's port"],
)
def test_what_may_have_been_opened_from_outside_stays_so(
    tmp_path: Path, theirs: int, ours: int, flags: str
) -> None:
    record = only_flow(tmp_path, tcp(CLOUD, theirs, CAMERA, ours, flags, b"\x00" * 66))
    assert record.initiated_by == "destination"
    assert record.orig.ip == CLOUD


@pytest.mark.parametrize(
    ("to", "scope"), [("192.168.10.255", "broadcast"), ("192.168.10.254", "site")]
)
def test_the_broadcast_address_of_a_subnet_is_no_device(
    tmp_path: Path, to: str, scope: str
) -> None:
    link = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
    frame = link / IP(src="192.168.10.7", dst=to) / UDP(sport=5000, dport=137) / b"x"
    record = only_flow(tmp_path, bytes(frame))
    assert (record.scope, record.camera.ip) == (scope, "192.168.10.7")
