"""From the outbox to columns: flow records and conversations, flow ids and Community IDs."""

from typing import NamedTuple

import numpy as np

from monitor.flow.kernel_community import community_text
from monitor.flow.kernel_words import (
    ICMP,
    ICMPV6,
    S16,
    S32,
    S40,
    S48,
    Int,
    Row,
    Word,
    splitmix,
)
from monitor.flow.tables import (
    ANSWERED,
    FLIPPED,
    ORIG_IS_A,
    SAW_SYN,
    SAW_SYN_ACK,
    Outbox,
)
from monitor.model.arrays import I64, U8, U16, U64, Bool
from monitor.model.jit import kernel_borrowing, kernel_inner

_UNANSWERED, _ANSWERED, _REFUSED = 0, 1, 2
_NO_VLAN_KEY = np.uint64(0xFFFF)


class FlowColumns(NamedTuple):
    """The columns of a FlowBatch."""

    flow_no: U64
    flow_id: U64
    part: U16
    start_ns: I64
    end_ns: I64
    vlan: U16
    protocol: U8
    tunnel: U8
    orig_hi: U64
    orig_lo: U64
    resp_hi: U64
    resp_lo: U64
    orig_port: U16
    resp_port: U16
    orig_mac: U64
    resp_mac: U64
    orig_pkts: U64
    resp_pkts: U64
    orig_bytes: U64
    resp_bytes: U64
    orig_payload: U64
    resp_payload: U64
    orig_data_pkts: U64
    resp_data_pkts: U64
    orig_flags: U8
    resp_flags: U8
    orig_copies: U64
    resp_copies: U64
    outcome: U8
    refused_by: U16
    is_handshake: Bool
    is_flipped: Bool
    end_reason: U8
    source: U16
    frame_no: U64


class ConversationColumns(NamedTuple):
    """The columns of a ConversationBatch."""

    flow_no: U64
    ts_ns: I64
    vlan: U16
    protocol: U8
    orig_hi: U64
    orig_lo: U64
    resp_hi: U64
    resp_lo: U64
    orig_port: U16
    resp_port: U16
    orig_mac: U64
    resp_mac: U64


@kernel_inner
def ends_of(flow: Row) -> tuple[Word, Word, Word, Word, Int, Int, Int]:
    """Return addresses and ports of originator and responder as records have them, and protocol."""
    protocol = np.int64(flow.word >> S48) & 255
    a_port = np.int64(flow.word & _NO_VLAN_KEY)
    b_port = np.int64(flow.word >> S16 & _NO_VLAN_KEY)
    if flow.state & ORIG_IS_A:
        orig_port, resp_port = a_port, b_port
        orig_hi, orig_lo, resp_hi, resp_lo = flow.a_hi, flow.a_lo, flow.b_hi, flow.b_lo
    else:
        orig_port, resp_port = b_port, a_port
        orig_hi, orig_lo, resp_hi, resp_lo = flow.b_hi, flow.b_lo, flow.a_hi, flow.a_lo
    if protocol in (ICMP, ICMPV6):
        orig_port &= 255
        resp_port = np.int64(flow.icmp_code)
    return orig_hi, orig_lo, resp_hi, resp_lo, orig_port, resp_port, protocol


@kernel_borrowing
def report_flows(out: Outbox, count: Int, first: Int, f: FlowColumns, community: U8) -> None:
    """Write the first `count` records of the outbox into the columns from row `first` on.

    A `flow_id` is splitmix64 over, one after the other: originator address (upper, lower word),
    responder address, ports and protocol and VLAN in one word, start, part. The VLAN is 65535
    when it is no part of the key. Each word is xored with the last result.

    Bound: the columns have `first` + `count` rows, `community` 30 bytes for each.
    """
    for row in range(count):
        flow = out.flows[row]
        orig, resp = out.sides[2 * row], out.sides[2 * row + 1]
        i = first + row
        orig_hi, orig_lo, resp_hi, resp_lo, orig_port, resp_port, protocol = ends_of(flow)
        f.flow_no[i] = flow.flow_no
        f.part[i] = flow.part
        f.start_ns[i] = flow.start_ns
        f.end_ns[i] = flow.end_ns
        f.vlan[i] = flow.vlan
        f.protocol[i] = protocol
        f.tunnel[i] = flow.tunnel
        f.orig_hi[i] = orig_hi
        f.orig_lo[i] = orig_lo
        f.resp_hi[i] = resp_hi
        f.resp_lo[i] = resp_lo
        f.orig_port[i] = orig_port
        f.resp_port[i] = resp_port
        f.orig_mac[i] = flow.orig_mac
        f.resp_mac[i] = flow.resp_mac
        f.orig_pkts[i] = orig.pkts
        f.resp_pkts[i] = resp.pkts
        f.orig_bytes[i] = orig.bytes
        f.resp_bytes[i] = resp.bytes
        f.orig_payload[i] = orig.payload
        f.resp_payload[i] = resp.payload
        f.orig_data_pkts[i] = orig.data_pkts
        f.resp_data_pkts[i] = resp.data_pkts
        f.orig_flags[i] = orig.flags
        f.resp_flags[i] = resp.flags
        f.orig_copies[i] = orig.copies
        f.resp_copies[i] = resp.copies
        is_answered = flow.state & ANSWERED != 0
        is_refused = not is_answered and flow.refused_by != 0
        f.outcome[i] = _ANSWERED if is_answered else (_REFUSED if is_refused else _UNANSWERED)
        f.refused_by[i] = flow.refused_by if is_refused else 0
        f.is_handshake[i] = flow.state & (SAW_SYN | SAW_SYN_ACK) == SAW_SYN | SAW_SYN_ACK
        f.is_flipped[i] = flow.state & FLIPPED != 0
        f.end_reason[i] = out.reason[row]
        f.source[i] = flow.source
        f.frame_no[i] = flow.frame_no
        key_vlan = flow.word >> S32 & _NO_VLAN_KEY
        ports = (
            np.uint64(orig_port)
            | np.uint64(resp_port) << S16
            | np.uint64(protocol) << S32
            | key_vlan << S40
        )
        mixed = splitmix(orig_hi)
        mixed = splitmix(mixed ^ orig_lo)
        mixed = splitmix(mixed ^ resp_hi)
        mixed = splitmix(mixed ^ resp_lo)
        mixed = splitmix(mixed ^ ports)
        mixed = splitmix(mixed ^ np.uint64(flow.start_ns))
        f.flow_id[i] = splitmix(mixed ^ np.uint64(flow.part))
    community_text(out.flows, count, community, 30 * first, out.sha1_words)


@kernel_borrowing
def report_talks(out: Outbox, count: Int, first: Int, c: ConversationColumns) -> None:
    """Write the first `count` conversations of the outbox into the columns from row `first` on.

    Bound: the columns have `first` + `count` rows.
    """
    for row in range(count):
        flow = out.talk_flows[row]
        i = first + row
        orig_hi, orig_lo, resp_hi, resp_lo, orig_port, resp_port, protocol = ends_of(flow)
        c.flow_no[i] = out.talks[row].flow_no
        c.ts_ns[i] = out.talks[row].first_ns
        c.vlan[i] = flow.vlan
        c.protocol[i] = protocol
        c.orig_hi[i] = orig_hi
        c.orig_lo[i] = orig_lo
        c.resp_hi[i] = resp_hi
        c.resp_lo[i] = resp_lo
        c.orig_port[i] = orig_port
        c.resp_port[i] = resp_port
        c.orig_mac[i] = flow.orig_mac
        c.resp_mac[i] = flow.resp_mac
