"""Packets taken out of batches: their columns, and their bytes in a temporary file."""

import dataclasses
import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from enum import IntEnum
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from monitor.errors import OutputError
from monitor.forensics.match import Matches
from monitor.model.arrays import I64, U8, U16, U32, U64, Bool
from monitor.model.frames import FrameBatch
from monitor.model.packets import PacketBatch

MAX_PACKETS: Final = 4_000_000
"""Packets held; each takes 80 bytes of memory, and its frame on disk. Further ones are counted."""


class Role(IntEnum):
    """Why a packet was taken."""

    FLOW = 0
    ERROR = 1  # an ICMP error that quotes the flow
    NAME = 2  # a DNS message that named the destination


class Packet(NamedTuple):
    """One packet that was taken."""

    role: Role
    ts_ns: int
    source: int
    frame_no: int
    cap_len: int
    wire_len: int
    link_type: int
    is_from_orig: bool
    """Of an ICMP error: whether the packet that it quotes is."""

    src_port: int
    """ICMP: type."""

    dst_port: int
    """ICMP: code."""

    protocol: int
    tunnel: int
    fragment: int
    tcp_flags: int
    payload_off: int
    """First payload byte in the frame."""

    payload_len: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Columns:
    """The columns of the packets that were taken, in capture order."""

    role: U8
    ts_ns: I64
    source: U16
    frame_no: U64
    cap_len: U32
    wire_len: U32
    """Length of the whole frame on the wire."""

    link_type: U16
    is_from_orig: Bool
    src_port: U16
    dst_port: U16
    protocol: U8
    tunnel: U8
    fragment: U8
    tcp_flags: U8
    payload_off: I64
    payload_len: U32
    fragment_id: U32
    vlan: U16
    counted_len: U32
    """Length that the flow was credited with."""

    copy_key: U64
    spool_off: I64

    def __len__(self) -> int:
        return len(self.ts_ns)


_DTYPES: Final = {
    "role": np.uint8,
    "ts_ns": np.int64,
    "source": np.uint16,
    "frame_no": np.uint64,
    "cap_len": np.uint32,
    "wire_len": np.uint32,
    "link_type": np.uint16,
    "is_from_orig": np.bool_,
    "src_port": np.uint16,
    "dst_port": np.uint16,
    "protocol": np.uint8,
    "tunnel": np.uint8,
    "fragment": np.uint8,
    "tcp_flags": np.uint8,
    "payload_off": np.int64,
    "payload_len": np.uint32,
    "fragment_id": np.uint32,
    "vlan": np.uint16,
    "counted_len": np.uint32,
    "copy_key": np.uint64,
    "spool_off": np.int64,
}
_OF_FRAMES: Final = ("ts_ns", "source", "frame_no", "cap_len", "wire_len", "link_type")
_OF_PACKETS: Final = (
    *("src_port", "dst_port", "protocol", "tunnel", "fragment", "tcp_flags", "payload_len"),
    *("fragment_id", "vlan", "copy_key"),
)


class Gathered:
    """Takes rows of batches, and gives the packets back. A context manager: holds a file.

    Args:
        bound: Packets to hold.
        is_rolling: When full, forget the oldest; otherwise leave out what comes, and count it.
    """

    def __init__(self, bound: int = MAX_PACKETS, *, is_rolling: bool = False) -> None:
        self.left_out = 0
        """Packets beyond the bound."""

        self._bound = bound
        self._is_rolling = is_rolling
        self._taken = 0
        self._chunks: deque[dict[str, NDArray[Any]]] = deque()
        self._spooled = 0
        self._spool = tempfile.TemporaryFile(prefix="camwatch-")  # noqa: SIM115  # closed by __exit__

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._spool.close()

    def take(
        self, frames: FrameBatch, packets: PacketBatch, found: Sequence[tuple[Matches, Role]]
    ) -> None:
        """Copy rows of a batch, in their order, and the bytes of their frames.

        Raises:
            OutputError: The temporary directory is full.
        """
        row = np.concatenate([matches.row for matches, _ in found])
        if not len(row):
            return
        is_from_orig = np.concatenate([matches.is_from_orig for matches, _ in found])
        role = np.concatenate(
            [np.full(len(matches.row), role, dtype=np.uint8) for matches, role in found]
        )
        room = len(row) if self._is_rolling else self._bound - self._taken
        order = np.argsort(row, kind="stable")[:room]
        self.left_out += len(row) - len(order)
        if not len(order):
            return
        row = row[order]
        chunk: dict[str, NDArray[Any]] = {name: getattr(frames, name)[row] for name in _OF_FRAMES}
        chunk |= {name: getattr(packets, name)[row] for name in _OF_PACKETS}
        chunk["role"] = role[order]
        chunk["is_from_orig"] = is_from_orig[order]
        chunk["payload_off"] = packets.payload_off[row] - frames.off[row]
        chunk["counted_len"] = packets.wire_len[row]
        chunk["spool_off"] = self._keep(frames, row)
        self._chunks.append(chunk)
        self._taken += len(row)
        while self._taken > self._bound and len(self._chunks) > 1:
            forgotten = len(self._chunks.popleft()["role"])
            self._taken -= forgotten
            self.left_out += forgotten

    def columns(self) -> Columns:
        """Return all that was taken, in capture order."""
        parts = self._chunks
        joined = {
            name: np.concatenate([part[name] for part in parts]) if parts else np.zeros(0, dtype)
            for name, dtype in _DTYPES.items()
        }
        return Columns(**joined)

    def packets(self, columns: Columns, row: I64) -> Iterator[tuple[Packet, bytes]]:
        """Yield packets and the bytes of their frames."""
        offs = columns.spool_off[row].tolist()
        lists = [getattr(columns, name)[row].tolist() for name in Packet._fields]
        for off, *values in zip(offs, *lists, strict=True):
            packet = Packet(Role(values[0]), *values[1:])
            self._spool.seek(off)
            yield packet, self._spool.read(packet.cap_len)

    def _keep(self, frames: FrameBatch, row: I64) -> I64:
        lengths = frames.cap_len[row].astype(np.int64)
        offs = self._spooled + np.cumsum(lengths) - lengths
        data = frames.data
        bounds = zip(frames.off[row].tolist(), lengths.tolist(), strict=True)
        content = b"".join([data[off : off + length].tobytes() for off, length in bounds])
        try:
            self._spool.seek(self._spooled)
            self._spool.write(content)
        except OSError as error:
            raise OutputError(
                f"{tempfile.gettempdir()}: {error.strerror}; make room for the frames of the flow, "
                "or name another directory with TMPDIR"
            ) from error
        self._spooled += len(content)
        return offs
