"""A wire and a sensor on it: a namespace of its own with a veth pair, senders, and ``camwatch run``."""

import ctypes
import itertools
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.support.shared import ROOT

OUT, IN = "out0", "in0"
"""The two ends of the wire: what is sent on one arrives at the other."""

DEADLINE_S = 240.0
"""Long, because a fresh checkout compiles its kernels first."""

PAIR = (
    ("link", "add", OUT, "type", "veth", "peer", "name", IN),
    *(("link", "set", end, "mtu", "65000") for end in (OUT, IN)),
    *(("link", "set", end, "up") for end in (OUT, IN)),
)
"""What ip(8) is told to make the wire."""

CLONE_NEWNET = 0x40000000

T = TypeVar("T")

_numbers = itertools.count()


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our tools


def wait_for(what: str, holds: Callable[[], object], deadline_s: float = DEADLINE_S) -> None:
    """Ask until it holds; fail with its name after the deadline."""
    end = time.monotonic() + deadline_s
    while not holds():
        if time.monotonic() > end:
            pytest.fail(f"waited {deadline_s:g} s in vain: {what}")
        time.sleep(0.05)


class Wire:
    """A network namespace with one veth pair; nothing in it speaks by itself."""

    def __init__(self, name: str) -> None:
        self.name = name

    def ip(self, *words: str) -> None:
        """Run ip(8) in the namespace."""
        done = _run("ip", "-n", self.name, *words)
        assert done.returncode == 0, f"ip {' '.join(words)}: {done.stderr}"

    def inside(self, *command: str) -> list[str]:
        """Return a command that runs in the namespace."""
        return ["ip", "netns", "exec", self.name, *command]

    def within(self, function: Callable[[], T]) -> T:
        """Run a function in a thread whose network is this namespace."""

        def entered() -> T:
            with Path("/run/netns", self.name).open("rb") as namespace:
                if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
            return function()

        with ThreadPoolExecutor(1) as thread:
            return thread.submit(entered).result()

    def send(self, *files: Path, speed: Sequence[str] = ("--topspeed",)) -> int:
        """Send captures by tcpreplay, and return how many packets went out."""
        sent = 0
        for file in files:
            done = _run(*self.inside("tcpreplay", "-q", "-i", OUT, *speed, str(file)))
            assert done.returncode == 0, done.stderr
            sent += int(done.stdout.split("Actual: ")[1].split()[0])
        return sent


def _prepare(name: str) -> str:
    """Make the namespace; return why it cannot be, else an empty text."""
    made = _run("ip", "netns", "add", name)
    if made.returncode != 0:
        return made.stderr.strip()
    # IPv6 off: the kernel's own router solicitations would be frames that nobody sent.
    quiet = ("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1")
    steps = [
        ["ip", "netns", "exec", name, *quiet],
        ["ip", "netns", "exec", name, *quiet[:2], "net.ipv6.conf.default.disable_ipv6=1"],
        *(["ip", "-n", name, *words] for words in PAIR),
    ]
    for step in steps:
        done = _run(*step)
        if done.returncode != 0:
            return f"{' '.join(step)}: {done.stderr.strip()}"
    return ""


