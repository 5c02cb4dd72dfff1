"""The packet side of a replay in a process of its own, begun while the program still loads.

Following the packets of a large capture takes seconds, as does what comes of its flows, and the two
need nothing of each other but what the flow stage says. So one process reads and follows, and hands
that to those that handle flows: each gets all of it and takes its own cameras' part. It is forked
before the imports and the knowledge that only flows need, and has read on when those are there.
"""

import ctypes
import dataclasses
import fcntl
import multiprocessing
import os
import pickle
import queue
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from monitor.config import Settings

if TYPE_CHECKING:
    # The process that forks must not load these yet: it would wait for what only the other needs.
    from monitor.capture.hashing import KnownHash
    from monitor.coverage.account import Account
    from monitor.following import Counts, Work
    from monitor.model.frames import InputInfo

FOLLOWED_FROM_BYTES = 48_000_000
"""Smaller captures are done before the other process would have begun."""

MOST_SHARES = 8
"""Most processes for flows: beyond, they wait for the one that follows packets."""

SAMPLE_BYTES = 32 << 20
"""What is looked into to tell how many flows there are."""

SHARE_FLOWS = 40_000
"""Flows that make another process worth its own start and end: each costs some 25 us."""

CHUNK_BYTES = 4 << 20
"""Read at a time: a step costs some tenths of a millisecond whatever is in it."""

_WAITING = 24
"""Steps that may wait for a process that handles flows, each at most about a chunk."""

_EARLY_BYTES = 64 << 20
"""What may wait until the sample is looked into: compressed, much may come of it."""

_NEWS_BYTES = 64 << 20
"""How often progress is told where there is nothing else to say."""

_PIPE_BYTES = 1 << 20
_PR_SET_PDEATHSIG = 1
"""Of prctl(2), Linux."""


@dataclasses.dataclass(slots=True, kw_only=True)
class Followed:
    """What the packet side says at the end."""

    inputs: "Sequence[InputInfo]"
    counts: "Counts"
    coverage: "Account"


def is_worth(files: Sequence[str]) -> bool:
    """Return whether captures are followed in a process of their own: large files, several cores."""
    paths = [Path(name) for name in files]
    try:
        if not all(path.is_file() for path in paths):
            return False
        size = sum(path.stat().st_size for path in paths)
    except (OSError, ValueError):
        return False  # The reader says what is wrong with the file.
    return size >= FOLLOWED_FROM_BYTES and _cores() > 1


def _cores() -> int:
    return len(os.sched_getaffinity(0))


class Follower:
    """The process. Leaving it ends it."""

    def __init__(self, files: Sequence[str], settings: Settings, known_hash: "KnownHash") -> None:
        """Fork: to be called before there are threads.

        Args:
            files: The captures.
            settings: The site and the bounds of the flow table.
            known_hash: Asked there for the SHA-256 of an open input before it is computed.
        """
        context = multiprocessing.get_context("fork")
        most = min(MOST_SHARES, _cores())
        self._news, news = context.Pipe(duplex=False)
        pipes = [context.Pipe(duplex=False) for _ in range(most)]
        self._ends = [ours for ours, _ in pipes]
        theirs = [end for _, end in pipes]
        self._process = context.Process(
            target=_run,
            args=(files, settings, known_hash, news, theirs, [self._news, *self._ends]),
            daemon=True,
        )
        self._process.start()
        for end in (news, *theirs):
            end.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process, whether it is done or not."""
        for end in (self._news, *self._ends):
            end.close()
        self._process.terminate()
        self._process.join()

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid or 0

    def total_bytes(self) -> int | None:
        """Return the bytes of all inputs; waits until they are open.

        Raises:
            MonitorError: As `open_capture`.
        """
        return cast(int | None, self._hear())

    def shares(self, most: int) -> int:
        """Return how many processes are worth it for flows; waits until enough was looked into.

        Args:
            most: More are not wanted.

        Raises:
            MonitorError: As the stages.
        """
        shares = max(1, min(most, cast(int, self._hear()), len(self._ends)))
        for end in self._ends[shares:]:
            end.close()
        return shares

    def works(self, number: int, progress: Callable[[int], None]) -> "Iterator[Work]":
        """Yield the work of one share; the ends of the others are closed here.

        Args:
            number: Of the share, from 0.
            progress: Called with the bytes consumed from disk so far.

        Raises:
            EOFError: The process ended early; `finish` says why.
        """
        for other, end in enumerate(self._ends):
            if other != number:
                end.close()
        while data := _received(self._ends[number]):
            consumed, work = pickle.loads(data)  # noqa: S301  # by a process of ours
            progress(consumed)
            yield work

    def finish(self) -> Followed:
        """Return what was seen; after `works`.

        Raises:
            MonitorError: As the stages.
            RuntimeError: The process died.
        """
        return cast(Followed, self._hear())

    def _hear(self) -> Any:
        try:
            news = self._news.recv()
        except (EOFError, OSError) as error:
            self._process.join()
            raise RuntimeError(
                f"the process that follows packets ended with status {self._process.exitcode}"
            ) from error
        if isinstance(news, BaseException):
            raise news
        return news


def _received(end: Connection) -> bytes:
    """Return the next message.

    Raises:
        EOFError: There is none: the other side ended, be it in the middle of a message.
    """
    try:
        return end.recv_bytes()
    except OSError as error:
        raise EOFError(str(error)) from error


def end_with_parent() -> None:
    """Have the kernel end this process when the one that made it ends, whatever ends that."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _run(
    files: Sequence[str],
    settings: Settings,
    known_hash: "KnownHash",
    news: Connection,
    ends: Sequence[Connection],
    inherited: Sequence[Connection],
) -> None:
    # The first process's ends came along: left open, nobody would ever see them closed.
    for end in inherited:
        end.close()
    # The terminal sends Ctrl-C to all: the first process decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    end_with_parent()
    # Nobody is left to tell where a pipe is closed.
    with suppress(BrokenPipeError):
        try:
            _follow(files, settings, known_hash, news, ends)
        except BrokenPipeError:
            raise
        except Exception as error:  # noqa: BLE001  # told to the first process, which raises it
            news.send(error)


