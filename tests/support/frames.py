"""Frame batches for tests, from a list of bytes."""

from collections.abc import Iterable, Sequence

import numpy as np

from monitor.model.frames import FrameBatch

LINKTYPE_ETHERNET = 1
START_NS = 1_700_000_000_000_000_000


def _column(value: int | Sequence[int], count: int, dtype: type, name: str) -> np.ndarray:
    """Give a column from one value for all frames, or from one value for each."""
    if isinstance(value, int | np.integer):
        return np.full(count, value, dtype=dtype)
    if len(value) != count:
        raise ValueError(f"{name}: {len(value)} values for {count} frames")
    return np.array(list(value), dtype=dtype)


def frames(
    contents: Iterable[bytes],
    *,
    link_type: int | Sequence[int] = LINKTYPE_ETHERNET,
    ts_ns: int | Sequence[int] = START_NS,
    wire_len: Sequence[int] | None = None,
    vlan_tci: int | Sequence[int] = -1,
    source: int | Sequence[int] = 0,
    first_no: int = 1,
    gap: bytes = b"\xa5" * 3,
) -> FrameBatch:
    """Return the frames as a batch, as a capture stage would give it.

    Args:
        contents: Captured bytes of each frame.
        link_type: LINKTYPE_ of all frames, or one for each.
        ts_ns: Capture time of all frames, or one for each.
        wire_len: Length on the wire of each frame; its captured length where left out.
        vlan_tci: Tag that the kernel took out, or -1; for all frames, or one for each.
        source: Index of the input of all frames, or one for each.
        first_no: Number of the first frame; the others follow.
        gap: Bytes between (and behind) frames. Not zeros: code that reads past the end of a
            frame shows.
    """
    pieces = [bytes(content) for content in contents]
    count = len(pieces)
    cap_len = np.array([len(piece) for piece in pieces], dtype=np.uint32)
    off = np.zeros(count, dtype=np.int64)
    joined = bytearray(gap)
    for row, piece in enumerate(pieces):
        off[row] = len(joined)
        joined += piece + gap
    return FrameBatch(
        data=np.frombuffer(bytes(joined), dtype=np.uint8),
        off=off,
        cap_len=cap_len,
        wire_len=cap_len.copy() if wire_len is None else np.array(wire_len, dtype=np.uint32),
        ts_ns=_column(ts_ns, count, np.int64, "ts_ns"),
        link_type=_column(link_type, count, np.uint16, "link_type"),
        vlan_tci=_column(vlan_tci, count, np.int32, "vlan_tci"),
        source=_column(source, count, np.uint16, "source"),
        frame_no=np.arange(first_no, first_no + count, dtype=np.uint64),
    )


def part(batch: FrameBatch, start: int, stop: int) -> FrameBatch:
    """Return rows ``start:stop`` of a batch; the bytes are shared."""
    rows = slice(start, stop)
    return FrameBatch(
        data=batch.data,
        off=batch.off[rows],
        cap_len=batch.cap_len[rows],
        wire_len=batch.wire_len[rows],
        ts_ns=batch.ts_ns[rows],
        link_type=batch.link_type[rows],
        vlan_tci=batch.vlan_tci[rows],
        source=batch.source[rows],
        frame_no=batch.frame_no[rows],
    )


def frame_bytes(batch: FrameBatch, row: int) -> bytes:
    """Return the captured bytes of one frame."""
    off = int(batch.off[row])
    return batch.data[off : off + int(batch.cap_len[row])].tobytes()
