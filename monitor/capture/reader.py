"""One input from its name to its frames: opened, uncompressed, recognised, read, accounted for."""

import os
import stat
from collections.abc import Callable, Generator, Iterator

from monitor.capture.compressed import CompressedSource, compression_of
from monitor.capture.faults import not_a_capture
from monitor.capture.hashing import Hasher
from monitor.capture.pcap import MAGICS, read_pcap
from monitor.capture.pcapng import MAGIC, PcapngReader
from monitor.capture.rows import MAX_ROWS, Rows
from monitor.capture.source import FileSource, PipeSource, is_regular, open_input
from monitor.capture.window import Source, Window
from monitor.model.frames import FrameBatch, InputInfo

_PEEK_BYTES = 1 << 16
_HEAD_BYTES = 8
_SMALLEST_RECORD = 64
"""Bytes that a frame with its record header takes at least, in ordinary traffic."""


class InputReader:
    """Reads one input.

    Args:
        name: Path, or ``-`` for standard input.
        source: Index of the input.
        chunk_bytes: Size of the read buffer.
        hasher: Where the input's bytes are hashed.
        consumed: Told how many bytes were taken from the disk.
    """

    def __init__(
        self,
        name: str,
        source: int,
        chunk_bytes: int,
        hasher: Hasher,
        consumed: Callable[[int], None],
    ) -> None:
        self.info = InputInfo(name=name)
        self.source = source
        self._chunk_bytes = chunk_bytes
        self._hasher = hasher
        self._consumed = consumed
        self._begun: Generator[FrameBatch, None, None] | None = None
        self._first: FrameBatch | None = None

    def peek(self) -> int | None:
        """Return the time of the first frame; None when there is no frame.

        A regular file is opened, looked into and closed again, so that any number of them can
        be put in order. A pipe, which can be read only once, stays open, its first batch in hand.
        """
        if not is_regular(self.info.name):
            self._begun = self._read(self.info, self._chunk_bytes, is_peek=False)
            self._first = next(self._begun, None)
            return None if self._first is None else int(self._first.ts_ns[0])
        scratch = InputInfo(name=self.info.name)
        batches = self._read(scratch, min(self._chunk_bytes, _PEEK_BYTES), is_peek=True)
        first = next(batches, None)
        time = None if first is None else int(first.ts_ns[0])
        batches.close()
        return time

    def batches(self) -> Iterator[FrameBatch]:
        """Yield the frames of the input, in its own order; `info` is complete at the end."""
        if self._begun is None:
            self._begun = self._read(self.info, self._chunk_bytes, is_peek=False)
        if self._first is not None:
            yield self._first
        yield from self._begun

    def close(self) -> None:
        """Stop reading and let go of the file."""
        if self._begun is not None:
            self._begun.close()

    def _read(
        self, info: InputInfo, chunk_bytes: int, *, is_peek: bool
    ) -> Generator[FrameBatch, None, None]:
        try:
            fd = open_input(info.name)
        except (OSError, ValueError) as error:
            info.fault = f"cannot be opened: {_reason(error)}"
            return
        told = 0

        def consumed(count: int) -> None:
            nonlocal told
            told += count
            if not is_peek:
                self._consumed(count)

        raw: FileSource | PipeSource | None = None
        rows = Rows(min(MAX_ROWS, max(1, chunk_bytes // _SMALLEST_RECORD)), self.source)
        try:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raw = PipeSource(fd, consumed, self._hasher, info)
            else:
                if not is_peek:
                    self._hasher.add_file(info, fd)
                raw = FileSource(fd, consumed)
            info.fault = yield from _frames(raw, chunk_bytes, rows, info)
        except OSError as error:
            info.fault = f"cannot be read: {_reason(error)}"
        finally:
            rows.report(info)
            if isinstance(raw, PipeSource):
                raw.close()
            elif told < info.size_bytes:
                consumed(info.size_bytes - told)
            os.close(fd)


def _frames(
    raw: Source, chunk_bytes: int, rows: Rows, info: InputInfo
) -> Generator[FrameBatch, None, str]:
    """Yield the frames of a stream; return why reading ended early, or an empty string."""
    window = Window(raw, chunk_bytes)
    # No more than the head, so that what is compressed is fed in pieces that do not depend on
    # the size of this buffer.
    window.fill(_HEAD_BYTES, most=_HEAD_BYTES)
    compression = compression_of(window.head(_HEAD_BYTES))
    if compression != "none":
        info.compression = compression
        window = Window(CompressedSource(compression, window.head(window.held), raw), chunk_bytes)
        window.fill(_HEAD_BYTES)
    head = window.head(_HEAD_BYTES)
    if head[:4] in MAGICS:
        return (yield from read_pcap(window, rows, info))
    if head[:4] == MAGIC:
        return (yield from PcapngReader(window, rows, info).batches())
    if window.source.fault and len(head) < _HEAD_BYTES:
        return window.source.fault
    if not head:
        return (
            "the file is empty" if compression == "none" else f"the {compression} stream is empty"
        )
    return not_a_capture(head)


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else "") or str(error)
