"""The state of TCP flows: what flags change, and which SYN begins another connection."""

import numpy as np

from monitor.flow.kernel_words import ACK, FIN, ICMP, ICMPV6, RST, SYN, TCP, UDP, Int, Row, Truth
from monitor.flow.tables import (
    ANSWERED,
    FIN_ORIG,
    FIN_RESP,
    KIND_CLOSED,
    KIND_HALF_OPEN,
    KIND_ICMP,
    KIND_OTHER,
    KIND_TCP,
    KIND_UDP,
    ORIG_IS_A,
    SAW_RESET,
    SAW_SYN,
    SAW_SYN_ACK,
    SPOKE_ORIG,
    Tables,
)
from monitor.model.jit import kernel_inline, kernel_inner

REFUSED_BY_RESET = 1


@kernel_inline
def first_kind(protocol: Int, flags: Int) -> Int:
    """Return the kind of a flow that opens with this packet."""
    if protocol == TCP:
        return KIND_HALF_OPEN if flags & (SYN | ACK | RST) == SYN else KIND_TCP
    if protocol == UDP:
        return KIND_UDP
    return KIND_ICMP if protocol in (ICMP, ICMPV6) else KIND_OTHER


@kernel_inline
def note_flags(flow: Row, side: Row, way: Int, flags: Int, seq: Int) -> None:
    """Move the state of a TCP flow on."""
    side.flags |= flags
    if flags & (SYN | FIN | RST) == 0:
        if flow.kind == KIND_HALF_OPEN:
            flow.kind = KIND_TCP
        return
    if flags & SYN:
        side.base = (seq + 1) & 0xFFFF_FFFF
        side.has_base = 1
        if way:
            flow.kind = KIND_TCP if flow.kind == KIND_HALF_OPEN else flow.kind
            if flags & ACK:
                flow.state |= SAW_SYN_ACK
        elif flags & ACK == 0:
            flow.state |= SAW_SYN
    if flags & FIN:
        flow.state |= FIN_RESP if way else FIN_ORIG
    if flags & RST:
        flow.state |= SAW_RESET
        # Of a reset that was seen alone it is not known what it answers.
        if way and flow.state & (ANSWERED | SPOKE_ORIG) == SPOKE_ORIG:
            flow.refused_by = REFUSED_BY_RESET
    if flow.state & SAW_RESET or flow.state & (FIN_ORIG | FIN_RESP) == FIN_ORIG | FIN_RESP:
        flow.kind = KIND_CLOSED


@kernel_inner
def is_another(t: Tables, slot: Int, is_from_a: bool, seq: Int, silence: Int) -> Truth:
    """Tell whether a SYN opens another connection than the one that the flow follows.

    A repeated SYN has the sequence number of the first. Another number means another connection
    when the flow is closed, or silent for longer than a half-open one may be (RFC 9293 §3.6.1:
    a reused port after a restart); within a live connection it is noise.
    """
    flow = t.flows[slot]
    way = 0 if is_from_a == ((flow.state & ORIG_IS_A) != 0) else 1
    side = t.sides[2 * slot + way]
    if side.has_base and np.int64(side.base) == (seq + 1) & 0xFFFF_FFFF:
        return False
    return flow.kind == KIND_CLOSED or silence > t.idle_ns[KIND_HALF_OPEN]
