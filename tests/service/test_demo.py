"""The living example: a sensor on a wire of its own, played to, with the page over it."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.support.shared import ROOT

DEADLINE_S = 240.0


@pytest.mark.slow
def test_the_demonstration_shows_what_leaves_and_ends_cleanly(tmp_path: Path) -> None:
    if shutil.which("unshare") is None or shutil.which("ip") is None or os.geteuid() != 0:
        pytest.skip("a network namespace needs root, unshare and ip")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    sample = ROOT / "pcaps" / "a-hikvision-camera-keeps-its-cloud-connections" / "input.pcap"
    # Tests that run in the background are deaf to SIGINT, and would hand that on.
    command = ["env", "--default-signal=INT", sys.executable, "-m", "monitor", "demo", str(sample)]
    command += ["--out", str(tmp_path), "--listen", f"127.0.0.1:{port}"]
    told = tmp_path / "told"
    with told.open("wb") as output:
        process = subprocess.Popen(command, stderr=output, cwd=ROOT)  # noqa: S603  # ours
    try:
        token = _wait_for_token(told, process)
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {token}"}
        ) as client:
            assert "<title>camwatch</title>" in client.get("/").text
            purposes = _wait_for_purposes(client)
        assert "diagnostics" in purposes
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0, told.read_text()
    assert told.read_text().rstrip().endswith("camwatch: ended")


def _wait_for_token(told: Path, process: subprocess.Popen[bytes]) -> str:
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        found = re.search(r"#token=(\S+)", told.read_text())
        if found:
            return found.group(1)
        if process.poll() is not None and "network of its own" in told.read_text():
            pytest.skip(told.read_text().strip())
        assert process.poll() is None, told.read_text()
        time.sleep(0.2)
    pytest.fail(told.read_text())


def _wait_for_purposes(client: httpx.Client) -> set[str]:
    end = time.monotonic() + DEADLINE_S
    purposes: set[str] = set()
    while time.monotonic() < end and "diagnostics" not in purposes:
        told = client.get("/api/v1/overview").raise_for_status().json()
        purposes = {one["purpose"] for one in told["purposes"]}
        time.sleep(0.5)
    return purposes
