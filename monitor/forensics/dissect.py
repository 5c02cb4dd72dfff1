"""Runs the deep dissection in a child process, with a time limit that holds."""

import contextlib
import math
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from monitor.forensics.shown import shown

TSHARK: Final = "tshark"
MODULE: Final = "monitor.forensics.shark"


class Dissected(NamedTuple):
    """What came of a dissection."""

    packets: list[list[dict[str, Any]]]
    """For each packet in order: its layers with their fields, as text from the wire."""

    fault: str
    """Empty, or why there are not more: one line."""


def tshark_path() -> str:
    """Return where tshark is, an empty string where it is not installed."""
    return shutil.which(TSHARK) or ""


def dissect(path: Path, count: int, limit_s: float, *, tshark: str) -> Dissected:
    """Dissect the first packets of a capture file.

    The child and all its children are one process group, whose number is the child's process id:
    when the time is up, or the caller is interrupted, the group is killed.

    Args:
        path: A capture file.
        count: Packets to dissect, 0 for all.
        limit_s: Seconds it may take; what was dissected by then is returned.
        tshark: The program.
    """
    cpu_s = math.ceil(limit_s) + 1
    command = [sys.executable, "-m", MODULE, tshark, str(path), str(count), str(cpu_s)]
    with tempfile.TemporaryFile() as out:
        try:
            child = subprocess.Popen(  # noqa: S603  # our own module and a path of ours
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            return Dissected([], f"the dissection cannot be started: {error.strerror}")
        try:
            is_done = _wait(child, limit_s)
        finally:
            status = _end(child)
        out.seek(0)
        packets, fault = _told(out.read())
    if not is_done:
        fault = f"the dissection was ended after {limit_s:g} s (--time-limit)"
    elif status and not fault:
        fault = f"the dissection ended with status {status}"
    return Dissected(packets, fault)


def _wait(child: "subprocess.Popen[bytes]", limit_s: float) -> bool:
    """Wait for the child's end without taking its status; False when the time is up."""
    fd = os.pidfd_open(child.pid)
    try:
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        return bool(poll.poll(limit_s * 1000))
    finally:
        os.close(fd)


def _end(child: "subprocess.Popen[bytes]") -> int:
    """Kill what is left of the child's process group, and return the child's status.

    The status is not taken before, so the number cannot have gone to another process.
    """
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    return child.wait()


def _told(content: bytes) -> tuple[list[list[dict[str, Any]]], str]:
    """Return what the child told: layers of packets, and a fault or an empty string."""
    packets, fault = [], ""
    for line in content.splitlines(keepends=True):
        # The last line of a child that was killed may be cut.
        told = orjson.loads(line) if line.endswith(b"\n") else []
        if isinstance(told, dict):
            fault = f"tshark failed: {shown(str(told['fault']), 200)}"
        elif line.endswith(b"\n"):
            packets.append(told)
    return packets, fault
