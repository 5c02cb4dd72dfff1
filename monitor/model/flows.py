"""Flows as columns: ended flows, and the first payload that conversations showed."""

import dataclasses
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from monitor.model.arrays import I64, U8, U16, U64, Bool, Column, Columns


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FlowBatch(Columns):
    """Records of flows that ended, or that an active timeout cut; in order of their end.

    Packets and bytes are without mirror copies, which have columns of their own.
    """

    flow_no: Annotated[U64, Column("Running number of the flow; the parts of a flow share it")]
    flow_id: Annotated[U64, Column("Stable 64-bit id: hash of 5-tuple, VLAN, start and part")]
    part: Annotated[U16, Column("0, or how many active timeouts cut the flow before this record")]
    start_ns: Annotated[I64, Column("Time of the first packet of this record", unit="ns")]
    end_ns: Annotated[I64, Column("Time of the last packet of this record", unit="ns")]
    vlan: Annotated[U16, Column("VLAN id", absent="65535: untagged")]
    protocol: Annotated[U8, Column("IP protocol number")]
    tunnel: Annotated[U8, Column("Innermost encapsulation removed", source="words.Tunnel")]
    orig_hi: Annotated[U64, Column("Originator address, upper half")]
    orig_lo: Annotated[U64, Column("Originator address, lower half")]
    resp_hi: Annotated[U64, Column("Responder address, upper half")]
    resp_lo: Annotated[U64, Column("Responder address, lower half")]
    orig_port: Annotated[U16, Column("Originator port; ICMP: type of the first packet")]
    resp_port: Annotated[U16, Column("Responder port; ICMP: code of the first packet")]
    orig_mac: Annotated[U64, Column("MAC the originator's packets came from", absent="2^64-1")]
    resp_mac: Annotated[
        U64,
        Column(
            "MAC the responder's packets came from, else the one it was sent to", absent="2^64-1"
        ),
    ]
    orig_pkts: Annotated[U64, Column("Packets of the originator", unit="packets")]
    resp_pkts: Annotated[U64, Column("Packets of the responder", unit="packets")]
    orig_bytes: Annotated[U64, Column("Bytes on the wire of the originator", unit="bytes")]
    resp_bytes: Annotated[U64, Column("Bytes on the wire of the responder", unit="bytes")]
    orig_payload: Annotated[U64, Column("Payload bytes of the originator", unit="bytes")]
    resp_payload: Annotated[U64, Column("Payload bytes of the responder", unit="bytes")]
    orig_data_pkts: Annotated[U64, Column("Originator packets with payload", unit="packets")]
    resp_data_pkts: Annotated[U64, Column("Responder packets with payload", unit="packets")]
    orig_flags: Annotated[U8, Column("TCP flags of the originator, or-ed")]
    resp_flags: Annotated[U8, Column("TCP flags of the responder, or-ed")]
    orig_copies: Annotated[U64, Column("Mirror copies of originator packets, not counted above")]
    resp_copies: Annotated[U64, Column("Mirror copies of responder packets, not counted above")]
    outcome: Annotated[U8, Column("Index into words.OUTCOMES")]
    refused_by: Annotated[
        U16, Column("256 * ICMP type + code that refused it; 1: TCP RST", absent="0: not refused")
    ]
    is_handshake: Annotated[Bool, Column("SYN and SYN-ACK were both seen (TCP)")]
    is_flipped: Annotated[
        Bool, Column("Roles were inferred against packet order: an answer was seen first")
    ]
    end_reason: Annotated[U8, Column("Why the record was written", source="words.EndReason")]
    source: Annotated[U16, Column("Input of the first packet")]
    frame_no: Annotated[U64, Column("Frame number of the first packet in its input")]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ConversationBatch(Columns):
    """The first payload of flows, handed on once, when enough was seen or the flow ended.

    Row i has the pieces ``piece_off[i]:piece_off[i + 1]``; piece j is
    ``data[byte_off[j]:byte_off[j + 1]]``. UDP (and other datagrams): a piece is one datagram, in
    the order seen. TCP: at most one piece a side, the start of its stream in sequence order up to
    the first gap, the originator's first.
    """

    data: U8
    piece_off: I64
    """Shape (n + 1,)."""

    byte_off: I64
    """Shape (pieces + 1,)."""

    is_orig: Bool
    """Who sent the piece, shape (pieces,)."""

    flow_no: Annotated[U64, Column("The flow, as in FlowBatch")]
    ts_ns: Annotated[I64, Column("Time of the first payload", unit="ns")]
    vlan: Annotated[U16, Column("VLAN id", absent="65535: untagged")]
    protocol: Annotated[U8, Column("IP protocol number")]
    orig_hi: Annotated[U64, Column("Originator address, upper half")]
    orig_lo: Annotated[U64, Column("Originator address, lower half")]
    resp_hi: Annotated[U64, Column("Responder address, upper half")]
    resp_lo: Annotated[U64, Column("Responder address, lower half")]
    orig_port: Annotated[U16, Column("Originator port")]
    resp_port: Annotated[U16, Column("Responder port")]
    orig_mac: Annotated[U64, Column("MAC of the originator", absent="2^64-1")]
    resp_mac: Annotated[U64, Column("MAC of the responder", absent="2^64-1")]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FlowStep:
    """What one step of the flow stage gives."""

    ended: FlowBatch
    community_id: NDArray[Any]
    """Community ID v1 of each ended flow, dtype S30, ASCII."""

    conversations: ConversationBatch
    message_row: I64
    """Rows of the PacketBatch whose payload must be read in packet order (DNS answers, mDNS,
    DHCP); they do not wait for their flow."""


@dataclasses.dataclass(slots=True, kw_only=True)
class FlowCounts:
    """Running totals of the flow stage.

    ``packets == in_flows + copies + fragments_lost + icmp_errors + fragments_pending``;
    ``opened == active + sum(ended)`` where a part cut by the active timeout counts in neither.
    """

    packets: int = 0
    in_flows: int = 0
    copies: int = 0
    icmp_errors: int = 0
    """ICMP errors that were credited to the flow they quote."""

    fragments_joined: int = 0
    """Later fragments credited to the flow of their first one (part of `in_flows`)."""

    fragments_lost: int = 0
    """Later fragments whose first was never seen."""

    fragments_pending: int = 0
    opened: int = 0
    active: int = 0
    ended: I64 = dataclasses.field(default_factory=lambda: np.zeros(6, dtype=np.int64))
    """Ended flows by `EndReason`, shape (6,)."""

    pressure_steps: int = 0
    """How often the table passed its high-water mark, so that shorter timeouts applied."""

    windows_cut: int = 0
    """Conversations handed on early because the payload store was full."""

    messages_skipped: int = 0
    """Messages beyond the per-flow budget."""

    packets_late: int = 0
    """Packets whose time lies before the packet clock."""

    parts: int = 0
    """Records written because of the active timeout; their flows went on."""
