"""The child process: what it gives, and that it ends with all its children when time is up."""

import os
import select
import shutil
from pathlib import Path

import pytest

from monitor.forensics.dissect import dissect, tshark_path
from tests.support.forensic_runs import capture, datagram, dns_message
from tests.support.shared import ROOT

HTTP = ROOT / "pcaps" / "a-white-label-camera-reports-in-the-clear" / "input.pcap"


def fake(path: Path, *lines: str) -> str:
    path.write_text("#!/bin/sh\n" + "\n".join(lines) + "\n")
    path.chmod(0o755)
    return str(path)


def is_gone(pid: int) -> bool:
    """Whether a process ends within ten seconds: a kill is not waited for by who sends it."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        return bool(poll.poll(10_000))
    finally:
        os.close(fd)


@pytest.fixture
def tshark() -> str:
    found = tshark_path()
    if not found:
        pytest.skip("tshark is not installed")
    return found


def test_packets_are_dissected_in_the_words_of_wireshark(tmp_path: Path, tshark: str) -> None:
    name = capture(tmp_path / "a.pcap", [(0.0, datagram(dns_message(1, "log.example.com"), to=53))])
    told = dissect(name, 0, 60, tshark=tshark)
    assert told.fault == ""
    assert told.packets == [
        [{"layer": "dns", "fields": ["Name: log.example.com", "Type: A (Host Address) (1)"]}]
    ]


def test_only_the_first_packets_are_dissected_where_a_count_is_given(tshark: str) -> None:
    told = dissect(HTTP, 7, 60, tshark=tshark)
    assert (len(told.packets), told.fault) == (7, "")


def test_a_dissection_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    hanging = fake(
        tmp_path / "tshark", "sleep 1000 &", f'echo "$$ $!" > {pids}', "trap '' TERM INT", "wait"
    )
    told = dissect(HTTP, 0, 8, tshark=hanging)
    assert told.packets == []
    assert told.fault == "the dissection was ended after 8 s (--time-limit)"
    shell, sleeper = map(int, pids.read_text().split())
    assert is_gone(shell)
    assert is_gone(sleeper)


def test_a_program_that_fails_is_told_in_one_line(tmp_path: Path) -> None:
    broken = fake(tmp_path / "tshark", "exit 3")
    told = dissect(HTTP, 0, 60, tshark=broken)
    assert told.packets == []
    assert told.fault.startswith("tshark failed: TSharkCrashException")
    assert "\n" not in told.fault


def test_without_tshark_no_path_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    assert tshark_path() == ""
