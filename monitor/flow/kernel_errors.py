"""ICMP errors: credited to the flow that they quote."""

from typing import NamedTuple

import numpy as np

from monitor.flow.kernel_buckets import find
from monitor.flow.kernel_words import ICMP, Int, Truth, key_hash, key_ports, key_word
from monitor.flow.tables import ANSWERED, ORIG_IS_A, Tables
from monitor.model.arrays import I64, U8, U16, U64
from monitor.model.jit import kernel_inner


class QuoteColumns(NamedTuple):
    """The columns of a QuoteBatch."""

    row: I64
    protocol: U8
    src_hi: U64
    src_lo: U64
    dst_hi: U64
    dst_lo: U64
    src_port: U16
    dst_port: U16


@kernel_inner
def credit_error(
    t: Tables, quotes: QuoteColumns, row: Int, vlan: Int, protocol: Int, refusal: Int
) -> Truth:
    """Credit an ICMP error to the flow whose packet it quotes; False when there is none.

    It refuses the flow when it quotes the originator and says that the packet did not arrive:
    not a redirect or quench (RFC 792), nor a packet that is merely too big (RFC 1191, 4443).
    """
    control = t.control[0]
    quoted = np.int64(quotes.protocol[row])
    src_port, dst_port = key_ports(
        quoted, np.int64(quotes.src_port[row]), np.int64(quotes.dst_port[row])
    )
    src_hi, src_lo = quotes.src_hi[row], quotes.src_lo[row]
    dst_hi, dst_lo = quotes.dst_hi[row], quotes.dst_lo[row]
    is_from_a = src_hi < dst_hi or (
        src_hi == dst_hi and (src_lo < dst_lo or (src_lo == dst_lo and src_port <= dst_port))
    )
    if is_from_a:
        a_hi, a_lo, b_hi, b_lo = src_hi, src_lo, dst_hi, dst_lo
        word = key_word(src_port, dst_port, vlan, quoted)
    else:
        a_hi, a_lo, b_hi, b_lo = dst_hi, dst_lo, src_hi, src_lo
        word = key_word(dst_port, src_port, vlan, quoted)
    hashed = key_hash(a_hi, a_lo, b_hi, b_lo, word, control.seed)
    slot = find(t.buckets, t.flows, hashed, a_hi, a_lo, b_hi, b_lo, word)
    if slot < 0:
        return False
    flow = t.flows[slot]
    if control.clock_ns - flow.seen_ns > t.idle_ns[flow.kind]:
        return False
    icmp_type = refusal >> 8
    if protocol == ICMP:
        is_refusal = (icmp_type == 3 and refusal & 255 != 4) or icmp_type in (11, 12)
    else:
        is_refusal = icmp_type in (1, 3, 4)
    is_quoting_orig = is_from_a == ((flow.state & ORIG_IS_A) != 0)
    if is_refusal and is_quoting_orig and flow.state & ANSWERED == 0 and flow.refused_by == 0:
        flow.refused_by = refusal
    return True
