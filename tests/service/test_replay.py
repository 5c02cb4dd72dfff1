"""The command that users type, on whole captures, against independent tools."""

import gzip
import json
import lzma
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import zstandard

from tests.support.shared import ROOT

SAMPLES = sorted(ROOT.glob("pcaps/*/input.pcap"))
CHATTY = ROOT / "pcaps" / "a-hikvision-camera-keeps-its-cloud-connections" / "input.pcap"
OFFICE = ROOT / "pcaps" / "an-office-pc-beside-two-cameras-is-no-camera" / "input.pcap"


def camwatch(*words: str | Path, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run the command line in a process of its own."""
    return subprocess.run(  # noqa: S603  # the project's own command
        [sys.executable, "-m", "monitor", *map(str, words)],
        capture_output=True, input=stdin, timeout=300, check=False, cwd=ROOT,
    )  # fmt: skip


def flows(out: Path) -> list[dict[str, Any]]:
    """Return the flow lines of a run, in an order that does not depend on anything else."""
    lines = [json.loads(line) for line in (out / "flows.jsonl").read_text().splitlines()]
    return sorted(lines, key=lambda line: (str(line["flow_id"]), str(line["start"])))


def replay(out: Path, *files: str | Path, stdin: bytes | None = None) -> list[dict[str, Any]]:
    """Replay and return the flows."""
    done = camwatch("replay", *files, "--out", out, stdin=stdin)
    assert done.returncode == 0, done.stderr.decode()
    return flows(out)


def tool(name: str) -> str:
    """Return the path of a Wireshark tool, or skip."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


def run_tool(*words: str | Path) -> str:
    return subprocess.run(  # noqa: S603  # tools of the distribution on our own files
        [str(w) for w in words], capture_output=True, check=True, timeout=120, text=True
    ).stdout


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The flows of the sample as it lies there."""
    return replay(tmp_path_factory.mktemp("plain"), CHATTY)


@pytest.mark.parametrize("kind", ["gz", "zst", "xz"])
def test_a_compressed_capture_gives_the_same_flows(
    plain: list[dict[str, Any]], tmp_path: Path, kind: str
) -> None:
    content = CHATTY.read_bytes()
    packed = {
        "gz": gzip.compress,
        "zst": zstandard.ZstdCompressor().compress,
        "xz": lzma.compress,
    }[kind](content)
    file = tmp_path / "capture"  # no ending: the bytes tell
    file.write_bytes(packed)
    assert replay(tmp_path / "out", file) == plain


def test_standard_input_gives_the_same_flows(plain: list[dict[str, Any]], tmp_path: Path) -> None:
    assert replay(tmp_path, "-", stdin=CHATTY.read_bytes()) == plain


@pytest.mark.parametrize("form", ["pcapng", "nsecpcap", "modpcap"])
def test_a_converted_capture_gives_the_same_flows(
    plain: list[dict[str, Any]], tmp_path: Path, form: str
) -> None:
    file = tmp_path / "converted"
    run_tool(tool("editcap"), "-F", form, CHATTY, file)
    assert replay(tmp_path / "out", file) == plain


def test_a_capture_cut_in_pieces_gives_the_same_flows_in_any_order_of_pieces(
    plain: list[dict[str, Any]], tmp_path: Path
) -> None:
    run_tool(tool("editcap"), "-c", "40", CHATTY, tmp_path / "piece.pcap")
    pieces = sorted(tmp_path.glob("piece*"))
    assert len(pieces) > 3
    assert replay(tmp_path / "out", *pieces) == plain
    assert replay(tmp_path / "back", *reversed(pieces)) == plain


def test_two_directions_captured_apart_give_the_same_flows(
    plain: list[dict[str, Any]], tmp_path: Path
) -> None:
    tshark = tool("tshark")
    out, back = tmp_path / "out.pcap", tmp_path / "back.pcap"
    run_tool(tshark, "-r", CHATTY, "-Y", "frame.number % 2 == 0", "-F", "pcap", "-w", out)
    run_tool(tshark, "-r", CHATTY, "-Y", "frame.number % 2 == 1", "-F", "pcap", "-w", back)
    assert replay(tmp_path / "merged", out, back) == plain


def test_a_cut_file_gives_what_could_be_read_and_says_where_it_ends(tmp_path: Path) -> None:
    file = tmp_path / "cut.pcap"
    file.write_bytes(CHATTY.read_bytes()[:5000])
    done = camwatch("replay", file, "--out", tmp_path / "out")
    assert done.returncode == 4
    assert b"the file ends inside a packet record" in done.stderr
    assert "Lost: " in done.stdout.decode()
    assert "every frame is accounted for" not in done.stdout.decode()
    assert done.stderr.count(b"\n") == 1
    assert flows(tmp_path / "out")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert "the file ends inside" in manifest["inputs"][0]["fault"]


def test_one_bad_file_among_several_does_not_keep_the_others_from_being_read(
    plain: list[dict[str, Any]], tmp_path: Path
) -> None:
    bad = tmp_path / "bad.pcap"
    bad.write_text("this is no capture")
    done = camwatch("replay", bad, CHATTY, tmp_path / "none.pcap", "--out", tmp_path / "out")
    assert done.returncode == 4
    assert b"not a capture file" in done.stderr
    assert b"No such file" in done.stderr
    assert flows(tmp_path / "out") == plain


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["replay", CHATTY, "--cameras", "ten"], 3, b"--cameras: 'ten'"),
        (["replay", CHATTY, "--out", "/dev/null/x"], 2, b"--out /dev/null/x"),
        (["replay", "-", "-"], 2, b"standard input can be read once"),
        (["replay", CHATTY, "--config", "/none.toml"], 3, b"/none.toml: No such file"),
        (["replay", CHATTY, "--store", "sqlite:////none/x.db"], 5, b"store sqlite:////none/x.db"),
        (["replay"], 2, b"Missing argument"),
        (["replay", CHATTY, "--fail-on", "high"], 10, b""),
        (["replay", CHATTY, "--fail-on", "critical"], 0, b""),
        (["--version"], 0, b""),
    ],
)
def test_every_exit_status_says_what_happened(
    words: list[str | Path], status: int, said: bytes
) -> None:
    done = camwatch(*words)
    assert (done.returncode, said in done.stderr) == (status, True), done.stderr.decode()
    assert b"Traceback" not in done.stderr


def test_json_tells_programs_what_the_summary_tells_people() -> None:
    done = camwatch("replay", CHATTY, "--json")
    report = json.loads(done.stdout)
    assert done.stderr == b""
    assert report["verdict"]["state"] == "open"
    (camera,) = [c for c in report["cameras"] if c["ip"] == "10.20.3.11"]
    assert {t["purpose"] for t in camera["talks"]} >= {"diagnostics", "p2p-rendezvous", "ntp"}
    assert report["totals"]["flows"] == 36


def test_naming_the_cameras_leaves_the_others_out(tmp_path: Path) -> None:
    done = camwatch("replay", OFFICE, "--cameras", "192.168.10.61", "--out", tmp_path)
    assert done.returncode == 0
    assert {flow["camera"]["ip"] for flow in flows(tmp_path)} == {"192.168.10.61"}


def test_the_manifest_holds_the_hashes_that_sha256sum_gives(tmp_path: Path) -> None:
    replay(tmp_path, CHATTY)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    names = sorted(manifest["outputs"])
    assert names == ["findings.json", "flows.jsonl", "report.html"]
    for name in names:
        told = run_tool("sha256sum", tmp_path / name).split()[0]
        assert manifest["outputs"][name]["sha256"] == told
    assert manifest["inputs"][0]["sha256"] == run_tool("sha256sum", CHATTY).split()[0]


def test_repeating_a_run_doubles_nothing_in_the_store(tmp_path: Path) -> None:
    import sqlite3  # noqa: PLC0415  # an independent look at the file

    url = f"sqlite:///{tmp_path / 'runs.db'}"

    def counts() -> list[int]:
        with sqlite3.connect(tmp_path / "runs.db") as database:
            tables = ("runs", "cameras", "destinations", "flows", "findings")
            return [
                database.execute(f"select count(*) from {table}").fetchone()[0]  # noqa: S608  # literals
                for table in tables
            ]

    assert camwatch("replay", CHATTY, "--store", url).returncode == 0
    first = counts()
    assert first[0] == 1
    assert first[3] == 36
    assert camwatch("replay", CHATTY, "--store", url).returncode == 0
    done = camwatch("replay", "-", "--store", url, stdin=CHATTY.read_bytes())
    assert done.returncode == 0
    assert counts() == first
    assert camwatch("replay", OFFICE, "--store", url).returncode == 0
    assert counts()[0] == 2


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.parent.name)
def test_every_frame_is_accounted_for(sample: Path) -> None:
    report = json.loads(camwatch("replay", sample, "--json").stdout)
    decode, flow = report["counters"]["decode"], report["counters"]["flow"]
    stopped = sum(count for name, count in decode.items() if name.startswith("stopped_"))
    assert report["totals"]["frames"] == decode["frames"] == decode["packets"] + stopped
    assert decode["packets"] == flow["packets"]
    assert flow["packets"] == sum(
        flow[name]
        for name in ("in_flows", "copies", "icmp_errors", "fragments_lost", "fragments_pending")
    )
    ended = Counter({k: v for k, v in flow.items() if k.startswith("ended_")})
    ended.pop("ended_active", None)
    assert flow["opened"] == sum(ended.values()) + flow["active"]


def test_a_camera_that_alone_speaks_from_a_server_port_is_not_called_visited(
    tmp_path: Path,
) -> None:
    from scapy.layers.inet import IP, UDP  # noqa: PLC0415  # slow to import
    from scapy.layers.l2 import Ether  # noqa: PLC0415  # as above
    from scapy.utils import wrpcap  # noqa: PLC0415  # as above

    frame = (
        Ether(src="b0:c5:54:2d:6e:91", dst="00:11:22:33:44:55")
        / IP(src="192.168.30.15", dst="203.0.113.9")
        / UDP(sport=53, dport=8004)
        / (b"x" * 900)
    )
    wrpcap(str(tmp_path / "alone.pcap"), [frame] * 20)
    (told,) = replay(tmp_path / "out", tmp_path / "alone.pcap")
    assert (told["initiated_by"], told["outcome"]) == ("camera", "unanswered")
    assert told["orig"] == {"ip": "192.168.30.15", "port": 53, "packets": 20, "bytes": 18840}
    assert told["purpose"] != "remote-access"


def test_a_reader_that_leaves_early_does_not_hide_what_was_found() -> None:
    command = f"{sys.executable} -m monitor replay {CHATTY} --json --fail-on high | head -c 10"
    done = subprocess.run(  # noqa: S602  # a pipe is the point, the words are ours
        f'{command}; exit "${{PIPESTATUS[0]}}"',
        shell=True, executable="/bin/bash", capture_output=True, check=False, cwd=ROOT, timeout=300,
    )  # fmt: skip
    assert done.returncode == 10
    assert b"Traceback" not in done.stderr


def test_a_run_of_other_captures_is_not_written_over_unless_told(tmp_path: Path) -> None:
    assert camwatch("replay", CHATTY, "--out", tmp_path).returncode == 0
    before = (tmp_path / "manifest.json").read_bytes()
    refused = camwatch("replay", OFFICE, "--out", tmp_path)
    assert refused.returncode == 2
    assert b"holds the run of" in refused.stderr
    assert b"--force" in refused.stderr
    assert refused.stderr.count(b"\n") == 1
    assert (tmp_path / "manifest.json").read_bytes() == before
    assert camwatch("replay", CHATTY, "--out", tmp_path).returncode == 0
    assert camwatch("replay", OFFICE, "--out", tmp_path, "--force").returncode == 0
