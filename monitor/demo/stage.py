"""Sets the demonstration up: a wire, a sensor, a player, the page; and takes it all away again."""

import dataclasses
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from monitor.errors import CaptureError, UsageError

OUT, IN = "cam-out", "cam-in"
"""The two ends of the wire: what is played on one arrives at the other."""

READY_S = 240.0
"""How long the sensor may take to be ready: the first time it compiles its kernels."""

SETTINGS = """\
# Settings of the demonstration: a sensor on a wire of its own.
[sensor]
name = "demo"
interfaces = ["{interface}"]
user = "root"
state_directory = "{folder}"

[coverage]
interval_s = 15
canaries = ["{canary}"]

[store]
url = "sqlite:///{folder}/camwatch.db"

[api]
listen = "{listen}"
uploads = "{folder}/uploads"
"""

WIRE = """\
set -e
ip link set lo up
ip link add {out} type veth peer name {into}
for end in {out} {into}; do
  sysctl -qw net.ipv6.conf.$end.disable_ipv6=1 2>/dev/null || true
  ip link set $end mtu 9000
  ip link set $end up
done
exec "$@"
"""
"""Runs in a network namespace that is empty but for its loopback interface."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """What to play, and where."""

    files: Sequence[str]
    folder: Path
    """Where store, settings and uploads go."""

    listen: str
    """Address and port of the page."""

    tell: Callable[[str], None]


def run(show: Show) -> None:
    """Play until SIGINT or SIGTERM.

    Raises:
        UsageError: A file cannot be read, or the folder not be written.
        CaptureError: No wire can be made here.
    """
    for name in show.files:
        if not Path(name).is_file():
            raise UsageError(f"{name}: no such file; name captures to play")
    folder = show.folder.absolute()
    _try_port(show.listen)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = _locked(folder)
        settings = folder / "demo.toml"
        settings.write_text(
            SETTINGS.format(interface=IN, canary=OUT, folder=folder, listen=show.listen),
            encoding="utf-8",
        )
    except OSError as error:
        raise UsageError(
            f"{folder}: {error.strerror}; name a folder that can be written"
        ) from error
    entering = _namespace()
    ours = [sys.executable, "-m", "monitor"]
    log_path = folder / "sensor.log"
    with lock, log_path.open("wb") as log, _stopped(show.tell) as running:
        show.tell("starting a sensor on a wire of its own (the first time it compiles; a minute)")
        inside = [sys.executable, "-m", "monitor.demo.inside", str(settings), OUT, *show.files]
        wire = ["sh", "-c", WIRE.format(out=OUT, into=IN), "wire"]
        running.append(_start([*entering, *wire, *inside], log))
        _wait(lambda: b'"ready"' in log_path.read_bytes(), running[0], log_path)
        token = subprocess.run(  # noqa: S603  # our own program
            [*ours, "token", "create", "demo", "--role", "analyst", "--config", str(settings)],
            check=True, capture_output=True, text=True,
        ).stdout.strip()  # fmt: skip
        running.append(_start([*ours, "serve", "--config", str(settings)], log))
        _wait(lambda: b"camwatch: serving" in log_path.read_bytes(), running[1], log_path)
        show.tell(f"open http://{show.listen}/#token={token}")
        show.tell("Ctrl-C ends it")
        while all(process.poll() is None for process in running):
            time.sleep(0.5)
        raise CaptureError(f"a part of the demonstration ended; its last words are in {log_path}")


def _namespace() -> list[str]:
    """Return the command that enters an empty network, as root of it.

    Raises:
        CaptureError: It is not permitted, or a tool is missing.
    """
    for tool, package in (("unshare", "util-linux"), ("ip", "iproute2")):
        if shutil.which(tool) is None:
            raise CaptureError(f"{tool}: not found; install {package}, or use 'make replay'")
    entering = ["unshare", "--net", *(() if os.geteuid() == 0 else ("--user", "--map-root-user"))]
    probe = [*entering, "ip", "link", "add", OUT, "type", "veth", "peer", "name", IN]
    done = subprocess.run(probe, capture_output=True, text=True, check=False)  # noqa: S603  # as above
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["refused"])[-1]
        raise CaptureError(
            f"a network of its own: {why}; run it as root, or use 'make replay', which needs nothing"
        )
    return entering


def _start(command: Sequence[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  # our own programs
        command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
    )


def _try_port(listen: str) -> None:
    """Find out before anything is started whether the page can have its port."""
    host, _, port = listen.rpartition(":")
    try:
        socket.create_server((host.strip("[]"), int(port))).close()
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise UsageError(f"--listen {listen}: {why}; name another port") from error
    except (ValueError, OverflowError) as error:
        raise UsageError(f"--listen {listen}: not an address and a port") from error


def _locked(folder: Path) -> IO[bytes]:
    """Return a file that is locked as long as it is open: one demonstration a folder.

    Raises:
        OSError: The folder cannot be written.
        UsageError: Another one runs there.
    """
    file = (folder / "lock").open("wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise UsageError(
            f"{folder}: a demonstration runs there already; end it, or name another folder with --out"
        ) from error
    return file


@contextmanager
def _stopped(tell: Callable[[str], None]) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Yield a list of processes; each is ended, with those it started, when the block is left."""
    running: list[subprocess.Popen[bytes]] = []
    try:
        yield running
    finally:
        tell("ending")
        for process in reversed(running):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in running:
            try:
                process.wait(timeout=40)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def _wait(holds: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + READY_S
    while not holds():
        if process.poll() is not None or time.monotonic() > end:
            last = log.read_text(errors="replace").strip().splitlines()[-1:] or ["nothing"]
            raise CaptureError(f"the demonstration did not start: {last[0]}; more in {log}")
        time.sleep(0.1)
