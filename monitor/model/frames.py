"""Frames as the capture stage hands them on, and what it can say about its inputs."""

import dataclasses
from typing import Annotated

from monitor.model.arrays import I32, I64, U8, U16, U32, U64, Column, Columns


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FrameBatch(Columns):
    """Some frames of one capture, in capture order.

    The arrays are views of buffers that the reader uses again: they hold until the next batch
    is asked for, and whoever keeps bytes copies them.
    """

    data: U8
    """The bytes of all frames, and what stands between them. Not a column."""

    off: Annotated[I64, Column("First byte of the frame in `data`", unit="bytes")]
    cap_len: Annotated[U32, Column("Captured length", unit="bytes", source="pcap incl_len")]
    wire_len: Annotated[
        U32, Column("Length on the wire, without FCS", unit="bytes", source="pcap orig_len")
    ]
    ts_ns: Annotated[I64, Column("Capture time since 1970-01-01 UTC", unit="ns")]
    link_type: Annotated[U16, Column("LINKTYPE_ number of the interface", source="tcpdump.org")]
    vlan_tci: Annotated[
        I32, Column("Tag that the kernel took out of the frame", absent="-1: not taken out")
    ]
    source: Annotated[U16, Column("Index of the input (file or interface)")]
    frame_no: Annotated[U64, Column("Number of the frame in its input, from 1")]


@dataclasses.dataclass(slots=True, kw_only=True)
class InputInfo:
    """What is known of one input after it was read: goes into the manifest."""

    name: str
    """Path as given, or ``-`` for standard input."""

    format: str = "unknown"
    """``pcap``, ``pcapng`` or ``unknown``."""

    compression: str = "none"
    """``none``, ``gzip``, ``zstd`` or ``xz``."""

    size_bytes: int = 0
    """Bytes of the file as it lies on disk (compressed where it is)."""

    sha256: str = ""
    """SHA-256 of those bytes, lower-case hex; empty when the file could not be opened."""

    frames: int = 0
    frame_bytes: int = 0
    """Sum of `wire_len`: what capinfos calls the data size."""

    captured_bytes: int = 0
    first_ns: int | None = None
    last_ns: int | None = None
    link_types: tuple[int, ...] = ()
    fault: str = ""
    """Empty, or why reading ended early: one line with the byte offset and the reason."""


@dataclasses.dataclass(frozen=True, slots=True)
class Tick:
    """A moment of live capture: frames of before it have come, so time has moved on to it."""

    now_ns: int
    """Time since 1970-01-01 UTC."""