@contextmanager
def wire() -> Iterator[Wire]:
    """Make a wire, or skip the test with the reason why that cannot be here."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    for tool in ("ip", "tcpreplay", "tcpdump"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    name = f"camwatch-test-{os.getpid()}-{next(_numbers)}"
    try:
        why = _prepare(name)
        if why:
            pytest.skip(f"no network namespace with a veth pair can be made here: {why}")
        yield Wire(name)
    finally:
        _run("ip", "netns", "del", name)


class Sensor:
    """``camwatch run`` on a wire, in a process of its own."""

    def __init__(self, on: Wire, folder: Path, *options: str, settings: str = "") -> None:
        self.wire = on
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.database = folder / "camwatch.db"
        self.config = folder / "camwatch.toml"
        self.log_file = folder / "log"
        self._options = options
        # As root, without capabilities: the kernels that root compiled can be read by nobody else.
        self.config.write_text(
            f'[sensor]\ninterfaces = ["{IN}"]\nuser = "root"\n'
            # Its loopback is down: nothing can listen there.
            f'state_directory = "{folder}"\n{settings}\n[metrics]\nlisten = ""\n'
        )
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, without waiting."""
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603  # our own program
                self.wire.inside(
                    sys.executable, "-m", "monitor", "run", "--config", str(self.config),
                    "--store", f"sqlite:///{self.database}", *self._options,
                ),
                stderr=log,
                cwd=ROOT,
            )  # fmt: skip

    def wait_ready(self, times: int = 1) -> None:
        """Wait until it captures: for the so manieth time in its log."""
        wait_for(
            f"{times} x ready, in {self.log()}",
            lambda: len(self.events("ready")) >= times or self._has_ended(),
        )
        assert len(self.events("ready")) >= times, self.log()

    def _has_ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    @property
    def pid(self) -> int:
        """Of the keeper: `ip netns exec` becomes what it runs."""
        assert self.process is not None
        return self.process.pid

    def worker_pid(self) -> int:
        """Of its first worker."""
        return int(self.status()["workers"][0]["pid"])

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it by a signal, and return its exit status."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(timeout=DEADLINE_S)

    def kill(self) -> None:
        """End it as it stands, however far it is."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def log(self) -> str:
        """Everything it wrote to standard error."""
        return self.log_file.read_text()

    def events(self, name: str) -> list[dict[str, Any]]:
        """The lines of its log with an event of this name."""
        lines = [json.loads(line) for line in self.log().splitlines() if line.startswith("{")]
        return [line for line in lines if line["event"] == name]

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of its database; none while there is no such table yet."""
        if not self.database.exists():
            return []
        with sqlite3.connect(self.database, timeout=30) as connection:
            try:
                return connection.execute(query).fetchall()
            except sqlite3.OperationalError:
                return []

    def status(self) -> dict[str, Any]:
        """What it last said of itself in the store."""
        rows = self.ask("select status from sensors")
        return dict(json.loads(rows[0][0])) if rows else {}

    def interface(self) -> dict[str, int]:
        """Counters of its interface."""
        return dict(self.status().get("interfaces", [{}])[0])

    def wait_frames(self, count: int) -> None:
        """Wait until so many frames were handed on."""
        wait_for(
            f"{count} frames; {self.log_file} tells more",
            lambda: self.interface().get("frames", 0) >= count,
            60,
        )


@contextmanager
def sensor(on: Wire, folder: Path, *options: str, settings: str = "") -> Iterator[Sensor]:
    """Run a sensor that captures when the body begins, and is gone when it ends."""
    made = Sensor(on, folder, *options, settings=settings)
    try:
        made.start()
        made.wait_ready()
        yield made
    finally:
        made.kill()


class Recording:
    """tcpdump, writing what arrives on a wire."""

    def __init__(self, on: Wire, file: Path) -> None:
        self.process = subprocess.Popen(  # noqa: S603  # tcpdump
            on.inside("tcpdump", "-i", IN, "-n", "-Z", "root", "-B", "65536", "-w", str(file)),
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr is not None
        self._told = self.process.stderr
        assert "listening on" in self._told.readline()

    def captured(self) -> int:
        """Ask tcpdump how many frames it has written: it answers SIGUSR1 with a line."""
        self.process.send_signal(signal.SIGUSR1)
        return int(self._told.readline().split("packets captured")[0].split()[-1])

    def finish(self, count: int) -> None:
        """Wait until so many frames are written, and none was missed."""
        wait_for(f"{count} frames in tcpdump's file", lambda: self.captured() >= count, 30)
        self.process.send_signal(signal.SIGINT)
        _, told = self.process.communicate(timeout=60)
        assert "\n0 packets dropped by kernel" in told, told


@contextmanager
def recording(on: Wire, file: Path) -> Iterator[Recording]:
    """Have tcpdump write what arrives on the wire."""
    made = Recording(on, file)
    try:
        yield made
    finally:
        if made.process.poll() is None:
            made.process.kill()
            made.process.communicate()
