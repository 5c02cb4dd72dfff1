"""Capture files put together from plain struct code, and what a reader made of them."""

import shutil
import struct
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from monitor.capture import CHUNK_BYTES, open_capture
from monitor.model.frames import InputInfo

PCAP_MICRO = 0xA1B2C3D4
PCAP_NANO = 0xA1B23C4D
PCAP_MODIFIED = 0xA1B2CD34

Record = tuple[int, int, bytes]
"""(seconds, fraction, packet)."""


class Frame(NamedTuple):
    """One frame as delivered."""

    source: int
    frame_no: int
    ts_ns: int
    link_type: int
    wire_len: int
    packet: bytes


def pcap_header(
    order: str = "<",
    magic: int = PCAP_MICRO,
    network: int = 1,
    version: tuple[int, int] = (2, 4),
) -> bytes:
    return struct.pack(order + "IHHiIII", magic, *version, 0, 0, 65535, network)


def pcap_record(record: Record, order: str = "<", wire: int | None = None) -> bytes:
    seconds, fraction, packet = record
    wire = len(packet) if wire is None else wire
    return struct.pack(order + "IIII", seconds, fraction, len(packet), wire) + packet


def pcap_file(records: Iterable[Record], order: str = "<", magic: int = PCAP_MICRO) -> bytes:
    body = b"".join(pcap_record(record, order) for record in records)
    return pcap_header(order, magic) + body


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + length + body + length


def option(code: int, value: bytes, order: str = "<") -> bytes:
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def section(order: str = "<", version: tuple[int, int] = (1, 0), options: bytes = b"") -> bytes:
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, *version, -1) + options, order)


def interface(
    link: int = 1,
    *,
    order: str = "<",
    snap: int = 0,
    tsresol: int | None = None,
    tsoffset: int | None = None,
) -> bytes:
    options = b""
    if tsresol is not None:
        options += option(9, bytes([tsresol]), order)
    if tsoffset is not None:
        options += option(14, struct.pack(order + "q", tsoffset), order)
    if options:
        options += option(0, b"", order)
    return block(1, struct.pack(order + "HHI", link, 0, snap) + options, order)


def enhanced(
    ticks: int,
    packet: bytes,
    *,
    order: str = "<",
    number: int = 0,
    wire: int | None = None,
    options: bytes = b"",
) -> bytes:
    wire = len(packet) if wire is None else wire
    head = struct.pack(order + "IIIII", number, ticks >> 32, ticks & 0xFFFFFFFF, len(packet), wire)
    return block(6, head + packet + bytes(-len(packet) % 4) + options, order)


def obsolete(ticks: int, packet: bytes, *, order: str = "<", number: int = 0) -> bytes:
    head = struct.pack(
        order + "HHIIII", number, 7, ticks >> 32, ticks & 0xFFFFFFFF, len(packet), len(packet)
    )
    return block(2, head + packet, order)


def simple(packet: bytes, *, order: str = "<", wire: int | None = None) -> bytes:
    wire = len(packet) if wire is None else wire
    return block(3, struct.pack(order + "I", wire) + packet, order)


def write(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    return str(path)


def frames_of(
    *names: str | Path, chunk_bytes: int = CHUNK_BYTES
) -> tuple[list[Frame], list[InputInfo]]:
    """Read captures to their end, copying every frame."""
    frames: list[Frame] = []
    with open_capture([str(name) for name in names], chunk_bytes=chunk_bytes) as capture:
        for batch in capture.batches():
            assert 0 < len(batch) <= 65536
            assert (batch.vlan_tci == -1).all()
            columns: Sequence[list[int]] = [
                column.tolist()
                for column in (
                    batch.source,
                    batch.frame_no,
                    batch.ts_ns,
                    batch.link_type,
                    batch.wire_len,
                    batch.off,
                    batch.cap_len,
                )
            ]
            for source, number, ts_ns, link, wire, off, length in zip(*columns, strict=True):
                packet = batch.data[off : off + length].tobytes()
                assert len(packet) == length
                frames.append(Frame(source, number, ts_ns, link, wire, packet))
        return frames, capture.inputs


def packets_of(*names: str | Path, chunk_bytes: int = CHUNK_BYTES) -> list[bytes]:
    """Return the bytes of all frames."""
    return [frame.packet for frame in frames_of(*names, chunk_bytes=chunk_bytes)[0]]


def run_tool(*command: str | Path, stdin: bytes | None = None) -> bytes:
    """Return what an installed program prints, or skip the test where it is not installed."""
    program = shutil.which(command[0])
    if program is None:
        pytest.skip(f"{command[0]} is not installed")
    full = [program, *(str(part) for part in command[1:])]
    done = subprocess.run(full, input=stdin, capture_output=True, check=True)  # noqa: S603  commands of the tests alone
    return done.stdout
