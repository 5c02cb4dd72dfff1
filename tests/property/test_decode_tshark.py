"""The decode stage and tshark see the same innermost packet in every recorded frame.

Compared are addresses, ports, and of TCP flags, sequence number and payload length. Where the two
rightly differ, the frame has one of the reasons below, and these together are few.
"""

import shutil
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from monitor.capture import open_capture
from monitor.decode import Decoder
from monitor.model.packets import PacketBatch
from monitor.model.words import Fragment, Stop
from tests.support.decode_compare import address
from tests.support.decode_one_row import as_text
from tests.support.decode_tshark import Seen, read_with_tshark
from tests.support.shared import shared_path

MAX_BYTES = 500_000
"""Larger files repeat what smaller ones show, and cost tshark minutes."""


class Ours(NamedTuple):
    """One row, as far as it is compared."""

    stop: Stop
    src: str | None = None
    dst: str | None = None
    ports: tuple[int, int] | None = None
    tcp: tuple[int, int, int] | None = None


def row_of(packets: PacketBatch, row: int) -> Ours:
    stop = Stop(packets.stop[row])
    if stop != Stop.NONE:
        return Ours(stop)
    protocol = int(packets.protocol[row]) if packets.fragment[row] != Fragment.LATER else 0
    return Ours(
        stop,
        as_text(address(packets.src_hi[row], packets.src_lo[row])),
        as_text(address(packets.dst_hi[row], packets.dst_lo[row])),
        (int(packets.src_port[row]), int(packets.dst_port[row])) if protocol in (6, 17) else None,
        (int(packets.tcp_flags[row]), int(packets.tcp_seq[row]), int(packets.payload_wire[row])),
    )


def is_same(ours: Ours, seen: Seen) -> bool:
    return ours[1:4] == seen[:3] and (seen.tcp is None or ours.tcp == seen.tcp)


def why_different(ours: Ours, seen: Seen) -> str:
    """Return why the two differ, or an empty string where there is no excuse."""
    if ours.stop == Stop.EXTENSION_CUT:
        return "tshark shows addresses of a packet whose extension headers are cut or too many"
    if ours.stop == Stop.IP_CUT:
        return "tshark shows addresses of an IP header whose lengths contradict each other"
    if ours.stop in (Stop.ARP, Stop.NOT_IP) and seen.layers.count("eth") > 1:
        return "the innermost frame holds no IP: tshark shows the packet around it"
    if ours.ports is not None and (4790 in ours.ports or 4341 in ours.ports):
        return "VXLAN-GPE and LISP by their own ports are left in place"
    if ours.ports is not None and ours.ports[0] == 6081:
        return "GENEVE is known by its destination port alone (RFC 8926 section 3.3)"
    return ""


def read_all(decoder: Decoder, path: Path) -> list[Ours]:
    found: list[Ours] = []
    with open_capture([str(path)]) as capture:
        for batch in capture.batches():
            packets, _ = decoder.decode(batch)
            found += [row_of(packets, row) for row in range(len(batch))]
    return found


@pytest.mark.slow
def test_tshark_sees_the_same_packets() -> None:
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    decoder = Decoder()
    compared, reasons, unexplained = 0, Counter[str](), []
    for path in sorted(shared_path("pcaps").rglob("*")):
        if not path.is_file() or path.stat().st_size > MAX_BYTES:
            continue
        ours = read_all(decoder, path)
        seen = read_with_tshark(path) if ours else []
        if len(ours) != len(seen):
            # A damaged file, of which the two read different frames, or a link that tshark lacks.
            reasons["other frames"] += 1
            continue
        for number, (mine, theirs) in enumerate(zip(ours, seen, strict=True), 1):
            if mine.stop == Stop.LINK_TYPE:
                continue
            compared += 1
            if not is_same(mine, theirs):
                reason = why_different(mine, theirs)
                reasons[reason] += 1
                if not reason:
                    unexplained.append((path.name, number, mine, theirs))
    assert unexplained == []
    assert compared > 15_000
    assert sum(reasons.values()) < 40
