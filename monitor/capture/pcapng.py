"""pcapng files: sections, interfaces, and the loop around the scan of blocks."""

import struct
from collections.abc import Generator, Iterator

import numpy as np

from monitor.capture.faults import cut_short, scan_fault
from monitor.capture.kernel_scan import (
    BLOCK_LENGTH,
    BLOCK_TRAILER,
    FULL,
    HEADER_BLOCK,
    LATEST_NS,
    MAX_BLOCK,
    MORE,
    UNIT_PARTS,
    UNIT_SHIFT,
    UNIT_TIMES,
    scan_pcapng,
)
from monitor.capture.rows import Rows
from monitor.capture.window import Window
from monitor.model.arrays import I64, U8, U16, U64
from monitor.model.frames import FrameBatch, InputInfo

MAGIC = b"\x0a\x0d\x0d\x0a"
MAX_INTERFACES = 65536
"""Most interfaces in a section; a section with more is damaged, or made to fill memory."""

_BYTE_ORDERS = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
_IF_TSRESOL = 9
_IF_TSOFFSET = 14


class _Interfaces:
    """The interfaces of a section as columns, which the scan indexes."""

    def __init__(self) -> None:
        self.count = 0
        self.link: U16 = np.zeros(16, dtype=np.uint16)
        self.unit: U8 = np.zeros(16, dtype=np.uint8)
        self.factor: U64 = np.ones(16, dtype=np.uint64)
        self.offset_ns: I64 = np.zeros(16, dtype=np.int64)
        self.snap_len: I64 = np.zeros(16, dtype=np.int64)

    def add(self, link: int, snap_len: int, resolution: int, offset_s: int) -> None:
        """Append an interface; `resolution` is the byte of if_tsresol."""
        if self.count == len(self.link):
            for name in ("link", "unit", "factor", "offset_ns", "snap_len"):
                setattr(self, name, np.resize(getattr(self, name), 2 * self.count))
        unit, factor = time_unit(resolution)
        self.link[self.count] = link
        self.unit[self.count] = unit
        self.factor[self.count] = factor
        self.offset_ns[self.count] = max(-LATEST_NS, min(offset_s * 10**9, LATEST_NS))
        self.snap_len[self.count] = snap_len
        self.count += 1


def time_unit(resolution: int) -> tuple[int, int]:
    """Return how the scan turns ticks into nanoseconds, for the byte of an if_tsresol option.

    Returns:
        (one of the ``UNIT_`` numbers, factor).
    """
    exponent = resolution & 0x7F
    if resolution & 0x80:
        return UNIT_SHIFT, exponent
    if exponent <= 9:
        return UNIT_TIMES, 10 ** (9 - exponent)
    # A factor above 10^19 divides every 64-bit count to 0.
    return UNIT_PARTS, 10 ** (exponent - 9) if exponent <= 28 else 0


class PcapngReader:
    """Reads one pcapng stream.

    Args:
        window: The bytes of the file; it stands on a section header.
        rows: Columns to use.
        info: Gets format and link types.

    Source:
        draft-ietf-opsawg-pcapng. Bounds and refusals follow Wireshark's wiretap/pcapng.c.
    """

    def __init__(self, window: Window, rows: Rows, info: InputInfo) -> None:
        self._window = window
        self._rows = rows
        self._info = info
        self._order = "<"
        self._interfaces = _Interfaces()
        self._links: dict[int, None] = {}
        self._before_ns = 0

    def batches(self) -> Generator[FrameBatch, None, str]:
        """Yield the frames; return why reading ended early, or an empty string."""
        self._info.format = "pcapng"
        window, rows = self._window, self._rows
        n = 0
        while True:
            n, status, need = self._scan(n)
            fault = ""
            if status == HEADER_BLOCK:
                fault, need = self._header_block()
                if not fault and not need:
                    continue
            elif status not in (MORE, FULL):
                fault = scan_fault(window, status, need)
            if n:
                rows.frames += n
                yield rows.batch(window.data, n)
                n = 0
            if fault:
                return fault
            if status != FULL and not window.fill(need):
                return window.source.fault or cut_short(window, need, "a block")

    def _scan(self, n: int) -> tuple[int, int, int]:
        """Go on in row `n`; return (rows filled, status, need)."""
        window, rows, interfaces = self._window, self._rows, self._interfaces
        window.start, n, status, need, self._before_ns = scan_pcapng(
            window.data,
            window.start,
            window.end,
            self._order == ">",
            interfaces.count,
            interfaces.link,
            interfaces.unit,
            interfaces.factor,
            interfaces.offset_ns,
            interfaces.snap_len,
            rows.frames + 1,
            self._before_ns,
            n,
            rows.off,
            rows.cap_len,
            rows.wire_len,
            rows.ts_ns,
            rows.link_type,
            rows.frame_no,
            rows.totals,
        )
        return n, status, need

    def _header_block(self) -> tuple[str, int]:
        """Take the section header or interface description that is next.

        Returns:
            (fault or empty, bytes that must be at hand first; 0 when the block was taken).
        """
        window = self._window
        head = window.head(12)
        is_section = head[:4] == MAGIC
        order = self._order
        if is_section:
            order = _BYTE_ORDERS.get(head[8:12], "")
            if not order:
                return f"byte {window.position}: no byte-order magic: {head[8:12].hex(' ')}", 0
        (length,) = struct.unpack(order + "I", head[4:8])
        if length % 4 or not (28 if is_section else 20) <= length <= MAX_BLOCK:
            return scan_fault(window, BLOCK_LENGTH, length), 0
        if window.held < length:
            return "", length
        block = window.head(length)
        (trailer,) = struct.unpack(order + "I", block[-4:])
        if trailer != length:
            return scan_fault(window, BLOCK_TRAILER, trailer), 0
        self._order = order
        try:
            if is_section:
                self._section(block)
            else:
                self._interface(block)
        except ValueError as error:
            return f"byte {window.position}: {error}", 0
        window.skip(length)
        return "", 0

    def _section(self, block: bytes) -> None:
        major, minor = struct.unpack(self._order + "HH", block[12:16])
        if major != 1 or minor not in (0, 2):
            raise ValueError(f"pcapng version {major}.{minor} is not known")
        for _ in self._options(block[24:-4]):
            pass
        self._interfaces = _Interfaces()

    def _interface(self, block: bytes) -> None:
        link, snap_len = struct.unpack(self._order + "H2xI", block[8:16])
        resolution, offset_s = 6, 0
        for code, value in self._options(block[16:-4]):
            if code == _IF_TSRESOL and len(value) == 1:
                resolution = value[0]
            elif code == _IF_TSOFFSET and len(value) == 8:
                (offset_s,) = struct.unpack(self._order + "q", value)
        if self._interfaces.count == MAX_INTERFACES:
            raise ValueError(f"more than {MAX_INTERFACES} interfaces in a section")
        self._interfaces.add(link, snap_len, resolution, offset_s)
        if link not in self._links:
            self._links[link] = None
            self._info.link_types = tuple(self._links)

    def _options(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield (code, value) of the options of a block.

        Raises:
            ValueError: An option is longer than the block.
        """
        at = 0
        while at < len(data):
            code, length = struct.unpack(self._order + "HH", data[at : at + 4])
            if code == 0:
                return
            at += 4
            if at + length > len(data):
                raise ValueError(f"option {code} of {length} bytes is longer than its block")
            yield code, data[at : at + length]
            at += length + -length % 4
