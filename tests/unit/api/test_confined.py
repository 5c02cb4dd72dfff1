"""What a confined program is, asked of the program itself: `/proc` and the kernel answer."""

import json
import subprocess
import sys
from typing import Any

import pytest

ASK = """
import json, os, resource, socket
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
told = {
    "memory": resource.getrlimit(resource.RLIMIT_AS),
    "processor": resource.getrlimit(resource.RLIMIT_CPU),
    "files": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
    "core": resource.getrlimit(resource.RLIMIT_CORE)[0],
    "no_new_privileges": status["NoNewPrivs"].strip(),
    "nice": os.nice(0),
    "interfaces": sorted(name for _, name in socket.if_nameindex()),
    "arguments": os.sys.argv[1:],
}
print(json.dumps(told))
"""
MEMORY, PROCESSOR_S = 2_000_000_000, 30


def _confined(network: str, *command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603  # our own words
        [sys.executable, "-m", "monitor.api.confined", str(MEMORY), str(PROCESSOR_S), network,
         sys.executable, *command],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def _told(network: str) -> dict[str, Any]:
    done = _confined(network, "-c", ASK, "a word", "--and more")
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_limits_hold_and_cannot_be_raised_and_the_command_gets_its_words() -> None:
    told = _told("1")
    assert told["memory"] == [MEMORY, MEMORY]
    assert told["processor"] == [PROCESSOR_S, PROCESSOR_S]
    assert told["files"] == 256
    assert told["core"] == 0
    assert told["no_new_privileges"] == "1"
    assert told["nice"] >= 10
    assert told["arguments"] == ["a word", "--and more"]


def test_without_a_network_there_is_nothing_but_a_loopback_of_its_own() -> None:
    probe = subprocess.run(
        ["/usr/bin/unshare", "--user", "--net", "true"], capture_output=True, check=False
    )
    if probe.returncode:
        pytest.skip("this kernel gives no network namespaces")
    assert _told("0")["interfaces"] == ["lo"]


def test_who_wants_more_memory_fails() -> None:
    done = _confined("1", "-c", "bytearray(3_000_000_000)")
    assert done.returncode == 1
    assert "MemoryError" in done.stderr
