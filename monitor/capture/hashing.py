"""SHA-256 of inputs, computed beside the reading.

Hashing is slower than reading and scanning (1.6 against 6 GB/s where the processor has SHA
instructions), so the reader does not wait for it: one thread reads regular files a second time,
from the page cache, and is waited for when everything else is done. Pipes can be read only once;
their chunks are copied to the thread through a short queue.
"""

import hashlib
import os
import queue
import threading
from collections.abc import Callable
from typing import TypeAlias

from monitor.model.frames import InputInfo

_READ_BYTES = 1 << 20
_QUEUED_CHUNKS = 8
"""Most chunks of pipes that wait for the thread; the reader of the pipe waits when it is full."""

_QUEUED_FILES = 64
"""Most files that wait for the thread, each with an open descriptor; then the reader waits."""


_NICE = 10


KnownHash: TypeAlias = Callable[[int, Callable[[], bool]], str]
"""Asked for the hash of an open file, and told how to ask whether nobody waits any longer; empty
where it is not known."""


class StreamHash:
    """The hash of one pipe, fed by its reader and computed by the thread."""

    def __init__(self, hasher: "Hasher", info: InputInfo) -> None:
        self._hasher = hasher
        self._info = info
        self._sha = hashlib.sha256()

    def update(self, chunk: bytes) -> None:
        """Add a chunk; waits while too many are under way."""
        self._hasher.slots.acquire()
        self._hasher.put(lambda: self._add(chunk))

    def close(self) -> None:
        """Write the hash into the input's record, after the chunks before it."""
        self._hasher.put(self._done)

    def _add(self, chunk: bytes) -> None:
        self._sha.update(chunk)
        self._hasher.slots.release()

    def _done(self) -> None:
        self._info.sha256 = self._sha.hexdigest()


class Hasher:
    """One background thread that hashes inputs in the order they are given.

    An idle one notes sizes and leaves the hashes of files empty.
    """

    def __init__(
        self, *, is_idle: bool = False, known: KnownHash = lambda _fd, _is_over: ""
    ) -> None:
        """Make a hasher; its thread starts with the first input.

        Args:
            is_idle: As said.
            known: Asked before a file is hashed.
        """
        self._is_idle = is_idle
        self._known = known
        self.slots = threading.BoundedSemaphore(_QUEUED_CHUNKS)
        self._files = threading.BoundedSemaphore(_QUEUED_FILES)
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()

    def put(self, work: Callable[[], None]) -> None:
        """Have the thread do `work` after everything that was put before."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="sha256", daemon=True)
            self._thread.start()
        self._work.put(work)

    def add_file(self, info: InputInfo, fd: int) -> None:
        """Hash a regular file from the current position to the end it has now.

        Args:
            info: Gets size and hash. The hash stays empty when the file cannot be read through.
            fd: Descriptor; a duplicate of it is used, so it may be closed at any time.

        Raises:
            OSError: No more descriptors.
        """
        start = os.lseek(fd, 0, os.SEEK_CUR)
        end = max(os.fstat(fd).st_size, start)
        info.size_bytes = end - start
        if self._is_idle:
            return
        own = os.dup(fd)
        self._files.acquire()
        self.put(lambda: self._hash_file(info, own, start, end))

    def stream(self, info: InputInfo) -> StreamHash:
        """Return the hash of a pipe, to be fed by its reader."""
        return StreamHash(self, info)

    def finish(self) -> None:
        """Wait until all that was given is hashed."""
        if self._thread is not None:
            self._work.put(None)
            self._thread.join()
            self._thread = None

    def cancel(self) -> None:
        """End soon; hashes that are not complete stay empty."""
        self._stopped.set()
        self.finish()

    def _run(self) -> None:
        # Schedulers put a new thread on its maker's processor and take a while to part the two;
        # the nice value of the thread alone lets the reader have it meanwhile.
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
        while (work := self._work.get()) is not None:
            work()

    def _hash_file(self, info: InputInfo, fd: int, at: int, end: int) -> None:
        if at == 0 and (known := self._known(fd, self._stopped.is_set)):
            os.close(fd)
            self._files.release()
            info.sha256 = known
            return
        sha = hashlib.sha256()
        room = memoryview(bytearray(max(min(_READ_BYTES, end - at), 1)))
        try:
            while at < end:
                count = os.preadv(fd, [room[: end - at]], at)
                if count == 0 or self._stopped.is_set():
                    return
                sha.update(room[:count])
                at += count
        except OSError:
            return
        finally:
            os.close(fd)
            self._files.release()
        info.sha256 = sha.hexdigest()
