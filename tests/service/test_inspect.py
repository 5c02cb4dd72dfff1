"""``camwatch inspect`` and ``camwatch explain`` as users type them, against Wireshark's tools."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.forensics.folder import RunFolder
from monitor.model.records import FlowRecord
from tests.support.capture_bytes import run_tool
from tests.support.decode_bytes import ether, ipv4, tag, udp
from tests.support.forensic_runs import (
    IPV4,
    capture,
    datagram,
    records,
    replayed,
    the_flow,
)
from tests.support.shared import ROOT

SAMPLES = sorted(ROOT.glob("pcaps/*/input.pcap"))
TWICE = ROOT / "pcaps" / "a-mirror-port-shows-every-frame-twice" / "input.pcap"
SIX = ROOT / "pcaps" / "a-camera-reaches-its-cloud-over-ipv6" / "input.pcap"


def camwatch(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    return subprocess.run(  # noqa: S603  # the project's own command
        [sys.executable, "-m", "monitor", *map(str, words)],
        capture_output=True, text=True, timeout=300, check=False, cwd=ROOT,
    )  # fmt: skip


def fields(path: Path, *names: str, keep: str = "") -> list[list[str]]:
    """Return fields of each packet, as tshark reads them."""
    words = ["tshark", "-n", "-r", str(path), "-T", "fields"]
    for name in names:
        words += ["-e", name]
    if keep:
        words += ["-Y", keep]
    return [line.split("\t") for line in run_tool(*words).decode().splitlines()]


def ends(flow: FlowRecord) -> str:
    """Return a display filter for the packets between both ends of a flow."""
    kind = "ipv6" if ":" in flow.orig.ip else "ip"
    filters = [f"{kind}.addr == {flow.orig.ip}", f"{kind}.addr == {flow.resp.ip}"]
    filters += [f"{flow.protocol}.port == {side.port}" for side in (flow.orig, flow.resp)]
    return " && ".join([*filters, "!icmp"])


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.parent.name)
def test_tshark_finds_the_same_frames_as_inspect(tmp_path: Path, sample: Path) -> None:
    folder = replayed(tmp_path / "run", sample)
    flows = [one for one in records(folder) if one.protocol in ("tcp", "udp")]
    keys = [
        frozenset(((one.orig.ip, one.orig.port), (one.resp.ip, one.resp.port))) for one in flows
    ]
    lone = [one for one, key in zip(flows, keys, strict=True) if keys.count(key) == 1]
    flow = max(lone, key=lambda one: one.orig.packets + one.resp.packets)
    out = tmp_path / "flow.pcapng"
    done = camwatch("inspect", folder.path, flow.flow_id, "--write", out, "--no-dissect")
    assert done.returncode == 0, done.stderr
    names = ("frame.time_epoch", "frame.len", "frame.protocols")
    expected = fields(sample, "frame.number", *names, keep=ends(flow))
    comments = [row[0] for row in fields(out, "frame.comment", keep="!icmp && !icmpv6")]
    numbers = [re.match(r"frame (\d+) of ", comment) for comment in comments]
    assert [match[1] if match else "" for match in numbers] == [row[0] for row in expected]
    found = fields(out, *names, keep="!icmp && !icmpv6")
    assert found == [row[1:] for row in expected]


def test_both_copies_of_a_doubling_mirror_are_written_and_marked(tmp_path: Path) -> None:
    folder = replayed(tmp_path / "run", TWICE)
    flow = next(one for one in records(folder) if one.destination.name == "devaccess.lechange.cn")
    out = tmp_path / "flow.pcapng"
    done = camwatch("inspect", folder.path, flow.flow_id[:10], "--write", out, "--no-dissect")
    assert "25 packets, 25 mirror copies, marked" in done.stdout
    comments = [row[0] for row in fields(out, "frame.comment")]
    assert len(comments) == 50
    assert sum("mirror copy of frame" in comment for comment in comments) == 25
    assert {row[0] for row in fields(out, "vlan.id")} == {str(flow.vlan)}


def test_the_count_of_capinfos_is_that_of_the_flow(tmp_path: Path) -> None:
    folder = replayed(tmp_path / "run", SIX)
    flow = max(records(folder), key=lambda one: one.orig.packets)
    out = tmp_path / "flow.pcapng"
    assert camwatch("inspect", folder.path, flow.flow_id, "--write", out).returncode == 0
    told = run_tool("capinfos", "-c", "-M", out).decode()
    count = flow.orig.packets + flow.resp.packets
    assert re.search(rf"Number of packets: +{count}\b", told)


def test_a_tunnelled_flow_reads_back_as_it_was_tunnelled(tmp_path: Path) -> None:
    def vxlan(packet: bytes) -> bytes:
        inner = b"\x08\0\0\0\0\0\x05\0" + ether(0x8100, tag(30, IPV4, packet))
        outer = udp(inner, src=49152, dst=4789)
        return ether(IPV4, ipv4(17, outer, src="192.0.2.1", dst="192.0.2.2"))

    asks = [ipv4(17, udp(b"ask", src=port, dst=9000), ident=port) for port in (5000, 5001, 5000)]
    frames = [(n / 10, vxlan(packet)) for n, packet in enumerate(asks)]
    folder = replayed(tmp_path / "run", capture(tmp_path / "a.pcap", frames))
    out = tmp_path / "flow.pcapng"
    flow = the_flow(folder, port=5000)
    assert camwatch("inspect", folder.path, flow.flow_id, "--write", out).returncode == 0
    layers = "eth:ethertype:ip:udp:vxlan:eth:ethertype:vlan:ethertype:ip:udp:data"
    assert fields(out, "frame.protocols") == [[layers], [layers]]


def test_the_dissection_shows_what_the_flow_said(tmp_path: Path) -> None:
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    folder = replayed(tmp_path / "run", TWICE)
    flow = next(one for one in records(folder) if one.destination.name == "devaccess.lechange.cn")
    done = camwatch("inspect", folder.path, flow.flow_id, "--dns", "--json")
    told = json.loads(done.stdout)
    texts = [
        field
        for data in told["list"]
        for layer in data.get("layers", ())
        for field in layer["fields"]
    ]
    assert "Server Name: devaccess.lechange.cn" in texts
    assert "Handshake Type: Client Hello (1)" in texts
    assert "Address: 47.98.91.20" in texts
    assert not any("retransmission" in text for text in texts)
    assert (len(told["list"]), told["not_listed"]) == (40, 12)
    assert told["dissection_fault"] is None


def test_what_the_wire_says_cannot_steer_the_terminal(tmp_path: Path) -> None:
    evil = b"GET /\x1b[2J\x1b]0;owned\x07\x9b31m HTTP/1.1\r\nHost: a\x1bb.example\r\n\r\n"
    frames = [(0.0, datagram(evil, to=80)), (0.1, datagram(b"\x1bPq\x9c", ident=8))]
    folder = replayed(tmp_path / "run", capture(tmp_path / "a.pcap", frames))
    for record in records(folder):
        for words in (["inspect"], ["inspect", "--no-dissect"], ["explain"]):
            done = camwatch(words[0], folder.path, record.flow_id, *words[1:])
            assert done.returncode == 0, done.stderr
            assert re.fullmatch(r"[\n\x20-\x7e\xa0-\uffff]*", done.stdout)


def test_without_tshark_the_packets_are_listed_and_one_line_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = replayed(tmp_path / "run", capture(tmp_path / "a.pcap", [(0.0, datagram(b"ask"))]))
    monkeypatch.setenv("PATH", str(tmp_path))
    done = camwatch("inspect", folder.path, the_flow(folder, port=5000).flow_id)
    assert done.returncode == 0
    assert "Note: tshark is not installed, so nothing is dissected" in done.stdout
    assert "frame 1  +0.000000 s  camera -> destination  UDP  45 B, payload 3\n" in done.stdout
    assert '    "ask"\n' in done.stdout


@pytest.mark.parametrize("command", ["explain", "inspect"])
def test_what_cannot_be_found_is_refused_in_one_line_with_status_2(
    tmp_path: Path, command: str
) -> None:
    folder = replayed(tmp_path / "run", capture(tmp_path / "a.pcap", [(0.0, datagram(b"ask"))]))
    for words in ((folder.path, "zz"), (folder.path, "0" * 16), (tmp_path, "0")):
        done = camwatch(command, *words)
        assert done.returncode == 2
        assert re.fullmatch(r"camwatch: [^\n]+\n", done.stderr)
        assert done.stdout == ""


def test_a_changed_or_missing_capture_is_refused_with_status_4(tmp_path: Path) -> None:
    file = capture(tmp_path / "a.pcap", [(0.0, datagram(b"ask"))])
    folder = replayed(tmp_path / "run", file)
    flow = the_flow(folder, port=5000)
    file.write_bytes(file.read_bytes()[:-1] + b"K")
    out = tmp_path / "flow.pcapng"
    done = camwatch("inspect", folder.path, flow.flow_id, "--write", out)
    assert (done.returncode, done.stdout) == (4, "")
    assert "changed since the replay" in done.stderr
    file.unlink()
    done = camwatch("inspect", folder.path, flow.flow_id, "--write", out)
    assert done.returncode == 4
    assert "gone" in done.stderr
    assert not out.exists()


def test_frames_from_standard_input_are_carved_from_a_file_that_holds_them(tmp_path: Path) -> None:
    file = capture(tmp_path / "a.pcap", [(0.0, datagram(b"ask"))])
    run = tmp_path / "run"
    subprocess.run(  # noqa: S603  # the project's own command
        [sys.executable, "-m", "monitor", "replay", "-", "--out", str(run)],
        input=file.read_bytes(), capture_output=True, check=True, cwd=ROOT,
    )  # fmt: skip
    flow = the_flow(RunFolder.open(run), port=5000)
    done = camwatch("inspect", run, flow.flow_id)
    assert done.returncode == 2
    assert "standard input, which cannot be read again" in done.stderr
    done = camwatch("inspect", run, flow.flow_id, "--no-dissect", "--original", file)
    assert done.returncode == 0, done.stderr
    assert "1 packet;" in done.stdout


def test_the_evidence_is_not_written_over(tmp_path: Path) -> None:
    file = capture(tmp_path / "a.pcap", [(0.0, datagram(b"ask"))])
    content = file.read_bytes()
    folder = replayed(tmp_path / "run", file)
    flow = the_flow(folder, port=5000)
    for target in (file, folder.path / "flows.jsonl"):
        done = camwatch("inspect", folder.path, flow.flow_id, "--no-dissect", "--write", target)
        assert done.returncode == 2
        assert "part of the evidence" in done.stderr
    assert file.read_bytes() == content


def test_the_digest_of_a_firmware_is_that_of_what_wireshark_exports(tmp_path: Path) -> None:
    sample = ROOT / "pcaps" / "a-camera-fetches-firmware-in-the-clear" / "input.pcap"
    folder = replayed(tmp_path / "run", sample)
    flow = next(one for one in records(folder) if one.verdict.purpose == "firmware-download")
    exported = tmp_path / "objects"
    run_tool("tshark", "-Q", "-r", str(sample), "--export-objects", f"http,{exported}")
    images = [path for path in exported.iterdir() if path.name.endswith(".bin")]
    assert len(images) == 1
    image = images[0].read_bytes()
    done = camwatch("inspect", folder.path, flow.flow_id, "--json", "--no-dissect")
    told = json.loads(done.stdout)["http_bodies"]
    expected = hashlib.sha256(image).hexdigest()
    assert told == [{"bytes": len(image), "sha256": expected, "missing": 0}]
    text = camwatch("inspect", folder.path, flow.flow_id, "--no-dissect").stdout
    assert f"SHA-256 {expected}" in " ".join(text.split())
