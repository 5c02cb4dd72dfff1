"""A mirror port that copies one direction only is said, and not shown as a closed network."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.service.test_replay import CHATTY, camwatch, run_tool, tool


def halved(folder: Path, keep: str) -> dict[str, Any]:
    """Replay what Wireshark's filter keeps of a sample."""
    half = folder / "half.pcap"
    run_tool(tool("tshark"), "-r", CHATTY, "-Y", keep, "-w", half)
    done = camwatch("replay", half, "--json", "--cameras", "10.20.3.0/24")
    assert done.returncode == 0, done.stderr.decode()
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize(
    ("keep", "direction"),
    [("ip.src==10.20.3.0/24", "sends"), ("ip.dst==10.20.3.0/24", "receives")],
)
def test_half_a_capture_is_said_to_be_half(tmp_path: Path, keep: str, direction: str) -> None:
    report = halved(tmp_path, keep)
    notes = [one["one_way"] for one in report["cameras"] if one["outside_flows"]]
    assert notes
    assert all("the reverse direction was never seen" in note for note in notes)
    assert all(f"what it {direction} only" in note for note in notes)
    assert "The reverse direction was never seen" in report["verdict"]["text"]
    assert report["verdict"]["state"] != "attempts"


def test_a_whole_capture_and_one_behind_a_firewall_are_not(tmp_path: Path) -> None:
    whole = halved(tmp_path, "ip or arp")
    assert [one["one_way"] for one in whole["cameras"] if one["one_way"]] == []
    stopped = CHATTY.parents[1] / "a-firewall-stops-two-cameras" / "input.pcap"
    report = json.loads(camwatch("replay", stopped, "--json").stdout)
    assert [one["one_way"] for one in report["cameras"] if one["one_way"]] == []
    assert report["verdict"]["state"] == "attempts"
