"""One reused buffer over a stream of bytes: what is not yet used is carried to its front."""

from typing import Protocol

import numpy as np

from monitor.model.arrays import U8


class Source(Protocol):
    """Where the bytes of an input come from."""

    def read_into(self, room: memoryview) -> int:
        """Read at least one byte into `room`, which is not empty; 0 at the end.

        A source that fails ends, and says why in `fault`.
        """

    @property
    def fault(self) -> str:
        """Why the stream ended too early; empty when it did not."""


class Window:
    """A view of a stream that moves forward.

    The bytes at hand are ``data[start:end]``; byte ``data[0]`` is byte `origin` of the stream.

    Args:
        source: The stream.
        chunk_bytes: Size of the buffer at first. A single record that is larger makes it grow.
    """

    def __init__(self, source: Source, chunk_bytes: int) -> None:
        self.source = source
        self.data: U8 = np.empty(chunk_bytes, dtype=np.uint8)
        self.start = 0
        self.end = 0
        self.origin = 0

    @property
    def held(self) -> int:
        """Bytes at hand."""
        return self.end - self.start

    @property
    def position(self) -> int:
        """Offset in the stream of the first byte at hand."""
        return self.origin + self.start

    def head(self, count: int) -> bytes:
        """Return a copy of the next `count` bytes, fewer where fewer are at hand."""
        return self.data[self.start : min(self.start + count, self.end)].tobytes()

    def skip(self, count: int) -> None:
        """Move on by `count` of the bytes at hand."""
        self.start += count

    def fill(self, need: int, most: int | None = None) -> bool:
        """Read on until `need` bytes are at hand; False when the stream ends before.

        The buffer is changed or replaced: views of it are stale. One call reads as much as
        the source gives at once, but no more than the buffer holds, or `most` bytes in all.
        """
        held = self.held
        if held >= need:
            return True
        unused = self.data[self.start : self.end]
        if need > len(self.data):
            self.data = np.empty(need, dtype=np.uint8)
        self.data[:held] = unused
        self.origin += self.start
        self.start, self.end = 0, held
        room = self.data.data[:most]
        while self.end < need:
            count = self.source.read_into(room[self.end :])
            if count == 0:
                return False
            self.end += count
        return True
