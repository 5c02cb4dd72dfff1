"""The ring of one packet socket: blocks that the kernel fills and we hand back."""

import mmap
import socket
import struct
from typing import Any

import numpy as np

from monitor.capture import packet_socket as packets
from monitor.capture.kernel_ring import scan_block
from monitor.model.arrays import U8, columns_of
from monitor.model.frames import FrameBatch

BLOCK_BYTES = 1 << 20
"""Holds some thousand frames: a batch costs some tenths of a millisecond whatever is in it."""

FRAME_BYTES = 1 << 11
"""Of no meaning for TPACKET_V3 but that the kernel wants blocks to be whole frames."""

RETIRE_MS = 100
"""After this time the kernel hands over a block that is not full. Shorter: less delay and memory
in use, more wake-ups of an idle sensor."""

_STATUS, _FRAMES, _FIRST = 8, 12, 16
"""Offsets in ``struct tpacket_block_desc``."""

_FIRST_SECONDS = 32
_USER = 1
_LEAST_FRAME = 48 + 14
"""No frame takes less in a block, so the columns have room for all."""


class Ring:
    """A ring on a packet socket, made by the process that reads it.

    Args:
        sock: Packet socket; a ring that it had before goes.
        size_bytes: Memory of the ring, which the kernel holds and cannot page out.

    Raises:
        OSError: The kernel has no such memory, or another process still maps the ring.
    """

    def __init__(self, sock: socket.socket, size_bytes: int) -> None:
        blocks = max(size_bytes // BLOCK_BYTES, 2)
        self._sock = sock
        # None at all first: a ring that a dead process left cannot be told where we are in it.
        _set_up(sock, 0)
        _set_up(sock, blocks)
        self.size_bytes = blocks * BLOCK_BYTES
        self._map = mmap.mmap(
            sock.fileno(), self.size_bytes, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE
        )
        self._data: U8 = np.frombuffer(self._map, np.uint8)
        self._words = self._data.view(np.uint32).reshape(blocks, BLOCK_BYTES // 4)
        self._blocks = blocks
        self._at = 0
        room = BLOCK_BYTES // _LEAST_FRAME + 1
        self._columns: dict[str, Any] = {
            name: np.zeros(room, dtype) for name, (dtype, _) in columns_of(FrameBatch).items()
        }
        self.frames = 0
        """Frames handed on since the ring was made."""

        self.lost_in_blocks = 0
        """Frames that a block said it has and had not: none, unless the kernel errs."""

    def first_ns(self) -> int | None:
        """Return the time of the first frame of the next block, None while none is handed over."""
        words = self._words[self._at]
        if not int(words[_STATUS >> 2]) & _USER:
            return None
        at = _FIRST_SECONDS >> 2
        return int(words[at]) * 10**9 + int(words[at + 1])

    def take(self, source: int, link_type: int) -> FrameBatch | None:
        """Return the frames of the next block, which is ours until `release`.

        Args:
            source: Number of the interface.
            link_type: LINKTYPE_ number of its frames.
        """
        words = self._words[self._at]
        if not int(words[_STATUS >> 2]) & _USER:
            return None
        told = int(words[_FRAMES >> 2])
        begin = self._at * BLOCK_BYTES
        columns = self._columns
        count = scan_block(
            self._data,
            begin + int(words[_FIRST >> 2]),
            begin + BLOCK_BYTES,
            min(told, len(columns["off"])),
            columns["off"],
            columns["cap_len"],
            columns["wire_len"],
            columns["ts_ns"],
            columns["vlan_tci"],
        )
        self.lost_in_blocks += told - count
        columns["link_type"][:count] = link_type
        columns["source"][:count] = source
        columns["frame_no"][:count] = np.arange(self.frames + 1, self.frames + count + 1)
        self.frames += count
        return FrameBatch(data=self._data, **{name: c[:count] for name, c in columns.items()})

    def release(self) -> None:
        """Hand the block of `take` back to the kernel."""
        self._words[self._at, _STATUS >> 2] = 0
        self._at = (self._at + 1) % self._blocks

    def close(self) -> None:
        """Let go of the memory; batches that were handed on must be gone."""
        del self._data, self._words
        self._map.close()


def _set_up(sock: socket.socket, blocks: int) -> None:
    request = struct.pack(
        "=7I",
        BLOCK_BYTES if blocks else 0,
        blocks,
        FRAME_BYTES if blocks else 0,
        blocks * (BLOCK_BYTES // FRAME_BYTES),
        RETIRE_MS,
        0,
        0,
    )
    sock.setsockopt(packets.SOL_PACKET, packets.PACKET_RX_RING, request)
