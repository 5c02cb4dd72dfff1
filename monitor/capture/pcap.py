"""Classic pcap files: the file header, and the loop around the scan of records."""

import struct
from collections.abc import Generator
from typing import NamedTuple

from monitor.capture.faults import cut_short, scan_fault
from monitor.capture.kernel_scan import (
    FULL,
    MORE,
    SWAP_ALWAYS,
    SWAP_LONGER,
    SWAP_NEVER,
    scan_pcap,
)
from monitor.capture.rows import Rows
from monitor.capture.window import Window
from monitor.model.frames import FrameBatch, InputInfo

HEADER_LEN = 24
_LINK_RESERVED = 0x03FF0000
_FCS_PRESENT = 0x04000000


class _Kind(NamedTuple):
    order: str
    """Byte order, as `struct` writes it."""

    frac_ns: int
    record_header_len: int


MAGICS = {
    b"\xd4\xc3\xb2\xa1": _Kind("<", 1000, 16),
    b"\xa1\xb2\xc3\xd4": _Kind(">", 1000, 16),
    b"\x4d\x3c\xb2\xa1": _Kind("<", 1, 16),
    b"\xa1\xb2\x3c\x4d": _Kind(">", 1, 16),
    b"\x34\xcd\xb2\xa1": _Kind("<", 1000, 24),
    b"\xa1\xb2\xcd\x34": _Kind(">", 1000, 24),
}
"""What the first four bytes say: byte order, time unit, and Kuznetzov's longer record header."""


def read_pcap(window: Window, rows: Rows, info: InputInfo) -> Generator[FrameBatch, None, str]:
    """Yield the frames of a classic pcap file that starts where `window` stands.

    Args:
        window: The bytes of the file, the magic number at hand.
        rows: Columns to use.
        info: Gets format and link type.

    Returns:
        Why reading ended early; empty when all was read.

    Source:
        draft-ietf-opsawg-pcap. Lengths are exchanged before version 2.3, and by some writers of
        2.3: libpcap's sf-pcap.c and Wireshark's wiretap/libpcap.c read them so.
    """
    info.format = "pcap"
    if not window.fill(HEADER_LEN):
        return window.source.fault or cut_short(window, HEADER_LEN, "the file header")
    kind = MAGICS[window.head(4)]
    major, minor, network = struct.unpack(kind.order + "HH12xI", window.head(HEADER_LEN)[4:])
    if major != 2:
        return f"byte 4: pcap version {major}.{minor} is not known"
    if network & _LINK_RESERVED:
        return f"byte 20: link type 0x{network:08x} has reserved bits set"
    swap_lengths = SWAP_ALWAYS if minor < 3 else SWAP_LONGER if minor == 3 else SWAP_NEVER
    fcs_len = (network >> 28) * 2 if network & _FCS_PRESENT else 0
    info.link_types = (network & 0xFFFF,)
    rows.link_type[:] = network & 0xFFFF
    window.skip(HEADER_LEN)
    while True:
        position, n, status, need = scan_pcap(
            window.data,
            window.start,
            window.end,
            kind.order == ">",
            kind.record_header_len,
            kind.frac_ns,
            swap_lengths,
            fcs_len,
            rows.frames + 1,
            rows.off,
            rows.cap_len,
            rows.wire_len,
            rows.ts_ns,
            rows.frame_no,
            rows.totals,
        )
        window.start = position
        if n:
            rows.frames += n
            yield rows.batch(window.data, n)
        if status == MORE:
            if not window.fill(need):
                return window.source.fault or cut_short(window, need, "a packet record")
        elif status != FULL:
            return scan_fault(window, status, need)