def _follow(
    files: Sequence[str],
    settings: Settings,
    known_hash: "KnownHash",
    news: Connection,
    ends: Sequence[Connection],
) -> None:
    from monitor.capture import open_capture  # noqa: PLC0415  # loaded here alone, as said above
    from monitor.coverage.run import CoverageRun  # noqa: PLC0415
    from monitor.following import Following, site, whom_to_watch  # noqa: PLC0415

    coverage = CoverageRun(whom_to_watch(settings, *site(settings)), settings.coverage.interval_s)
    line = Following(settings, coverage)
    consumed = [0]

    def progress(count: int) -> None:
        consumed[0] = count

    with open_capture(
        files, progress=progress, chunk_bytes=CHUNK_BYTES, known=known_hash
    ) as capture:
        total = capture.total_bytes
        news.send(total)
        out = _Outgoing(news, ends)
        size = total or 0
        told = 0
        sample = _Sample(size)
        for work in line.works(capture):
            if not out.is_open and (sample.is_enough(consumed[0], line.opened) or out.is_full):
                out.open(sample.shares(line.opened))
            if not work.is_empty() or consumed[0] - told >= _NEWS_BYTES:
                told = consumed[0]
                out.put((told, work))
        if not out.is_open:
            out.open(sample.shares(line.opened))
        out.finish()
        news.send(Followed(inputs=capture.inputs, counts=line.counts, coverage=coverage.finish()))


class _Sample:
    """Tells from the beginning of captures how many processes their flows are worth.

    The flows that were open before the capture all start with it: so only those count that come
    later, in the second half of what is looked into.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._half: tuple[int, int] | None = None
        self._consumed = 0

    def is_enough(self, consumed: int, opened: int) -> bool:
        self._consumed = consumed
        if self._half is None and consumed >= SAMPLE_BYTES // 2:
            self._half = consumed, opened
        return consumed >= SAMPLE_BYTES

    def shares(self, opened: int) -> int:
        at, begun = self._half or (0, 0)
        seen = self._consumed - at
        expected = (opened - begun) * self._total / seen if seen > 0 else opened
        return 1 + int(expected // SHARE_FLOWS)


class _Outgoing:
    """Sends work to the processes that handle flows, a thread each, so that none waits for another."""

    def __init__(self, news: Connection, ends: Sequence[Connection]) -> None:
        self._news = news
        self._ends = ends
        self._early: list[bytes] = []
        self._early_bytes = 0
        self._queues: list[queue.Queue[bytes]] = []
        self._threads: list[threading.Thread] = []
        self._deaf: set[int] = set()

    @property
    def is_open(self) -> bool:
        return bool(self._threads)

    @property
    def is_full(self) -> bool:
        """Whether more is waiting than should before it is known who takes it."""
        return self._early_bytes >= _EARLY_BYTES

    def open(self, shares: int) -> None:
        """Say how many processes there should be, and begin to send to as many."""
        self._news.send(shares)
        for number, end in enumerate(self._ends[:shares]):
            waiting: queue.Queue[bytes] = queue.Queue(_WAITING + len(self._early))
            for data in self._early:
                waiting.put(data)
            thread = threading.Thread(target=self._send, args=(number, end, waiting), daemon=True)
            thread.start()
            self._queues.append(waiting)
            self._threads.append(thread)
        for end in self._ends[shares:]:
            end.close()
        self._early.clear()

    def put(self, item: object) -> None:
        """Hand on, waiting where too much is on its way.

        Raises:
            BrokenPipeError: Nobody is left that listens.
        """
        if self._threads and len(self._deaf) == len(self._threads):
            raise BrokenPipeError
        data = pickle.dumps(item, pickle.HIGHEST_PROTOCOL)
        if not self.is_open:
            self._early.append(data)
            self._early_bytes += len(data)
        for waiting in self._queues:
            waiting.put(data)

    def finish(self) -> None:
        for waiting in self._queues:
            waiting.put(b"")
        for thread in self._threads:
            thread.join()

    def _send(self, number: int, end: Connection, waiting: "queue.Queue[bytes]") -> None:
        """Send until the empty one, which is the sign of the end; for nobody, once nobody listens."""
        with suppress(OSError):
            fcntl.fcntl(end.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        while True:
            data = waiting.get()
            if number not in self._deaf:
                try:
                    end.send_bytes(data)
                except OSError:
                    self._deaf.add(number)
            if not data:
                return
