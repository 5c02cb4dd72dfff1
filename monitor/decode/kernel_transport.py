"""TCP, UDP and ICMP headers, and the packets that ICMP errors quote.

Cut headers: four bytes of TCP or UDP tell the ports and two of ICMP the type and code; with these
the row is a packet, whatever is missing behind. A monitor must not lose that somebody spoke.
"""

import numpy as np

from monitor.decode.kernel_bytes import Int, Word, be16, be64, byte
from monitor.decode.kernel_ip import extension_chain, ipv4_word
from monitor.decode.kernel_tunnel import PROTO_UDP
from monitor.model.arrays import U8
from monitor.model.jit import kernel_borrowing, kernel_inline
from monitor.model.words import Fragment

PROTO_ICMP = 1
PROTO_TCP = 6
PROTO_ICMPV6 = 58

_LATER = int(Fragment.LATER)
_ZERO = np.uint64(0)


@kernel_inline
def tcp_header_len(data: U8, pos: Int, end: Int, wire_end: Int) -> Int:
    """Return the length of a TCP header; -1 where its data offset is not captured or lies.

    The caller has checked ``pos + 4 <= end``.
    """
    if pos + 13 > end:
        return -1
    size = (byte(data, pos + 12) >> 4) * 4
    if size < 20 or pos + size > wire_end:
        return -1
    return size


@kernel_inline
def udp_wire_end(data: U8, pos: Int, wire_end: Int) -> Int:
    """Return where a UDP datagram ends on the wire: by its own length, or else by IP's.

    A length below 8 (0 with segmentation offload and jumbograms) or beyond IP's is not believed;
    in a first fragment it rightly reaches beyond. The caller has checked ``pos + 6 <= end``.
    """
    stated = pos + be16(data, pos + 4)
    if stated < pos + 8 or stated > wire_end:
        return wire_end
    return stated


@kernel_inline
def is_icmp_error(protocol: Int, kind: Int) -> bool:
    """Tell whether an ICMP type quotes a packet (RFC 792, RFC 4443 §2.1)."""
    if protocol == PROTO_ICMP:
        return kind in (3, 4, 5, 11, 12)
    return protocol == PROTO_ICMPV6 and kind in (1, 2, 3, 4)


@kernel_borrowing
def quoted_flow(
    data: U8, pos: Int, end: Int, version: Int
) -> tuple[bool, Int, Word, Word, Word, Word, Int, Int]:
    """Read the flow of the packet that an ICMP error quotes at `pos`.

    Readable means that the flow can be looked up: for TCP, UDP and ICMP the quote reaches the
    ports (or type and code) and is no later fragment.

    Returns:
        (is readable, protocol, source, destination as two words each, source and destination port).
    """
    mapped = np.uint64(0)
    if version == 4:
        # Bound: 20 bytes here, the options and ports below.
        if pos + 20 > end or byte(data, pos) >> 4 != 4 or byte(data, pos) & 15 < 5:
            return False, 0, _ZERO, _ZERO, _ZERO, _ZERO, 0, 0
        protocol = byte(data, pos + 9)
        is_later = be16(data, pos + 6) & 0x1FFF != 0
        src_hi, src_lo = mapped, ipv4_word(data, pos + 12)
        dst_hi, dst_lo = mapped, ipv4_word(data, pos + 16)
        at = pos + (byte(data, pos) & 15) * 4
    else:
        if pos + 40 > end or byte(data, pos) >> 4 != 6:
            return False, 0, _ZERO, _ZERO, _ZERO, _ZERO, 0, 0
        src_hi, src_lo = be64(data, pos + 8), be64(data, pos + 16)
        dst_hi, dst_lo = be64(data, pos + 24), be64(data, pos + 32)
        stop, protocol, at, fragment, _, _ = extension_chain(
            data, pos + 40, end, byte(data, pos + 6)
        )
        is_later = fragment == _LATER
        if stop != 0:
            return False, 0, _ZERO, _ZERO, _ZERO, _ZERO, 0, 0
    src_port = 0
    dst_port = 0
    is_readable = True
    if protocol in (PROTO_TCP, PROTO_UDP):
        is_readable = not is_later and at + 4 <= end
        if is_readable:
            src_port, dst_port = be16(data, at), be16(data, at + 2)
    elif protocol in (PROTO_ICMP, PROTO_ICMPV6):
        is_readable = not is_later and at + 2 <= end
        if is_readable:
            src_port, dst_port = byte(data, at), byte(data, at + 1)
    return is_readable, protocol, src_hi, src_lo, dst_hi, dst_lo, src_port, dst_port
