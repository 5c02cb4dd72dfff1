"""Runs a command and measures it: time, processor time, and peak memory of all its processes."""

import resource
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

POLL_S = 0.05
"""Between two looks at the memory; a shorter peak is missed."""


class Failed(Exception):  # noqa: N818  # it reads as what happened
    """A program did not end well; the text is what it said."""


class Took(NamedTuple):
    """What one run took."""

    wall_s: float
    cpu_s: float
    """User and system time of all processes of the run."""
    stdout: str


def timed(command: Sequence[str]) -> Took:
    """Run a command to its end.

    Raises:
        Failed: It ended with another status than 0.
    """
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, capture_output=True, check=False, text=True, errors="replace")  # noqa: S603  # run.py's own list
    wall_s, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise Failed(f"status {done.returncode}: {' '.join(last)}")
    cpu_s = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Took(wall_s, cpu_s, done.stdout)


def peak_memory(command: Sequence[str]) -> int:
    """Return the largest sum of PSS over the processes of a run, in bytes.

    PSS divides shared pages among those that share them, so that forked helpers are not counted
    double. Asking for it slows a run: measure time in another one.
    """
    stop = threading.Event()
    with subprocess.Popen(  # noqa: S603  # run.py's own list
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        peaks = [0]

        def watch() -> None:
            while not stop.is_set():
                peaks[0] = max(peaks[0], sum(map(_pss, _family(process.pid))))
                stop.wait(POLL_S)

        watcher = threading.Thread(target=watch)
        watcher.start()
        process.wait()
        stop.set()
        watcher.join()
    return peaks[0]


def _family(pid: int) -> list[int]:
    found, todo = [], [pid]
    while todo:
        found.append(one := todo.pop())
        for children in Path(f"/proc/{one}/task").glob("*/children"):
            try:
                todo += map(int, children.read_text().split())
            except OSError:
                continue
    return found


def _pss(pid: int) -> int:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        # It has ended since.
        return 0
    lines = (line.split() for line in rollup.splitlines())
    return next((int(words[1]) * 1024 for words in lines if words[0] == "Pss:"), 0)
