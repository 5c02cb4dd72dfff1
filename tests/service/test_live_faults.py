"""What goes wrong around a sensor: what is lost then is counted, and what was kept stays."""

import os
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest

from tests.support.live import IN, PAIR, Sensor, Wire, sensor, wait_for, wire
from tests.support.shared import ROOT

CLOUD = ROOT / "pcaps" / "a-hikvision-camera-keeps-its-cloud-connections" / "input.pcap"
RELAY = ROOT / "pcaps" / "a-tuya-camera-sends-video-over-a-relay" / "input.pcap"


@pytest.fixture
def on() -> Iterator[Wire]:
    with wire() as made:
        yield made


def accounted(live: Sensor) -> dict[str, int]:
    """Check the law of a sensor that ended, and return the counters of its interface."""
    told = live.interface()
    assert told["received"] == told["frames"] + told["dropped"] + told["lost_with_worker"]
    counters = live.status()["counters"]
    decode, flow = counters["decode"], counters["flow"]
    stopped = sum(count for name, count in decode.items() if name.startswith("stopped_"))
    assert decode["frames"] == decode["packets"] + stopped
    assert decode["packets"] == flow["packets"]
    return told


def has_workers(live: Sensor, count: int) -> bool:
    return len(live.events("worker-ready")) == count


def test_under_overload_every_frame_is_processed_or_counted_as_dropped(
    on: Wire, tmp_path: Path
) -> None:
    with sensor(on, tmp_path, "--no-kernel-filter", settings="ring_mib = 2") as live:
        worker = live.worker_pid()
        os.kill(worker, signal.SIGSTOP)
        sent = on.send(*[RELAY] * 4, speed=("--topspeed", "--loop=20"))
        os.kill(worker, signal.SIGCONT)
        assert live.stop() == 0
        told = accounted(live)
        assert told["received"] == told["passed"] == sent
        assert told["dropped"] > 0
        assert told["freezes"] > 0
        assert told["lost_with_worker"] == 0
        assert live.status()["counters"]["decode"]["frames"] == told["frames"]


def test_a_worker_that_dies_is_started_again_and_what_it_had_is_counted(
    on: Wire, tmp_path: Path
) -> None:
    with sensor(on, tmp_path, "--no-kernel-filter") as live:
        sent = on.send(CLOUD)
        live.wait_frames(sent)
        descriptors = len(list(Path(f"/proc/{live.pid}/fd").iterdir()))
        for times in (1, 2):
            os.kill(live.worker_pid(), signal.SIGKILL)
            wait_for("another worker", partial(has_workers, live, times + 1))
            wait_for("it to be in the store", lambda: live.status()["workers"][0]["is_ready"])
        told = live.status()["workers"][0]
        assert told["restarts"] == 2
        assert told["flows_lost"] > 0
        assert len(list(Path(f"/proc/{live.pid}/fd").iterdir())) == descriptors
        before = live.interface()["frames"]
        again = on.send(CLOUD)
        live.wait_frames(before + again)
        assert live.stop() == 0
        told = accounted(live)
        assert told["received"] == sent + again
        assert live.ask("select count(*) from flows")[0][0] > 0


def test_a_sensor_killed_at_any_moment_leaves_a_sound_store(on: Wire, tmp_path: Path) -> None:
    with sensor(on, tmp_path, "--no-kernel-filter") as live:
        on.send(RELAY, CLOUD)
        wait_for("flows in the store", lambda: live.ask("select 1 from flows limit 1"), 60)
        worker = live.worker_pid()
        live.kill()
        wait_for("the worker to go with it", lambda: not Path(f"/proc/{worker}").exists(), 10)
        assert live.ask("pragma integrity_check") == [("ok",)]
        flows = set(live.ask("select flow_id from flows"))
        alerts = set(live.ask("select id, fingerprint, state from alerts"))
        learnt = len(live.ask("select 1 from learnt"))
        live.start()
        live.wait_ready(times=2)
        on.send(CLOUD)
        assert live.stop() == 0
        assert flows <= set(live.ask("select flow_id from flows"))
        assert {alert[:2] for alert in alerts} <= set(
            live.ask("select id, fingerprint from alerts")
        )
        assert len(live.ask("select 1 from learnt")) >= learnt
        assert len(live.ask("select 1 from runs")) == 1


