"""SHA-256 of large captures, begun while the program still loads.

Hashing is the longest work that cannot be shared: 4 s for 6.5 GB, where following the packets takes
three. So a process of its own begins before the imports that take a second; whoever needs a hash
asks for it by the open file, and hashes himself where there is none.
"""

import hashlib
import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

AHEAD_FROM_BYTES = 32_000_000
"""Smaller captures are hashed before a process has begun."""

_READ_BYTES = 1 << 20
_PATIENCE_S = 0.1

_Version = tuple[int, int, int, int]
"""What tells one state of a file from another: device, number, size, time of the last change."""


class Ahead:
    """Hashes of files, on their way. Made before there are threads, since it forks."""

    def __init__(self, names: Sequence[str]) -> None:
        self._pipe: Connection | None = None
        self._process: BaseProcess | None = None
        self._expected: set[_Version] = set()
        self._found: dict[_Version, str] = {}
        files = {name: version for name in names if (version := _version_of(name)) is not None}
        if sum(version[2] for version in files.values()) < AHEAD_FROM_BYTES:
            return
        context = multiprocessing.get_context("fork")
        self._pipe, theirs = context.Pipe(duplex=False)
        self._process = context.Process(target=_run, args=(files, theirs), daemon=True)
        self._process.start()
        theirs.close()
        self._expected = set(files.values())

    def close(self) -> None:
        """End the work, whether it is done or not; what was not asked for is lost."""
        if self._process is not None:
            self._process.terminate()
            self._process.join()
            self._process = None

    def sha256(self, fd: int, is_over: Callable[[], bool]) -> str:
        """Return the hash of an open file, waiting for it; empty where it is not to be had.

        The file must be as it was when hashing began, and have stayed so.

        Args:
            fd: The file.
            is_over: Asked now and then while waiting; with True nobody waits any longer.
        """
        version = _version(os.fstat(fd))
        while version in self._expected and version not in self._found and self._pipe is not None:
            try:
                while not self._pipe.poll(_PATIENCE_S):
                    if is_over():
                        return ""
                hashed, digest = self._pipe.recv()
            except (EOFError, OSError):
                self._pipe = None
                break
            self._found[hashed] = digest
        return self._found.get(version, "")


def _version_of(name: str) -> _Version | None:
    try:
        return _version(os.stat(name)) if os.path.isfile(name) else None  # noqa: PTH113, PTH116  # pathlib is not loaded yet
    except (OSError, ValueError):
        return None


def _version(status: os.stat_result) -> _Version:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _run(files: dict[str, _Version], pipe: Connection) -> None:
    # The first process decides what Ctrl-C means, and ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with suppress(BrokenPipeError):
        for name, version in files.items():
            pipe.send((version, _hash(name, version)))


def _hash(name: str, version: _Version) -> str:
    """Return the hash of a file; empty where it is another by now, or cannot be read through."""
    sha, room = hashlib.sha256(), memoryview(bytearray(_READ_BYTES))
    try:
        with open(name, "rb", buffering=0) as file:  # noqa: PTH123  # as above
            left = version[2]
            while left and (count := file.readinto(room[:left])):
                sha.update(room[:count])
                left -= count
            is_same = not left and _version(os.fstat(file.fileno())) == version
    except OSError:
        return ""
    return sha.hexdigest() if is_same else ""
