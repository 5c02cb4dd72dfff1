"""Several inputs as one capture in time order.

Inputs that do not overlap in time are read one after the other, and their batches handed on as
they are. Where they overlap, frames are copied into batches of their own, always from the input
whose next frame is earliest.
"""

import contextlib
from collections import deque
from collections.abc import Iterator

import numpy as np

from monitor.capture.kernel_merge import FULL, copy_lane, merge_order
from monitor.capture.kernel_scan import LATEST_NS, MAX_CAPTURED
from monitor.capture.reader import InputReader
from monitor.capture.rows import MAX_ROWS, Rows
from monitor.model.arrays import columns_of
from monitor.model.frames import FrameBatch

_Key = tuple[int, int]
_NO_LIMIT: _Key = (LATEST_NS, 1 << 62)


def merge_inputs(readers: list[InputReader], chunk_bytes: int) -> Iterator[FrameBatch]:
    """Yield the frames of all inputs, earliest first.

    The next frame always comes from the input whose next frame is earliest; the order inside an
    input is kept. Equal times go by the order of first frames, then by the order of `readers`.

    Args:
        readers: The inputs. Only those whose times overlap are open at the same time.
        chunk_bytes: Size of the buffer for merged frames.
    """
    firsts = [(reader.peek(), reader) for reader in readers]
    for first_ns, reader in firsts:
        if first_ns is None:
            yield from reader.batches()
    known = [(first_ns, reader) for first_ns, reader in firsts if first_ns is not None]
    known.sort(key=lambda pair: (pair[0], pair[1].source))
    yield from _Merger(known, chunk_bytes).batches()


class _Lane:
    """One open input with its batch at hand."""

    def __init__(self, reader: InputReader, rank: int, batches: Iterator[FrameBatch]) -> None:
        self.source = reader.source
        self.rank = rank
        self.at = 0
        self.is_loaded = False
        self.batch = next(batches)
        self._batches = batches

    def key(self) -> _Key:
        """Return time and rank of the next frame."""
        return int(self.batch.ts_ns[self.at]), self.rank

    def is_before(self, limit: _Key) -> bool:
        """Return whether every frame at hand goes before `limit`."""
        times = self.batch.ts_ns[self.at :]
        return (int(times[-1]), self.rank) < limit and (int(times.max()), self.rank) < limit

    def rest(self) -> FrameBatch:
        """Return what is left of the batch at hand, as a batch."""
        if self.at == 0:
            return self.batch
        columns = {name: getattr(self.batch, name)[self.at :] for name in columns_of(FrameBatch)}
        return FrameBatch(data=self.batch.data, **columns)

    def refill(self) -> bool:
        """Take the next batch; False when there is none."""
        batch = next(self._batches, None)
        if batch is None:
            return False
        self.batch, self.at, self.is_loaded = batch, 0, False
        return True


