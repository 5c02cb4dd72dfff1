"""The door to capture files: names in, one capture in time order out."""

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from monitor.capture.hashing import Hasher, KnownHash
from monitor.capture.merge import merge_inputs
from monitor.capture.reader import InputReader
from monitor.capture.source import STANDARD_INPUT
from monitor.errors import UsageError
from monitor.model.frames import FrameBatch, InputInfo

CHUNK_BYTES = 1 << 20
"""Size of the read buffer: from 512 KiB to 4 MiB speed was the same, below it less."""

_LEAST_CHUNK_BYTES = 1 << 16
_BUFFER_BYTES = 256 << 20
"""What the buffers of many inputs that overlap in time may take together."""

_MOST_INPUTS = 65535


class Capture:
    """Several inputs, read as one capture. A context manager; made by `open_capture`."""

    def __init__(
        self,
        names: Sequence[str],
        chunk_bytes: int,
        progress: Callable[[int], None] | None,
        *,
        is_hashed: bool,
        known: KnownHash,
    ) -> None:
        self._progress = progress
        self._bytes_read = 0
        self._is_complete = False
        self._hasher = Hasher(is_idle=not is_hashed, known=known)
        if len(names) > 1:
            share = max(_LEAST_CHUNK_BYTES, _BUFFER_BYTES // len(names))
            chunk_bytes = min(chunk_bytes, share)
        self._chunk_bytes = chunk_bytes
        readers = [
            InputReader(name, index, chunk_bytes, self._hasher, self._consumed)
            for index, name in enumerate(names)
        ]
        self._inputs = [reader.info for reader in readers]
        standard = [reader for reader in readers if reader.info.name == STANDARD_INPUT]
        for reader in standard[1:]:
            reader.info.fault = "standard input can be read only once"
        self._readers = [reader for reader in readers if reader not in standard[1:]]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def inputs(self) -> list[InputInfo]:
        """What is known of each input, in the order of the names.

        Complete after iteration. Waits then for the hashes, which may take longer than the
        reading: ask for it when the rest of the work is done.
        """
        if self._is_complete:
            self._hasher.finish()
        return self._inputs

    @property
    def total_bytes(self) -> int | None:
        """Bytes that the inputs take on disk; None when one of them is no regular file."""
        total = 0
        for info in self._inputs:
            try:
                status = os.fstat(0) if info.name == STANDARD_INPUT else Path(info.name).stat()
            except (OSError, ValueError):
                continue
            if stat.S_ISDIR(status.st_mode):
                continue
            if not stat.S_ISREG(status.st_mode):
                return None
            total += status.st_size
        return total

    def batches(self) -> Iterator[FrameBatch]:
        """Yield the frames of all inputs in time order; to be called once.

        A batch holds until the next one is asked for. An input that fails ends there, with the
        reason in its `InputInfo.fault`; the others are read on.
        """
        if len(self._readers) == 1:
            yield from self._readers[0].batches()
        else:
            yield from merge_inputs(self._readers, self._chunk_bytes)
        self._is_complete = True

    def close(self) -> None:
        """Let go of the files. Hashes are completed only when all frames were read."""
        for reader in self._readers:
            reader.close()
        if self._is_complete:
            self._hasher.finish()
        else:
            self._hasher.cancel()

    def _consumed(self, count: int) -> None:
        self._bytes_read += count
        if self._progress is not None:
            self._progress(self._bytes_read)


def open_capture(
    names: Sequence[str],
    *,
    chunk_bytes: int = CHUNK_BYTES,
    progress: Callable[[int], None] | None = None,
    is_hashed: bool = True,
    known: KnownHash = lambda _fd, _is_over: "",
) -> Capture:
    """Open capture files, in any order, as one capture in time order.

    Classic pcap and pcapng are read, also compressed with gzip, zstd or xz; what a file is, its
    first bytes say, not its name. Nothing is opened before the first batch is asked for, and a
    file that is missing, damaged or no capture is not an error here but a fault of its input.

    Args:
        names: Paths; ``-`` is standard input.
        chunk_bytes: Size of the read buffer of each input, at least 1.
        progress: Called with the bytes consumed from disk so far, after every read.
        is_hashed: Whether files are hashed; not where another process does.
        known: Asked before a file is hashed.

    Raises:
        UsageError: More inputs than the column `source` can number.
    """
    if len(names) > _MOST_INPUTS:
        raise UsageError(f"{len(names)} inputs: at most {_MOST_INPUTS} can be read together")
    return Capture(names, chunk_bytes, progress, is_hashed=is_hashed, known=known)
