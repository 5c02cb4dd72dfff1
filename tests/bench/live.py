"""Measures the live sensor beside other programs on one wire: at what rate does each lose packets?

    python tests/bench/live.py DIR                  DIR/egress.pcap, DIR/mix.pcap; root; prints Markdown
    python tests/bench/live.py DIR --rates 300000,0 --programs camwatch

Sender and receiver share this machine's cores, as they do not at a mirror port: the sender's cost is
in the numbers of all programs alike.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from typing_extensions import override

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.support.live import IN, OUT, Sensor, Wire, wait_for, wire  # noqa: E402  # after the path is set

RATES = (50_000, 100_000, 200_000, 300_000, 0)
"""Packets a second; 0: as fast as the sender can."""

SECONDS = 4
IDLE_RATE = 10_000
TICKS = os.sysconf("SC_CLK_TCK")


class Counted(NamedTuple):
    """What a program said."""

    received: int
    dropped: int


class Program(ABC):
    """A program that captures from the wire."""

    name = ""

    def __init__(self, on: Wire, folder: Path) -> None:
        self.wire = on
        self.folder = folder

    @abstractmethod
    def start(self) -> None:
        """Start it, and wait until it captures."""

    @abstractmethod
    def counted(self) -> Counted:
        """What it counted since its start."""

    @abstractmethod
    def pids(self) -> list[int]:
        """Its processes."""

    @abstractmethod
    def stop(self) -> None:
        """End it."""


class Camwatch(Program):
    """The whole sensor: flows in SQLite, rules, alerts."""

    name = "camwatch run"
    options: tuple[str, ...] = ("--no-kernel-filter",)

    @override
    def start(self) -> None:
        self.sensor = Sensor(self.wire, self.folder / f"{len(self.options)}", *self.options)
        self.sensor.start()
        self.sensor.wait_ready()

    @override
    def counted(self) -> Counted:
        told = self.sensor.interface()
        return Counted(told["received"], told["dropped"])

    @override
    def pids(self) -> list[int]:
        return [self.sensor.pid, self.sensor.worker_pid()]

    @override
    def stop(self) -> None:
        self.sensor.stop()


class Filtered(Camwatch):
    """The sensor as it comes: with the kernel filter."""

    name = "camwatch run, kernel filter"
    options = ()


class Tcpdump(Program):
    """Copies packets, keeps nothing."""

    name = "tcpdump -w /dev/null"

    @override
    def start(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603  # tcpdump
            self.wire.inside(
                "tcpdump", "-i", IN, "-n", "-Z", "root", "-B", "65536", "-w", "/dev/null"
            ),
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stderr is not None
        self._told = self._process.stderr
        self._told.readline()

    @override
    def counted(self) -> Counted:
        self._process.send_signal(signal.SIGUSR1)
        numbers = [int(n) for n in re.findall(r"(\d+) packets", self._told.readline())]
        return Counted(numbers[1], numbers[2])

    @override
    def pids(self) -> list[int]:
        return [self._process.pid]

    @override
    def stop(self) -> None:
        self._process.kill()
        self._process.communicate()


class Softflowd(Program):
    """Makes flow records without looking at names."""

    name = "softflowd"

    @override
    def start(self) -> None:
        self._control = self.folder / "softflowd.ctl"
        self.wire.ip("link", "set", "lo", "up")  # It connects to where flows would go.
        self._process = subprocess.Popen(  # noqa: S603  # softflowd
            self.wire.inside(
                "softflowd", "-d", "-i", IN, "-n", "127.0.0.1:9995", "-m", "1000000",
                "-B", str(64 << 20), "-c", str(self._control), "-p", str(self.folder / "pid"),
            ),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        wait_for("softflowd", self._control.exists, 20)

    @override
    def counted(self) -> Counted:
        done = subprocess.run(  # noqa: S603  # softflowctl
            self.wire.inside("softflowctl", "-c", str(self._control), "statistics"),
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        found = {
            word: int(number)
            for word, number in re.findall(r"(received|dropped) by libpcap: (\d+)", done.stdout)
        }
        return Counted(found.get("received", 0), found.get("dropped", 0))

    @override
    def pids(self) -> list[int]:
        return [self._process.pid]

    @override
    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


def send(on: Wire, file: Path, rate: int) -> tuple[int, float]:
    """Send at a rate for some seconds; return packets and seconds."""
    count = (rate or 600_000) * SECONDS
    command = on.inside(
        sys.executable, "-m", "tests.support.flood", OUT, str(file), str(rate), str(count)
    )
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)  # noqa: S603  # ours
    sent, seconds = done.stdout.split()
    return int(sent), float(seconds)


def cpu_s(pids: list[int]) -> float:
    """Processor seconds of processes, threads included."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def settled(program: Program) -> Counted:
    """Ask until two answers in a row are the same."""
    before = program.counted()
    while True:
        time.sleep(1.5)
        now = program.counted()
        if now == before:
            return now
        before = now


def measure(program: Program, file: Path, rates: Sequence[int]) -> dict[str, str]:
    """Return the cells of a row."""
    program.start()
    best, first_loss = 0.0, ""
    try:
        for rate in rates:
            before = settled(program)
            sent, seconds = send(program.wire, file, rate)
            after = settled(program)
            lost = after.dropped - before.dropped
            rate_text = f"{rate:,}/s" if rate else "top"
            sys.stderr.write(
                f"{program.name} {file.stem} {rate_text}: {sent / seconds:,.0f}/s, {lost} lost\n"
            )
            if lost:
                first_loss = f"{sent / seconds / 1000:,.0f} k/s: {100 * lost / sent:.1f} %"
                break
            best = max(best, sent / seconds)
        before_s = cpu_s(program.pids())
        # By the time of sending alone: while the sender starts there is next to nothing to do.
        _, seconds = send(program.wire, file, IDLE_RATE)
        share = (cpu_s(program.pids()) - before_s) / seconds
    finally:
        program.stop()
    return {
        "program": program.name,
        "no loss at": f"{best / 1000:,.0f} k/s",
        "first loss": first_loss or "none",
        "CPU at 10 k/s": f"{100 * share:.0f} %",
    }


def main() -> None:
    """Measure each program on each capture, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rates", default=",".join(map(str, RATES)))
    parser.add_argument("--programs", default="", help="only those whose name begins so")
    asked = parser.parse_args()
    rates = [int(rate) for rate in asked.rates.split(",")]
    for capture in ("egress", "mix"):
        rows = []
        for kind in (Tcpdump, Softflowd, Camwatch, Filtered):
            if not kind.name.startswith(asked.programs):
                continue
            with wire() as on, tempfile.TemporaryDirectory() as folder:
                program = kind(on, Path(folder))
                rows.append(measure(program, asked.folder / f"{capture}.pcap", rates))
        lines = [" | ".join(rows[0]), " | ".join("---" for _ in rows[0])]
        lines += [" | ".join(row.values()) for row in rows]
        sys.stdout.write(f"\n### {capture}\n\n" + "".join(f"| {line} |\n" for line in lines))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
