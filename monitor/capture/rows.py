"""The columns that a reader fills again and again, and the batches cut from them."""

import numpy as np

from monitor.capture.kernel_scan import (
    CAPTURED_BYTES,
    FIRST_NS,
    LAST_NS,
    LATEST_NS,
    TOTALS,
    WIRE_BYTES,
)
from monitor.model.arrays import U8
from monitor.model.frames import FrameBatch, InputInfo

MAX_ROWS = 65536
"""Most frames in a batch."""


class Rows:
    """Reused columns of one input, and its running totals.

    Args:
        capacity: Most frames in a batch.
        source: Index of the input, the same in every row.
    """

    def __init__(self, capacity: int, source: int) -> None:
        self.capacity = capacity
        self.off = np.empty(capacity, dtype=np.int64)
        self.cap_len = np.empty(capacity, dtype=np.uint32)
        self.wire_len = np.empty(capacity, dtype=np.uint32)
        self.ts_ns = np.empty(capacity, dtype=np.int64)
        self.link_type = np.zeros(capacity, dtype=np.uint16)
        self.vlan_tci = np.full(capacity, -1, dtype=np.int32)
        self.source = np.full(capacity, source, dtype=np.uint16)
        self.frame_no = np.empty(capacity, dtype=np.uint64)
        self.frames = 0
        self.totals = np.zeros(TOTALS, dtype=np.int64)
        self.totals[FIRST_NS], self.totals[LAST_NS] = LATEST_NS, -LATEST_NS

    def batch(self, data: U8, n: int) -> FrameBatch:
        """Return the first `n` rows as a batch over `data`, without copying."""
        return FrameBatch(
            data=data,
            off=self.off[:n],
            cap_len=self.cap_len[:n],
            wire_len=self.wire_len[:n],
            ts_ns=self.ts_ns[:n],
            link_type=self.link_type[:n],
            vlan_tci=self.vlan_tci[:n],
            source=self.source[:n],
            frame_no=self.frame_no[:n],
        )

    def report(self, info: InputInfo) -> None:
        """Write the running totals into `info`."""
        info.frames = self.frames
        info.frame_bytes = int(self.totals[WIRE_BYTES])
        info.captured_bytes = int(self.totals[CAPTURED_BYTES])
        if self.totals[FIRST_NS] <= self.totals[LAST_NS]:
            info.first_ns = int(self.totals[FIRST_NS])
            info.last_ns = int(self.totals[LAST_NS])
