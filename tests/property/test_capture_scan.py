"""The scan kernels agree with their scalar twins, for any bytes."""

import struct
from collections.abc import Callable

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.capture import kernel_scan
from monitor.capture.pcapng import time_unit
from tests.support import capture_twin as twin
from tests.support.capture_bytes import block, enhanced, obsolete, pcap_record, simple
from tests.support.capture_twin import Interface, Row, Scan

SMALL = st.binary(max_size=40)
WORDS = st.one_of(
    st.integers(0, 40), st.integers(0, 2**32 - 1), st.sampled_from([262143, 262144, 262145])
)


@st.composite
def mangled(draw: st.DrawFn, data: st.SearchStrategy[bytes]) -> bytes:
    """Valid records, then a few words overwritten, then cut."""
    whole = bytearray(draw(data))
    for _ in range(draw(st.integers(0, 2))):
        if len(whole) >= 4:
            at = draw(st.integers(0, len(whole) - 4))
            whole[at : at + 4] = struct.pack(draw(st.sampled_from("<>")) + "I", draw(WORDS))
    if draw(st.booleans()):
        return bytes(whole[: draw(st.integers(0, len(whole)))])
    return bytes(whole)


def joined(pieces: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    return st.lists(pieces, max_size=6).map(b"".join)


class Columns:
    """Columns for a kernel, and their rows as the twin writes them."""

    def __init__(self, room: int) -> None:
        self.off = np.zeros(room, dtype=np.int64)
        self.cap_len = np.zeros(room, dtype=np.uint32)
        self.wire_len = np.zeros(room, dtype=np.uint32)
        self.ts_ns = np.zeros(room, dtype=np.int64)
        self.link_type = np.zeros(room, dtype=np.uint16)
        self.frame_no = np.zeros(room, dtype=np.uint64)
        self.totals = np.array([0, 0, 2**63 - 1, -(2**63) + 1], dtype=np.int64)

    def rows(self, n: int) -> list[Row]:
        columns = (self.off, self.cap_len, self.wire_len, self.ts_ns, self.link_type)
        return [Row(*row) for row in zip(*(column[:n].tolist() for column in columns), strict=True)]

    def check_totals(self, rows: list[Row]) -> None:
        assert self.totals[0] == sum(row.wire_len for row in rows)
        assert self.totals[1] == sum(row.cap_len for row in rows)
        assert self.frame_no[: len(rows)].tolist() == list(range(5, 5 + len(rows)))


def pcap_records(order: str) -> st.SearchStrategy[bytes]:
    def record(seconds: int, fraction: int, packet: bytes, wire: int) -> bytes:
        return pcap_record((seconds, fraction, packet), order, wire)

    return joined(st.builds(record, WORDS, WORDS, SMALL, WORDS))


@settings(max_examples=300, deadline=None)
@given(
    data=st.data(),
    order=st.sampled_from("<>"),
    header_len=st.sampled_from([16, 24]),
    frac_ns=st.sampled_from([1, 1000]),
    swap=st.sampled_from(["never", "longer", "always"]),
    fcs_len=st.sampled_from([0, 4]),
    room=st.integers(1, 8),
)
def test_pcap_records(
    data: st.DataObject,
    order: str,
    header_len: int,
    frac_ns: int,
    swap: str,
    fcs_len: int,
    room: int,
) -> None:
    content = data.draw(mangled(pcap_records(order)) | st.binary(max_size=100))
    expected = twin.scan_pcap(
        content,
        order=order,
        header_len=header_len,
        frac_ns=frac_ns,
        swap=swap,
        fcs_len=fcs_len,
        room=room,
    )
    columns = Columns(room)
    at, n, status, need = kernel_scan.scan_pcap(
        np.frombuffer(b"\xff" * 3 + content + b"\xff" * 50, dtype=np.uint8).copy(),
        3,
        3 + len(content),
        order == ">",
        header_len,
        frac_ns,
        ["never", "longer", "always"].index(swap),
        fcs_len,
        5,
        columns.off,
        columns.cap_len,
        columns.wire_len,
        columns.ts_ns,
        columns.frame_no,
        columns.totals,
    )
    rows = [row._replace(off=row.off - 3) for row in columns.rows(n)]
    assert Scan(at - 3, rows, status, need) == expected
    columns.check_totals(rows)


RESOLUTIONS = st.one_of(st.integers(0, 255), st.sampled_from([6, 9, 0x80 | 20, 0x80 | 40]))
OFFSETS = st.one_of(st.just(0), st.integers(-(2**63), 2**63 - 1), st.integers(-(10**9), 10**9))


def interfaces() -> st.SearchStrategy[list[tuple[int, int, int, int]]]:
    """Return (link type, if_tsresol, if_tsoffset, snap length) of some interfaces."""
    return st.lists(
        st.tuples(st.integers(0, 300), RESOLUTIONS, OFFSETS, st.integers(0, 20)), max_size=3
    )


def blocks(order: str) -> st.SearchStrategy[bytes]:
    ticks = st.integers(0, 2**64 - 1)
    number = st.integers(0, 3)
    makers: list[tuple[Callable[..., bytes], dict[str, st.SearchStrategy[object]]]] = [
        (enhanced, {"ticks": ticks, "packet": SMALL, "number": number, "wire": WORDS}),
        (obsolete, {"ticks": ticks, "packet": SMALL, "number": number}),
        (simple, {"packet": SMALL}),
        (simple, {"packet": SMALL, "wire": WORDS}),
        (block, {"kind": st.integers(0, 12), "body": SMALL}),
    ]
    return joined(st.one_of(*(st.builds(make, order=st.just(order), **kw) for make, kw in makers)))


@settings(max_examples=400, deadline=None)
@given(
    data=st.data(),
    order=st.sampled_from("<>"),
    described=interfaces(),
    room=st.integers(1, 8),
)
def test_pcapng_blocks(
    data: st.DataObject, order: str, described: list[tuple[int, int, int, int]], room: int
) -> None:
    content = data.draw(mangled(blocks(order)) | st.binary(max_size=100))
    twins = [
        Interface(link, (2 if tsresol & 0x80 else 10) ** (tsresol & 0x7F), offset_s, snap)
        for link, tsresol, offset_s, snap in described
    ]
    expected = twin.scan_pcapng(content, order=order, interfaces=twins, room=room)
    units = [time_unit(tsresol) for _, tsresol, _, _ in described] or [(0, 1)]
    limit = 2**63 - 1
    columns = Columns(room)
    at, n, status, need, _ = kernel_scan.scan_pcapng(
        np.frombuffer(b"\xff" * 3 + content + b"\xff" * 50, dtype=np.uint8).copy(),
        3,
        3 + len(content),
        order == ">",
        len(described),
        np.array([link for link, _, _, _ in described] or [0], dtype=np.uint16),
        np.array([unit for unit, _ in units], dtype=np.uint8),
        np.array([factor for _, factor in units], dtype=np.uint64),
        np.array(
            [max(-limit, min(s * 10**9, limit)) for _, _, s, _ in described] or [0],
            dtype=np.int64,
        ),
        np.array([snap for _, _, _, snap in described] or [0], dtype=np.int64),
        5,
        0,
        0,
        columns.off,
        columns.cap_len,
        columns.wire_len,
        columns.ts_ns,
        columns.link_type,
        columns.frame_no,
        columns.totals,
    )
    rows = [row._replace(off=row.off - 3) for row in columns.rows(n)]
    assert Scan(at - 3, rows, status, need) == expected
    columns.check_totals(rows)


@settings(max_examples=300, deadline=None)
@given(ticks=st.integers(0, 2**64 - 1), tsresol=st.integers(0, 255))
@example(ticks=2**64 - 1, tsresol=0x80 | 32)
def test_times_are_exact_in_every_resolution(ticks: int, tsresol: int) -> None:
    units = (2 if tsresol & 0x80 else 10) ** (tsresol & 0x7F)
    expected = min(ticks * 10**9 // units, 2**63 - 1)
    columns = Columns(1)
    unit, factor = time_unit(tsresol)
    kernel_scan.scan_pcapng(
        np.frombuffer(enhanced(ticks, b""), dtype=np.uint8).copy(),
        0,
        32,
        False,
        1,
        np.zeros(1, dtype=np.uint16),
        np.array([unit], dtype=np.uint8),
        np.array([factor], dtype=np.uint64),
        np.zeros(1, dtype=np.int64),
        np.zeros(1, dtype=np.int64),
        1,
        0,
        0,
        columns.off,
        columns.cap_len,
        columns.wire_len,
        columns.ts_ns,
        columns.link_type,
        columns.frame_no,
        columns.totals,
    )
    assert columns.ts_ns[0] == expected
