"""Packets of a flow out of an uploaded capture: the right ones, for those who may, for as long as it is kept."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import records, serving
from tests.support.serving import Served
from tests.support.shared import ROOT

CAPTURE = ROOT / "pcaps" / "a-camera-fetches-firmware-in-the-clear" / "input.pcap"
OTHER = ROOT / "pcaps" / "a-reolink-camera-registers-for-p2p" / "input.pcap"
TSHARK = shutil.which("tshark")


def _replayed(served: Served, capture: Path) -> dict[str, Any]:
    with served.client("analyst") as client:
        sent = client.post(
            "/api/v1/jobs", params={"name": capture.name}, content=capture.read_bytes()
        )

        def look() -> dict[str, Any] | None:
            job: dict[str, Any] = client.get(f"/api/v1/jobs/{sent.json()['id']}").json()
            return job if job["state"] not in ("waiting", "running") else None

        job: dict[str, Any] = serving.wait(look, "the end of the job", 120)
    assert job["state"] == "finished", job
    return job


def _flows(served: Served, run: str, text: str = "") -> list[dict[str, Any]]:
    asked = {"run": run} | ({"filter": text} if text else {})
    with served.client() as client:
        items: list[dict[str, Any]] = client.get("/api/v1/flows", params=asked).json()["items"]
    return items


def _packets(served: Served, run: str, flow: dict[str, Any], role: str = "analyst") -> Any:
    with served.client(role) as client:
        return client.get(f"/api/v1/flows/{flow['flow_id']}/packets", params={"run": run})


def _state(served: Served, run: str, flow: dict[str, Any]) -> str:
    with served.client() as client:
        told = client.get(f"/api/v1/flows/{flow['flow_id']}", params={"run": run}).json()
    return str(told["packets"])


def _tshark(capture: Path, *words: str) -> list[str]:
    done = subprocess.run(  # noqa: S603  # our own words
        [str(TSHARK), "-r", str(capture), *words], capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("packets")
    url = f"sqlite:///{folder}/store.db"
    serving.fill(url, flows=5)
    with serving.serving(url, folder, now_ns=None, requests_per_minute=10**6) as it:
        yield it


@pytest.fixture(scope="module")
def run(served: Served) -> str:
    return str(_replayed(served, CAPTURE)["run"])


@pytest.mark.skipif(TSHARK is None, reason="tshark is not installed")
def test_the_packets_are_those_that_tshark_finds_in_the_capture(
    served: Served, run: str, tmp_path: Path
) -> None:
    flow = _flows(served, run, "purpose = firmware-download")[0]
    assert _state(served, run, flow) == "kept"
    told = _packets(served, run, flow)
    assert told.status_code == 200
    assert told.headers["content-type"] == "application/x-pcapng"
    assert f"camwatch-{flow['flow_id']}.pcapng" in told.headers["content-disposition"]
    assert "x-camwatch-doubt" not in told.headers
    carved = tmp_path / "flow.pcapng"
    carved.write_bytes(told.content)
    orig, resp = flow["orig"], flow["resp"]
    only = (
        f"ip.addr == {orig['ip']} && ip.addr == {resp['ip']} && "
        f"tcp.port == {orig['port']} && tcp.port == {resp['port']}"
    )
    columns = ("-T", "fields", "-e", "frame.time_epoch", "-e", "frame.len", "-e", "tcp.seq_raw")
    expected = _tshark(CAPTURE, "-Y", only, *columns)
    assert len(expected) > 10
    assert _tshark(carved, *columns) == expected
    assert told.headers["x-camwatch-packets"] == str(len(expected))
    # Nothing of where the server keeps it stands in what it gives away.
    assert b"uploads" not in told.content


@pytest.mark.parametrize("asked", ["bytes=99999999-", "pages=1-2", "bytes=0-9"])
def test_nothing_is_left_behind_whatever_part_is_asked_for(
    served: Served, run: str, asked: str
) -> None:
    flow = _flows(served, run, "purpose = firmware-download")[0]
    path = f"/api/v1/flows/{flow['flow_id']}/packets"
    with served.client("analyst") as client:
        told = client.get(path, params={"run": run}, headers={"Range": asked})
    # Parts are not given: it is whole.
    assert told.status_code == 200
    assert len(told.content) == int(told.headers["content-length"]) > 1000
    uploads = served.app.state.context.settings.api.uploads
    assert not list(uploads.glob("carving-*"))


def test_who_took_which_packets_is_logged_and_a_reader_may_not(served: Served, run: str) -> None:
    flow = _flows(served, run)[0]
    assert _packets(served, run, flow, "reader").status_code == 403
    assert _packets(served, run, flow).status_code == 200
    with served.client("admin") as client:
        entry = client.get("/api/v1/audit").json()["items"][0]
    assert entry["action"] == "flow.packets"
    assert entry["author"] == "test analyst"
    assert entry["subject"] == flow["flow_id"]
    assert entry["detail"]["run"] == run
    assert list(served.app.state.context.settings.api.uploads.glob("carving-*")) == []


def test_of_a_sensor_there_are_none_and_the_answer_says_what_to_do(served: Served) -> None:
    flow = _flows(served, serving.RUN)[0]
    assert _state(served, serving.RUN, flow) == "sensor"
    told = _packets(served, serving.RUN, flow)
    assert told.status_code == 404
    assert "record at the mirror port" in told.json()["detail"]


def test_findings_of_a_replay_lead_to_flows_that_are_there(served: Served, run: str) -> None:
    with served.client() as client:
        found = client.get(f"/api/v1/runs/{run}").json()["findings"]
        ids = [flow_id for one in found for flow_id in one["flow_ids"]]
        assert ids
        for flow_id in ids:
            path = f"/api/v1/flows/{flow_id}"
            assert client.get(path, params={"run": run}).json()["packets"] == "kept"


def test_a_capture_that_changed_is_refused_and_so_is_asking_too_often(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    with serving.serving(
        url, tmp_path, now_ns=None, carves_per_minute=1, requests_per_minute=10**6
    ) as it:
        job = _replayed(it, OTHER)
        flow = _flows(it, job["run"])[0]
        kept = it.app.state.context.jobs.path(job["id"])
        kept.write_bytes(kept.read_bytes()[:-1] + b"\x00")
        changed = _packets(it, job["run"], flow)
        assert changed.status_code == 503
        assert "not what was uploaded" in changed.json()["detail"]
        assert str(tmp_path) not in changed.text
        refused = _packets(it, job["run"], flow)
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["retry-after"]) <= 60


def test_the_oldest_capture_goes_first_and_that_is_counted(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    room = CAPTURE.stat().st_size + OTHER.stat().st_size - 1
    with serving.serving(
        url, tmp_path, now_ns=None, kept_bytes=room, requests_per_minute=10**6
    ) as it:
        old = _replayed(it, OTHER)
        new = _replayed(it, CAPTURE)
        captures = it.app.state.context.jobs.captures
        serving.wait(lambda: captures.removed == 1, "room for the newer one")
        with it.client() as client:
            health = client.get("/api/v1/health").json()
        assert health["kept_captures"] == 1
        assert health["kept_bytes"] == CAPTURE.stat().st_size
        assert health["removed_captures"] == 1
        flow = _flows(it, old["run"])[0]
        assert _state(it, old["run"], flow) == "removed"
        assert "upload it again" in _packets(it, old["run"], flow).json()["detail"]
        assert _state(it, new["run"], _flows(it, new["run"])[0]) == "kept"


def test_a_run_of_the_command_line_has_its_packets_elsewhere(tmp_path: Path) -> None:
    from monitor.store import RunStart, Store  # noqa: PLC0415  # one test writes a run of its own

    url = f"sqlite:///{tmp_path}/store.db"
    with Store.open(url) as store:
        store.begin_run(RunStart(id="ab" * 32, started_ns=1, versions={}))
        store.write([records.flow(0)])
        store.finish_run(finished_ns=2, counters={})
    with serving.serving(url, tmp_path) as it:
        flow = _flows(it, "ab" * 32)[0]
        assert _state(it, "ab" * 32, flow) == "elsewhere"
        assert "camwatch inspect" in _packets(it, "ab" * 32, flow).json()["detail"]
