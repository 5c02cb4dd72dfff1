"""Live and replay give the same: the daemon on a wire, and a replay of tcpdump's recording of it."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitor.cli.main import app
from monitor.policy.load import shipped_rules
from tests.support.live import Sensor, Wire, recording, sensor, wait_for, wire
from tests.support.shared import ROOT, SHARED

SAMPLES = sorted((ROOT / "pcaps").glob("*/input.pcap"))
RECORDED = [
    SHARED / "pcaps" / name
    for name in (
        "IoT_Sentinel/D-LinkCam/Setup-A-1-STA.pcap",
        "Lifecycle-Based-Traffic-Dataset/xiaobai_Y2camera_lifecycle/xiaobai_Y2camera_setup.pcap",
        "EZVIZ-Security-Camera-Analysis/Network/Camera_alone.pcap",
        "smart-home-firewall/eval/latency/dlink-cam/no-firewall/wan.pcap",
        "tj-oconnor_IoT-Dataset/pcaps/blink-cam-01.pcap",
    )
]

FLOWS = """
    select f.community_id, f.vlan, f.scope, f.protocol, f.service, f.camera_ip, f.initiated_by,
           f.outcome, f.orig_ip, f.orig_port, f.orig_packets, f.orig_bytes, f.resp_ip, f.resp_port,
           f.resp_packets, f.resp_bytes, f.purpose, f.confidence, e.items, d.ip, d.port, d.name,
           d.name_source, d.country, d.asn, d.as_org, d.operator, d.operator_country
    from flows f join evidence e on e.id = f.evidence_id
    join destinations d on d.id = f.destination_id
"""
"""All of a flow but when it was: the two clocks are some microseconds apart."""

CAMERAS = "select ip, mac, oui, maker, brand, model, firmware, kind, confidence from cameras"


@pytest.fixture
def on() -> Iterator[Wire]:
    with wire() as made:
        yield made


def rows(database: Path, query: str) -> "Counter[tuple[object, ...]]":
    with sqlite3.connect(database) as connection:
        return Counter(connection.execute(query).fetchall())


def sent(on: Wire, live: Sensor, file: Path) -> int:
    """Send everything while tcpdump records it; return how many frames went over the wire."""
    files = [*SAMPLES, *(path for path in RECORDED if path.exists())]
    with recording(on, file) as tcpdump:
        count = on.send(*files)
        tcpdump.finish(count)
    wait_for("frames on the wire", lambda: live.interface().get("passed", 0) >= count)
    return count


def replayed(file: Path, database: Path) -> Path:
    """Replay into a database, and findings into the folder beside it."""
    out = database.with_suffix("")
    done = CliRunner().invoke(
        app, ["replay", str(file), "--store", f"sqlite:///{database}", "--out", str(out)]
    )
    assert done.exit_code == 0, done.output
    return database


def found_live(live: Sensor) -> set[tuple[str, str, str]]:
    """Rule, severity and camera of every alert, but those that only a live sensor can find."""
    by_id = {rule.id: rule for rule in shipped_rules()}
    return {
        (rule, severity, subject["ip"])
        for rule, severity, subjects in live.ask("select rule, severity, subjects from alerts")
        if not by_id[rule].is_live_only
        for subject in json.loads(subjects)
    }


def found_by_replay(database: Path) -> set[tuple[str, str, str]]:
    """Rule, severity and camera of every finding."""
    told = json.loads((database.with_suffix("") / "findings.json").read_text())
    findings = told["findings"] if isinstance(told, dict) else told
    return {(one["rule"], one["severity"], one["camera"]) for one in findings}


def test_a_sensor_and_a_replay_give_the_same_flows_and_devices(on: Wire, tmp_path: Path) -> None:
    with sensor(on, tmp_path / "live", "--no-kernel-filter") as live:
        count = sent(on, live, tmp_path / "wire.pcap")
        live.wait_frames(count)
        assert live.stop() == 0
        told = live.interface()
        assert (told["received"], told["frames"], told["dropped"]) == (count, count, 0)
        database = replayed(tmp_path / "wire.pcap", tmp_path / "replay.db")
        got, want = rows(live.database, FLOWS), rows(database, FLOWS)
        assert sum(want.values()) > 300
        assert got - want == Counter()
        assert want - got == Counter()
        assert len(found_by_replay(database)) > 10
        assert found_live(live) == found_by_replay(database)
        devices = rows(live.database, CAMERAS)
        assert rows(database, CAMERAS) - devices == Counter()
        # The sensor also names addresses that were spoken to and never spoke.
        assert {row[1:7] for row in devices - rows(database, CAMERAS)} <= {("",) * 6}


def test_the_kernel_filter_changes_nothing_of_what_leaves_the_site(
    on: Wire, tmp_path: Path
) -> None:
    with sensor(on, tmp_path / "live") as live:
        count = sent(on, live, tmp_path / "wire.pcap")
        assert live.stop() == 0
        told = live.interface()
        assert told["received"] == told["frames"] < told["passed"] == count
        assert told["dropped"] == 0
        database = replayed(tmp_path / "wire.pcap", tmp_path / "replay.db")
        outside = FLOWS + "where f.scope != 'site'"
        got, want = rows(live.database, outside), rows(database, outside)
        assert got - want == Counter()
        assert want - got == Counter()
        assert found_live(live) <= found_by_replay(database)
        inside = FLOWS + "where f.scope = 'site'"
        some, every = rows(live.database, inside), rows(database, inside)
        # Flows of which the filter shows a sample are left out: what is told of the rest is whole.
        assert some - every == Counter()
        status = live.status()
        left_out = status["counters"]["records"]["sampled"]
        assert left_out > 0
        assert json.dumps(status)
