"""Bytes from files, pipes and standard input, as they lie there."""

import contextlib
import fcntl
import os
import select
import stat
import sys
from collections.abc import Callable
from pathlib import Path

from monitor.capture.hashing import Hasher
from monitor.model.frames import InputInfo

STANDARD_INPUT = "-"
_PIPE_BYTES = 1 << 20


def open_input(name: str) -> int:
    """Open an input for reading and return its descriptor, which the caller closes.

    Raises:
        OSError: The file is missing, unreadable, a directory, or standard input is a terminal.
    """
    if name != STANDARD_INPUT:
        fd = os.open(name, os.O_RDONLY | os.O_CLOEXEC)
    elif os.isatty(sys.__stdin__.fileno() if sys.__stdin__ else 0):
        raise OSError("standard input is a terminal")
    else:
        fd = os.dup(0)
    if stat.S_ISDIR(os.fstat(fd).st_mode):
        os.close(fd)
        raise IsADirectoryError("it is a directory")
    return fd


def is_regular(name: str) -> bool:
    """Return whether an input can be opened and read again; True also when it is missing."""
    try:
        status = os.fstat(0) if name == STANDARD_INPUT else Path(name).stat()
    except (OSError, ValueError):
        return True
    return stat.S_ISREG(status.st_mode)


class FileSource:
    """The bytes of a regular file, from the current position to the end it had when opened.

    Reading by position leaves the descriptor's own position alone, so that the thread that
    hashes the file may share it. ``readv`` into a reused buffer is twice as fast as a memory
    map, which pays a page fault for every 4 KiB.

    Args:
        fd: Descriptor, closed by the caller.
        consumed: Told how many bytes each read took from the disk.
    """

    def __init__(self, fd: int, consumed: Callable[[int], None]) -> None:
        self.fault = ""
        self._fd = fd
        self._consumed = consumed
        self._at = os.lseek(fd, 0, os.SEEK_CUR)
        self._end = os.fstat(fd).st_size

    def read_into(self, room: memoryview) -> int:
        """Read as much as fits into `room`; 0 at the end."""
        room = room[: max(self._end - self._at, 0)]
        if not room:
            return 0
        try:
            count = os.preadv(self._fd, [room], self._at)
        except OSError as error:
            self.fault = f"byte {self._at} cannot be read: {error.strerror}"
            return 0
        self._at += count
        self._consumed(count)
        return count


class PipeSource:
    """The bytes of a pipe or device, which are seen once, and hashed as they pass.

    Args:
        fd: Descriptor, closed by the caller.
        consumed: Told how many bytes each read took.
        hasher: Where the bytes are hashed.
        info: Gets size and hash.
    """

    def __init__(
        self, fd: int, consumed: Callable[[int], None], hasher: Hasher, info: InputInfo
    ) -> None:
        self.fault = ""
        self._fd = fd
        self._consumed = consumed
        self._info = info
        self._hash = hasher.stream(info)
        self._poll = select.poll()
        self._poll.register(fd, select.POLLIN)
        with contextlib.suppress(OSError):
            # A pipe holds 64 KiB unless asked for more: fewer, larger reads.
            fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)

    def read_into(self, room: memoryview) -> int:
        """Wait for bytes, then take what is there without waiting for more; 0 at the end."""
        total = 0
        while total < len(room) and (total == 0 or self._poll.poll(0)):
            try:
                count = os.readv(self._fd, [room[total:]])
            except OSError as error:
                at = self._info.size_bytes
                self.fault = f"byte {at} cannot be read: {error.strerror}"
                break
            if count == 0:
                break
            total += count
            self._info.size_bytes += count
        if total:
            self._hash.update(bytes(room[:total]))
            self._consumed(total)
        return total

    def close(self) -> None:
        """Let the hash be completed with what was read."""
        self._hash.close()
