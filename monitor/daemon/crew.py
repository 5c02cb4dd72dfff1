"""Worker processes as the keeper has them: started, heard, ended, and started again."""

import dataclasses
import errno
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from monitor.capture import packet_socket as packets
from monitor.capture.bpf import NOTHING
from monitor.config import Settings
from monitor.daemon import wire
from monitor.daemon.orders import Orders, for_workers
from monitor.daemon.wire import Kind, Message, Messages, RecordReceiver
from monitor.errors import CaptureError

READ_BYTES = 1 << 20

FIRST_WAIT_NS = 1_000_000_000
LONGEST_WAIT_NS = 60_000_000_000
"""A worker that dies is started again after the first wait; each time soon after, after twice it."""

STEADY_NS = 300_000_000_000
"""A worker that lived so long is not held to be one that keeps dying."""

SILENT_NS = 60_000_000_000
"""A worker says something every second; one that did not for so long is ended."""

STARTING_NS = 300_000_000_000
"""Until it is ready it may take so long: a new version compiles its kernels first."""

LAST_WORDS = 4096
"""Bytes of a dead worker's standard error that are kept."""

_ENVIRONMENT = (
    "PATH", "LANG", "TZ", "HOME", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR", "PYTHONPATH",
    "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV",
)  # fmt: skip
"""What a worker is told of the environment: nothing that may hold a secret."""


@dataclasses.dataclass(slots=True)
class Port:
    """One interface of one worker, as the kernel counts it; the socket outlives the worker."""

    name: str
    sock: socket.socket
    received: int = 0
    """Frames that passed the filter, those that were dropped included."""

    dropped: int = 0
    freezes: int = 0
    lost_with_worker: int = 0
    """Frames that a worker had, or were waiting for it, when it died."""

    frames_before: int = 0
    """Frames that earlier workers told of."""

    downs_before: int = 0
    told: dict[str, Any] = dataclasses.field(default_factory=dict)
    """What the worker said last."""

    index: int = 0
    """Number of the interface that the socket is bound to; 0: of none yet."""

    def ask(self) -> None:
        """Add what the kernel counted since it was asked last."""
        counted = packets.statistics(self.sock)
        self.received += counted.received
        self.dropped += counted.dropped
        self.freezes += counted.freezes

    def look(self) -> None:
        """Take up the interface again, should it have gone and be there anew.

        Raises:
            CaptureError: The kernel does not do that for a socket that shares its frames.
        """
        index = packets.index_of(self.name)
        if self.index and index and index != self.index:
            try:
                packets.bind(self.sock, self.name)
            except OSError as error:
                if error.errno == errno.EINVAL:
                    raise CaptureError(
                        f"interface {self.name}: it was made anew, and several workers cannot "
                        "take it up again; start camwatch again"
                    ) from error
                return
        self.index = index or self.index

    @property
    def frames(self) -> int:
        """Frames that workers handed on."""
        return self.frames_before + int(self.told.get("frames", 0))

    def close_account(self) -> None:
        """Let nothing in, and call lost what was received and not told of: its worker is dead."""
        packets.attach(self.sock, NOTHING)
        self.ask()
        self.frames_before = self.frames
        self.downs_before += int(self.told.get("downs", 0))
        self.told = {}
        self.lost_with_worker = self.received - self.dropped - self.frames_before

    def plain(self) -> dict[str, Any]:
        """Return the counters of this interface."""
        return {
            "interface": self.name,
            "is_up": bool(self.told.get("is_up", False)),
            "received": self.received,
            "frames": self.frames,
            "dropped": self.dropped,
            "freezes": self.freezes,
            "lost_with_worker": self.lost_with_worker,
            "downs": self.downs_before + int(self.told.get("downs", 0)),
            "faults": int(self.told.get("faults", 0)),
            "last_ns": int(self.told.get("last_ns", 0)),
        }


