"""Packets as columns: what the decode stage makes of frames, row for row."""

import dataclasses
from typing import Annotated

import numpy as np

from monitor.model.arrays import I64, U8, U16, U32, U64, Bool, Column, Columns


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class QuoteBatch(Columns):
    """The flows that ICMP errors quote; one row for each error with a readable quote."""

    row: Annotated[I64, Column("Row of the ICMP error in its PacketBatch")]
    protocol: Annotated[U8, Column("Protocol of the quoted packet")]
    src_hi: Annotated[U64, Column("Source address of the quoted packet, upper half")]
    src_lo: Annotated[U64, Column("Source address of the quoted packet, lower half")]
    dst_hi: Annotated[U64, Column("Destination address of the quoted packet, upper half")]
    dst_lo: Annotated[U64, Column("Destination address of the quoted packet, lower half")]
    src_port: Annotated[U16, Column("Source port of the quoted packet")]
    dst_port: Annotated[U16, Column("Destination port of the quoted packet")]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PacketBatch(Columns):
    """The packets of one FrameBatch: row i is frame i.

    Addresses are 128 bits as two words in host order; IPv4 is mapped into ::ffff:0:0/96. Where
    `stop` is not 0 only `ts_ns`, `wire_len`, `stop`, `tunnel`, `vlan` and the MACs mean anything
    and the other columns are 0. Columns of the innermost packet: encapsulations are removed.
    """

    data: U8
    """`FrameBatch.data`: payload offsets point into it. Not a column."""

    quotes: QuoteBatch
    """Flows quoted by the ICMP errors among these packets. Not a column."""

    ts_ns: Annotated[I64, Column("Capture time since 1970-01-01 UTC", unit="ns")]
    source: Annotated[U16, Column("Index of the input (file or interface)")]
    frame_no: Annotated[U64, Column("Number of the frame in its input, from 1")]
    wire_len: Annotated[
        U32,
        Column(
            "Length on the wire; of the innermost Ethernet frame where a mirror or overlay "
            "(ERSPAN, VXLAN, GENEVE, GRE) carries one, else of the whole frame",
            unit="bytes",
        ),
    ]
    stop: Annotated[U8, Column("Why decoding stopped", absent="0: it did not", source="words.Stop")]
    tunnel: Annotated[U8, Column("Innermost encapsulation removed", source="words.Tunnel")]
    vlan: Annotated[
        U16, Column("Innermost VLAN id, else the one ERSPAN tells", absent="65535: untagged")
    ]
    src_mac: Annotated[U64, Column("Source MAC, 48 bits", absent="2^64-1: link has none")]
    dst_mac: Annotated[U64, Column("Destination MAC, 48 bits", absent="2^64-1: link has none")]
    src_hi: Annotated[U64, Column("Source address, upper half")]
    src_lo: Annotated[U64, Column("Source address, lower half")]
    dst_hi: Annotated[U64, Column("Destination address, upper half")]
    dst_lo: Annotated[U64, Column("Destination address, lower half")]
    protocol: Annotated[U8, Column("Upper-layer protocol, behind extension headers")]
    ttl: Annotated[U8, Column("TTL or hop limit")]
    fragment: Annotated[U8, Column("Place in a fragmented datagram", source="words.Fragment")]
    fragment_id: Annotated[
        U32, Column("Identification; IPv4's 16 bits or the fragment header's 32")
    ]
    src_port: Annotated[
        U16, Column("Source port; ICMP: type", absent="0: no ports, later fragment")
    ]
    dst_port: Annotated[
        U16, Column("Destination port; ICMP: code", absent="0: no ports, later fragment")
    ]
    tcp_flags: Annotated[U8, Column("TCP flags FIN=1 SYN=2 RST=4 PSH=8 ACK=16 URG=32 ECE CWR")]
    tcp_seq: Annotated[U32, Column("TCP sequence number")]
    tcp_ack: Annotated[U32, Column("TCP acknowledgement number")]
    payload_off: Annotated[I64, Column("First payload byte in `data`", unit="bytes")]
    payload_len: Annotated[U32, Column("Payload bytes that were captured", unit="bytes")]
    payload_wire: Annotated[
        U32, Column("Payload bytes by the packet's own length fields", unit="bytes")
    ]
    copy_key: Annotated[
        U64,
        Column(
            "Hash of what a second copy of the packet shares with the first: addresses, protocol, "
            "IP identification, lengths, transport header, first 64 payload bytes; not MACs, VLAN "
            "tag, TTL, header checksum",
        ),
    ]
    is_copy_sure: Annotated[
        Bool,
        Column("Equal `copy_key` proves a copy: the packet has an IP identification or payload"),
    ]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DecodeCounts:
    """What became of the frames of one batch; ``frames == packets + stopped.sum()``."""

    frames: int
    packets: int
    stopped: I64
    """Frames by `Stop`, shape (len(Stop),); entry 0 (decoded) is 0."""

    @staticmethod
    def of(stop: U8) -> "DecodeCounts":
        """Count the column `stop`."""
        counts = np.bincount(stop, minlength=13).astype(np.int64)
        packets = int(counts[0])
        counts[0] = 0
        return DecodeCounts(frames=len(stop), packets=packets, stopped=counts)