def test_an_interface_that_goes_down_and_comes_back_is_captured_again(
    on: Wire, tmp_path: Path
) -> None:
    with sensor(on, tmp_path, "--no-kernel-filter") as live:
        first = on.send(CLOUD)
        live.wait_frames(first)
        on.ip("link", "set", IN, "down")
        wait_for("it to be told", lambda: not live.interface()["is_up"], 30)
        on.ip("link", "set", IN, "up")
        wait_for("it to be told", lambda: live.interface()["is_up"], 30)
        second = on.send(CLOUD)
        live.wait_frames(first + second)
        assert [line["is_up"] for line in live.events("interface")] == [True, False, True]
        on.ip("link", "del", IN)
        wait_for("it to be told", lambda: not live.interface()["is_up"], 30)
        for words in PAIR:
            on.ip(*words)
        wait_for("it to be told", lambda: live.interface()["is_up"], 30)
        third = on.send(CLOUD)
        live.wait_frames(first + second + third)
        assert live.stop() == 0
        told = accounted(live)
        assert told["downs"] == 2
        assert told["received"] == first + second + third


def test_a_reload_takes_up_settings_and_loses_no_flow(on: Wire, tmp_path: Path) -> None:
    with sensor(on, tmp_path, "--no-kernel-filter") as live:
        first = on.send(CLOUD)
        live.wait_frames(first)
        good = live.config.read_text()
        live.config.write_text(good + '\n[site]\nnetworks = ["no network"]\n')
        os.kill(live.pid, signal.SIGHUP)
        wait_for("the refusal", lambda: live.events("reload-refused"), 30)
        assert "site.networks" in live.events("reload-refused")[0]["why"]
        live.config.write_text(good + '\n[site]\nnetworks = ["10.0.0.0/8", "192.168.0.0/16"]\n')
        os.kill(live.pid, signal.SIGHUP)
        wait_for("the worker", lambda: live.events("worker-reloaded"), 60)
        second = on.send(CLOUD)
        live.wait_frames(first + second)
        assert live.stop() == 0
        accounted(live)
        flow = live.status()["counters"]["flow"]
        assert flow["opened"] == sum(
            count
            for name, count in flow.items()
            if name.startswith("ended_") and name != "ended_active"
        )
        assert live.status()["reloads"] == {"taken": 1, "refused": 1}
        records = live.status()["counters"]["records"]
        assert live.ask("select count(*) from flows") == [(records["flows"],)]


def test_a_store_that_is_read_or_held_makes_flows_wait_and_loses_none(
    on: Wire, tmp_path: Path
) -> None:
    with sensor(on, tmp_path, "--no-kernel-filter") as live:
        with sqlite3.connect(live.database, isolation_level=None) as reader:
            reader.execute("begin")
            reader.execute("select count(*) from flows").fetchone()
            before = live.status()["store"]["steps_written"]
            wait_for(
                "steps beside a reader",
                lambda: live.status()["store"]["steps_written"] > before + 1,
                30,
            )
            reader.execute("rollback")
        with sqlite3.connect(live.database, isolation_level=None) as writer:
            writer.execute("begin immediate")
            sent = on.send(CLOUD)
            wait_for("the store's fault to be told", lambda: store_faults(live), 60)
            writer.execute("rollback")
        live.wait_frames(sent)
        assert live.stop() == 0
        accounted(live)
        records = live.status()["counters"]["records"]
        assert live.ask("select count(*) from flows") == [(records["flows"],)]
        assert live.events("stopped")[0]["flows_dropped"] == 0


def store_faults(live: Sensor) -> list[str]:
    return [line["fault"] for line in live.events("store") if line["fault"]]


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A file system of some megabytes."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # ours
    if done.returncode != 0:
        pytest.skip(f"no tmpfs can be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)  # noqa: S603, S607  # ours


def test_a_full_disk_makes_flows_wait_until_there_is_room(on: Wire, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk"):
        folder = tmp_path / "disk" / "sensor"
        with sensor(on, folder, "--no-kernel-filter") as live:
            filler = folder / "filler"
            with filler.open("wb", buffering=0) as file, suppress(OSError):
                while True:
                    file.write(b"\0" * 4096)
            sent = on.send(RELAY, CLOUD)
            wait_for("the fault to be told", lambda: store_faults(live), 60)
            assert "the disk is full" in store_faults(live)[0]
            filler.unlink()
            wait_for("the end of the fault", lambda: not live.events("store")[-1]["fault"], 60)
            live.wait_frames(sent)
            assert live.stop() == 0
            accounted(live)
            records = live.status()["counters"]["records"]
            assert live.ask("select count(*) from flows") == [(records["flows"],)]
