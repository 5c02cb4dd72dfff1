"""Programs that tests of delivery start and end, and waiting for what they do."""

import ctypes
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.support.shared import ROOT

PATIENCE_S = 20.0
T = TypeVar("T")


def until(look: Callable[[], T], what: str, patience_s: float = PATIENCE_S) -> T:
    """Return what `look` gives as soon as it is true; fail when it never is."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.01)
    pytest.fail(f"not within {patience_s:g} s: {what}")


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


@contextmanager
def process(words: Sequence[str], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A process that ends with the block, and with the tests."""
    running = subprocess.Popen(  # noqa: S603  # a program of the test
        words,
        cwd=options.pop("cwd", ROOT),
        preexec_fn=_die_with_parent,  # noqa: PLW1509  # one thread here
        **options,
    )
    try:
        yield running
    finally:
        running.kill()
        running.wait()


class Receiver:
    """A running `tests.support.receiver`."""

    def __init__(self, directory: Path, scheme: str = "http") -> None:
        self.directory = directory
        self._scheme = scheme

    @property
    def port(self) -> int:
        return int((self.directory / "port").read_text())

    @property
    def url(self) -> str:
        host = "127.0.0.1" if self._scheme == "http" else "localhost"
        return f"{self._scheme}://{host}:{self.port}"

    def behave(self, words: str) -> None:
        (self.directory / "behaviour").write_text(words)

    def requests(self) -> list[dict[str, Any]]:
        path = self.directory / "requests"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def ids(self) -> list[str]:
        """`webhook-id` of every request, in order."""
        return [request["headers"]["webhook-id"] for request in self.requests()]


@contextmanager
def receiver(directory: Path, certificate: Sequence[Path] = ()) -> Iterator[Receiver]:
    """Start a receiver; it answers 200 until told otherwise."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "ready").unlink(missing_ok=True)
    made = Receiver(directory, "https" if certificate else "http")
    made.behave("status=200")
    words = [sys.executable, "-m", "tests.support.receiver", str(directory), *map(str, certificate)]
    with process(words):
        until((directory / "ready").exists, "the receiver listens")
        yield made