class _Merger:
    """The open lanes, the inputs that wait, and the merged frames not handed on yet."""

    def __init__(self, known: list[tuple[int, InputReader]], chunk_bytes: int) -> None:
        self._waiting = deque(
            (first_ns, rank, reader) for rank, (first_ns, reader) in enumerate(known)
        )
        self._lanes: list[_Lane] = []
        self._ts_ns = np.empty((0, 0), dtype=np.int64)
        self._cap_len = np.empty((0, 0), dtype=np.uint32)
        self._rows = Rows(MAX_ROWS, 0)
        self._data = np.empty(max(chunk_bytes, MAX_CAPTURED), dtype=np.uint8)
        self._from_lane = np.empty(MAX_ROWS, dtype=np.int64)
        self._from_row = np.empty(MAX_ROWS, dtype=np.int64)
        self._n = 0
        self._used = 0

    def batches(self) -> Iterator[FrameBatch]:
        """Yield all frames."""
        while self._open_due():
            lead = min(self._lanes, key=_Lane.key)
            rivals = [lane.key() for lane in self._lanes if lane is not lead]
            if lead.is_before(min([*rivals, self._next_waiting()])):
                yield from self._flush()
                yield lead.rest()
                if not lead.refill():
                    self._drop(lead)
            elif self._merge() == FULL:
                yield from self._flush()
        yield from self._flush()

    def _next_waiting(self) -> _Key:
        return self._waiting[0][:2] if self._waiting else _NO_LIMIT

    def _open_due(self) -> bool:
        """Open the inputs whose turn has come; False when nothing is open."""
        while self._waiting and self._next_waiting() < min(
            (lane.key() for lane in self._lanes), default=_NO_LIMIT
        ):
            _, rank, reader = self._waiting.popleft()
            batches = reader.batches()
            # An input that has changed since it was looked at may have no frames now.
            with contextlib.suppress(StopIteration):
                self._lanes.append(_Lane(reader, rank, batches))
        return bool(self._lanes)

    def _merge(self) -> int:
        """Add frames of all lanes to the output until a lane is dry or the output full."""
        self._load()
        lanes = self._lanes
        at = np.array([lane.at for lane in lanes], dtype=np.int64)
        began = at.copy()
        limit_ns, limit_rank = self._next_waiting()
        first = self._n
        self._n, self._used, status = merge_order(
            self._ts_ns,
            self._cap_len,
            at,
            np.array([len(lane.batch) for lane in lanes], dtype=np.int64),
            np.array([lane.rank for lane in lanes], dtype=np.int64),
            limit_ns,
            limit_rank,
            self._from_lane,
            self._from_row,
            self._rows.off,
            first,
            self._used,
            len(self._data),
        )
        for slot in np.flatnonzero(at > began).tolist():
            self._copy(slot, first)
            lanes[slot].at = int(at[slot])
        self._refill()
        return status

    def _load(self) -> None:
        """Put times and lengths of the batches at hand side by side, for the choice."""
        rows = max(len(lane.batch) for lane in self._lanes)
        if len(self._lanes) > self._ts_ns.shape[0] or rows > self._ts_ns.shape[1]:
            shape = (len(self._lanes), max(rows, self._ts_ns.shape[1]))
            self._ts_ns = np.empty(shape, dtype=np.int64)
            self._cap_len = np.empty(shape, dtype=np.uint32)
            for lane in self._lanes:
                lane.is_loaded = False
        for slot, lane in enumerate(self._lanes):
            if not lane.is_loaded:
                self._ts_ns[slot, : len(lane.batch)] = lane.batch.ts_ns
                self._cap_len[slot, : len(lane.batch)] = lane.batch.cap_len
                lane.is_loaded = True

    def _copy(self, slot: int, first: int) -> None:
        """Copy what was chosen from one lane since row `first` of the output."""
        batch, rows = self._lanes[slot].batch, self._rows
        copy_lane(
            slot,
            first,
            self._n,
            self._from_lane,
            self._from_row,
            rows.off,
            batch.data,
            batch.off,
            batch.cap_len,
            batch.wire_len,
            batch.ts_ns,
            batch.link_type,
            batch.vlan_tci,
            batch.frame_no,
            self._lanes[slot].source,
            self._data,
            rows.cap_len,
            rows.wire_len,
            rows.ts_ns,
            rows.link_type,
            rows.vlan_tci,
            rows.frame_no,
            rows.source,
        )

    def _refill(self) -> None:
        """Give dry lanes their next batch, and drop those that are at their end."""
        for lane in self._lanes[:]:
            if lane.at == len(lane.batch) and not lane.refill():
                self._drop(lane)

    def _drop(self, lane: _Lane) -> None:
        self._lanes.remove(lane)
        for other in self._lanes:
            other.is_loaded = False

    def _flush(self) -> Iterator[FrameBatch]:
        """Yield the merged frames, if any, and start anew."""
        if self._n:
            yield self._rows.batch(self._data, self._n)
        self._n = self._used = 0
