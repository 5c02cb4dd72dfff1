"""The decode stage's one door: frames in, packets and counts out."""

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from monitor.decode.kernel import FrameColumns, PacketColumns, QuoteColumns, decode_rows
from monitor.model.arrays import columns_of
from monitor.model.frames import FrameBatch
from monitor.model.packets import DecodeCounts, PacketBatch, QuoteBatch
from monitor.model.words import Stop

VXLAN_PORTS = (4789, 8472)
"""UDP ports of VXLAN: IANA's (RFC 7348), and the one that Linux used before it."""
GENEVE_PORT = 6081
"""UDP port of GENEVE (RFC 8926)."""

_Columns = TypeVar("_Columns", PacketColumns, QuoteColumns)


class Decoder:
    """Decodes batches of frames into columns that it uses again.

    Memory is a fixed 135 bytes or so for each row of the largest batch so far.
    """

    def __init__(
        self,
        max_frames: int = 65536,
        *,
        vxlan_ports: Sequence[int] = VXLAN_PORTS,
        geneve_port: int = GENEVE_PORT,
    ) -> None:
        """Make room for `max_frames` rows; a larger batch makes room for itself.

        Args:
            max_frames: Rows to make room for.
            vxlan_ports: UDP destination ports whose datagrams are tried as VXLAN.
            geneve_port: UDP destination port whose datagrams are tried as GENEVE.

        Raises:
            ValueError: A port is none.
        """
        if not all(0 < port < 65536 for port in (*vxlan_ports, geneve_port)):
            raise ValueError(f"not UDP ports: {vxlan_ports}, {geneve_port}")
        self._vxlan_ports = np.array(tuple(vxlan_ports), dtype=np.uint16)
        self._geneve_port = geneve_port
        self._room = max(max_frames, 1)
        self._packets = _empty(PacketColumns, PacketBatch, self._room)
        self._quotes = _empty(QuoteColumns, QuoteBatch, self._room)

    def decode(self, frames: FrameBatch) -> tuple[PacketBatch, DecodeCounts]:
        """Decode frames; row i of the answer is frame i.

        The columns are views of the decoder's buffers and of `frames`: they hold until the next
        call, or until the reader uses the bytes of `frames` again.

        Raises:
            ValueError: A frame does not lie within ``frames.data``: a fault of the reader.
        """
        count = len(frames)
        if count > self._room:
            self._room = count
            self._packets = _empty(PacketColumns, PacketBatch, count)
            self._quotes = _empty(QuoteColumns, QuoteBatch, count)
        stopped = np.zeros(len(Stop), dtype=np.int64)
        quotes = decode_rows(
            FrameColumns(*(_fixed(getattr(frames, name)) for name in FrameColumns._fields)),
            self._packets,
            self._quotes,
            stopped,
            self._vxlan_ports,
            self._geneve_port,
        )
        if quotes < 0:
            raise ValueError(f"frame in row {-1 - quotes} does not lie within its data")
        batch = PacketBatch(
            data=frames.data,
            quotes=QuoteBatch(**_head(self._quotes, quotes)),
            ts_ns=frames.ts_ns,
            source=frames.source,
            frame_no=frames.frame_no,
            **_head(self._packets, count),
        )
        counts = DecodeCounts(frames=count, packets=count - int(stopped.sum()), stopped=stopped)
        return batch, counts


def _empty(columns: type[_Columns], batch: type, room: int) -> _Columns:
    """Return buffers for the columns of a batch class, with the dtypes that it declares."""
    table = columns_of(batch)
    return columns(*(np.zeros(room, dtype=table[name][0]) for name in columns._fields))


def _head(columns: NamedTuple, count: int) -> dict[str, Any]:
    """Return views of the first `count` rows by name."""
    return {name: array[:count] for name, array in columns._asdict().items()}


def _fixed(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array as read-only and contiguous: one machine-code version serves all callers."""
    if array.flags.writeable or not array.flags.c_contiguous:
        array = np.ascontiguousarray(array).view()
        array.flags.writeable = False
    return array