class Hand:
    """One worker, and those that came before it in its place."""

    def __init__(self, number: int, ports: Sequence[Port]) -> None:
        self.number = number
        self.ports = ports
        self.restarts = 0
        self.is_ready = False
        self.is_done = False
        """It said goodbye: everything it had was handed over."""

        self.status: dict[str, Any] = {}
        self.knowledge: dict[str, Any] = {"versions": {}, "databases": []}
        """What its answers rest on, as it said when it was last ready."""

        self.counters: dict[str, dict[str, int]] = {}
        """Totals of workers that died."""

        self.flows_lost = 0
        """Flows that were open in a worker that died."""

        self.heard_ns = 0
        self.receiver = RecordReceiver()
        self._messages = Messages()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._waits_ns = FIRST_WAIT_NS
        self._started_ns = 0
        self.last_words = ""
        """The end of what the last worker that ended wrote to standard error."""

        self.due_ns = 0
        """When the next one is to be started, where none runs."""

    @property
    def pid(self) -> int:
        """Process id, 0 where none runs."""
        return self._process.pid if self._process is not None else 0

    @property
    def descriptor(self) -> int:
        """What to wait on for words of the worker, -1 where none runs."""
        return self._control.fileno() if self._control is not None else -1

    def start(self, settings: Settings, now_ns: int) -> None:
        """Start a worker."""
        ours, theirs = socket.socketpair()
        with theirs:
            given = [(port.name, port.sock.fileno()) for port in self.ports]
            self._process = subprocess.Popen(  # noqa: S603  # our own program
                [sys.executable, "-m", "monitor.daemon.worker", str(theirs.fileno())],
                pass_fds=[theirs.fileno(), *(descriptor for _, descriptor in given)],
                env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
                | {"OPENBLAS_NUM_THREADS": "1"},
                stdin=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
        self._control = ours
        self._messages, self.receiver = Messages(), RecordReceiver()
        self.is_ready, self.status = False, {}
        self.heard_ns = self._started_ns = now_ns
        orders = Orders(number=self.number, keeper=os.getpid(), sockets=given, settings=settings)
        self._say(Kind.START, orders.plain())

    def reload(self, settings: Settings) -> None:
        """Have the worker take up other settings."""
        if self.is_ready:
            self._say(Kind.RELOAD, for_workers(settings))

    def stop(self) -> None:
        """Ask the worker to hand over what it has, and end."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the worker as it stands."""
        if self._process is not None:
            self._process.kill()

    def hear(self) -> Iterator[Message]:
        """Yield what the worker said; returns when it has nothing more to say for now.

        Raises:
            WireError: It says what no worker says.
        """
        if self._control is None:
            return
        try:
            data = self._control.recv(READ_BYTES, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except ConnectionResetError:
            data = b""
        if not data:
            self._control.close()
            self._control = None
            return
        yield from self._messages.take(data)

    def ended(self) -> int | None:
        """Return how the worker ended, once it has and everything it said was heard."""
        if self._process is None or self._control is not None:
            return None
        try:
            status = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        if self._process.stderr is not None:
            # Read at the end only: who writes more than a pipe holds is found to be silent.
            self.last_words = self._process.stderr.read()[-LAST_WORDS:].decode(errors="replace")
            self._process.stderr.close()
        return status

    def bury(self, now_ns: int) -> None:
        """Close the account of a worker that ended, and set the time of the next."""
        self._process = None
        for port in self.ports:
            port.close_account()
        counters = self.status.get("counters", {})
        self.flows_lost += 0 if self.is_done else int(counters.get("flow", {}).get("active", 0))
        self.counters = added(self.counters, counters)
        self.status, self.is_ready = {}, False
        if now_ns - self._started_ns > STEADY_NS:
            self._waits_ns = FIRST_WAIT_NS
        self.due_ns = now_ns + self._waits_ns
        self._waits_ns = min(2 * self._waits_ns, LONGEST_WAIT_NS)

    def is_silent(self, now_ns: int) -> bool:
        """Return whether the worker should have said something by now."""
        limit = SILENT_NS if self.is_ready else STARTING_NS
        return self._process is not None and now_ns - self.heard_ns > limit

    def totals(self) -> dict[str, dict[str, int]]:
        """Return the counters over all workers in this place."""
        return added(self.counters, self.status.get("counters", {}))

    def _say(self, kind: Kind, told: dict[str, Any]) -> None:
        # A worker that cannot take a few kilobytes is about to be found dead or silent.
        with suppress(OSError):
            if self._control is not None:
                self._control.sendall(b"".join(wire.packed(kind, wire.as_json(told))))


def added(
    one: dict[str, dict[str, int]], other: dict[str, dict[str, int]]
) -> dict[str, dict[str, int]]:
    """Return the sums of two sets of counters."""
    made = {group: dict(counts) for group, counts in one.items()}
    for group, counts in other.items():
        into = made.setdefault(group, {})
        for name, count in counts.items():
            into[name] = into.get(name, 0) + int(count)
    return made


def seen_by_interface(name: str) -> tuple[int, int]:
    """Return the bytes and packets that an interface received, also what the filter dropped."""
    with suppress(OSError, ValueError), Path("/proc/self/net/dev").open(encoding="ascii") as lines:
        for line in lines:
            label, _, numbers = line.partition(":")
            if label.strip() == name:
                octets, count = numbers.split()[:2]
                return int(octets), int(count)
    return 0, 0
