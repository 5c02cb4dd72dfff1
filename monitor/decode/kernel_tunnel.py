"""Encapsulations that IP carries: GRE with ERSPAN, VXLAN, GENEVE, IP in IP.

One rule for all: only what is surely an encapsulation, with enough captured behind it, is removed.
Anything else stays a packet of the protocol that carries it (GRE, or UDP with its ports), so that
a camera's oddly wrapped traffic is still seen to go to somebody. A tunnel step answers
`NEXT_STOP` as its next code for that.
"""

import numpy as np

from monitor.decode.kernel_bytes import Int, be16, be32, byte
from monitor.decode.kernel_link import (
    ETHERTYPE_IPV4,
    ETHERTYPE_IPV6,
    ETHERTYPE_MPLS,
    ETHERTYPE_MPLS_MULTICAST,
    NEXT_ETHERNET,
    NEXT_ETHERTYPE,
    NEXT_IP,
    NEXT_STOP,
    ppp_header,
)
from monitor.model.arrays import U8
from monitor.model.jit import kernel_borrowing
from monitor.model.words import Tunnel

GRE_TEB = 0x6558
"""Transparent Ethernet bridging: an Ethernet frame follows."""
GRE_ERSPAN_1_2 = 0x88BE
GRE_ERSPAN_3 = 0x22EB
GRE_PPP = 0x880B
MAX_ROUTES = 8
"""Source route entries of a GRE header (RFC 1701) that are followed."""

PROTO_IPV4 = 4
PROTO_UDP = 17
PROTO_IPV6 = 41
PROTO_GRE = 47

_GRE, _VXLAN, _GENEVE, _IPIP = (
    int(Tunnel.GRE),
    int(Tunnel.VXLAN),
    int(Tunnel.GENEVE),
    int(Tunnel.IPIP),
)
# Not literals: Numba would compile the function that is given one anew for each.
_EITHER, _IPV4, _IPV6 = np.int64(0), np.int64(4), np.int64(6)
_ERSPAN1, _ERSPAN2, _ERSPAN3 = int(Tunnel.ERSPAN1), int(Tunnel.ERSPAN2), int(Tunnel.ERSPAN3)


@kernel_borrowing
def inner_ip(data: U8, pos: Int, end: Int, version: Int) -> Int:
    """Return `NEXT_IP` if a whole fixed IP header of `version` (0: either) follows."""
    if pos >= end:
        return NEXT_STOP
    nibble = byte(data, pos) >> 4
    size = 20 if nibble == 4 else 40
    if nibble in (4, 6) and version in (0, nibble) and pos + size <= end:
        return NEXT_IP
    return NEXT_STOP


@kernel_borrowing
def inner_payload(data: U8, pos: Int, end: Int, number: Int) -> tuple[Int, Int]:
    """Return (next, kind) for what a GRE or GENEVE protocol type promises at `pos`."""
    if number == GRE_TEB and pos + 14 <= end:
        return NEXT_ETHERNET, 0
    if number == ETHERTYPE_IPV4:
        return inner_ip(data, pos, end, _IPV4), 4
    if number == ETHERTYPE_IPV6:
        return inner_ip(data, pos, end, _IPV6), 6
    if number in (ETHERTYPE_MPLS, ETHERTYPE_MPLS_MULTICAST) and pos + 4 <= end:
        return NEXT_ETHERTYPE, number
    return NEXT_STOP, 0


@kernel_borrowing
def erspan_header(
    data: U8, pos: Int, end: Int, number: Int, has_sequence: bool
) -> tuple[Int, Int, Int, Int, Int]:
    """Read the ERSPAN header behind GRE (draft-foschiano-erspan-03).

    Type I is GRE without a sequence number and has no header of its own; the frame types of
    type III other than Ethernet and IP are left alone. VLAN 0 is no VLAN.

    Returns:
        (next, kind, position, tunnel, VLAN or -1).
    """
    if number == GRE_ERSPAN_1_2 and not has_sequence:
        follow = NEXT_ETHERNET if pos + 14 <= end else NEXT_STOP
        return follow, 0, pos, _ERSPAN1, -1
    is_third = number == GRE_ERSPAN_3
    size = 12 if is_third else 8
    if pos + size > end or byte(data, pos) >> 4 != (2 if is_third else 1):
        return NEXT_STOP, 0, pos, 0, -1
    vlan = be16(data, pos) & 0x0FFF
    if vlan == 0:
        vlan = -1
    tunnel = _ERSPAN2
    at = pos + size
    frame_type = 0
    if is_third:
        tunnel = _ERSPAN3
        frame_type = be16(data, pos + 10) >> 10 & 0x1F
        if byte(data, pos + 11) & 1:
            # The platform-specific subheader.
            at += 8
    if frame_type == 0 and at + 14 <= end:
        return NEXT_ETHERNET, 0, at, tunnel, vlan
    if frame_type == 2:
        return inner_ip(data, at, end, _EITHER), 0, at, tunnel, vlan
    return NEXT_STOP, 0, at, 0, -1


@kernel_borrowing
def enhanced_gre_header(data: U8, pos: Int, end: Int, flags: Int) -> tuple[Int, Int, Int]:
    """Read the GRE header of PPTP (version 1, RFC 2637 §4.1) and the PPP header behind it.

    The caller has checked ``pos + 4 <= end``. Encrypted or compressed PPP is left in place.

    Returns:
        (next, kind, position).
    """
    if flags & 0xEF07 != 0x2001 or be16(data, pos + 2) != GRE_PPP:
        return NEXT_STOP, 0, pos
    at = pos + 8
    if flags & 0x1000:
        at += 4
    if flags & 0x0080:
        at += 4
    follow, kind, at = ppp_header(data, at, end, _EITHER, _EITHER)
    if follow != NEXT_IP:
        return NEXT_STOP, 0, pos
    return inner_ip(data, at, end, kind), kind, at


@kernel_borrowing
def gre_header(data: U8, pos: Int, end: Int) -> tuple[Int, Int, Int, Int, Int]:
    """Read a GRE header (RFC 2784, RFC 2890; routing of RFC 1701) and what it carries.

    Returns:
        (next, kind, position, tunnel, VLAN that ERSPAN tells or -1).
    """
    if pos + 4 > end:
        return NEXT_STOP, 0, pos, 0, -1
    flags = be16(data, pos)
    number = be16(data, pos + 2)
    if flags & 0x0007:
        follow, kind, at = enhanced_gre_header(data, pos, end, flags)
        return follow, kind, at, _GRE, -1
    at = pos + 4
    if flags & 0xC000:
        at += 4
    if flags & 0x2000:
        at += 4
    has_sequence = flags & 0x1000 != 0
    if has_sequence:
        at += 4
    if flags & 0x4000:
        routes = 0
        while at + 4 <= end and be32(data, at) & 0xFFFF_00FF != 0 and routes < MAX_ROUTES:
            at += 4 + byte(data, at + 3)
            routes += 1
        if at + 4 > end or be32(data, at) & 0xFFFF_00FF != 0:
            return NEXT_STOP, 0, pos, 0, -1
        at += 4
    if number in (GRE_ERSPAN_1_2, GRE_ERSPAN_3):
        return erspan_header(data, at, end, number, has_sequence)
    follow, kind = inner_payload(data, at, end, number)
    return follow, kind, at, _GRE, -1


@kernel_borrowing
def overlay_header(data: U8, pos: Int, end: Int, is_geneve: bool) -> tuple[Int, Int, Int, Int, Int]:
    """Read VXLAN (RFC 7348 §5) or GENEVE (RFC 8926 §3.4) behind a UDP header.

    VXLAN may carry the group policy bits and the protocol extension (draft-ietf-nvo3-vxlan-gpe).
    Its reserved bits must be ignored by the RFC; here they must be 0, since other protocols use
    the ports too, and an overlay that is none hides a destination.

    Returns:
        (next, kind, position, tunnel, -1).
    """
    at = pos + 8
    if at > end:
        return NEXT_STOP, 0, pos, 0, -1
    flags = byte(data, pos)
    if is_geneve:
        if flags >> 6 != 0:
            return NEXT_STOP, 0, pos, 0, -1
        at += (flags & 0x3F) * 4
        follow, kind = inner_payload(data, at, end, be16(data, pos + 2))
        return follow, kind, at, _GENEVE, -1
    if flags & 0x7B != 0x08 or byte(data, pos + 7) != 0:
        return NEXT_STOP, 0, pos, 0, -1
    number = GRE_TEB
    if flags & 0x04:
        # The extension's own numbers: 1 IPv4, 2 IPv6, 3 Ethernet.
        inner = byte(data, pos + 3)
        if inner == 1:
            number = ETHERTYPE_IPV4
        elif inner == 2:
            number = ETHERTYPE_IPV6
        elif inner != 3:
            number = 0
    follow, kind = inner_payload(data, at, end, number)
    return follow, kind, at, _VXLAN, -1


@kernel_borrowing
def ip_in_ip(data: U8, pos: Int, end: Int, protocol: Int) -> tuple[Int, Int, Int, Int, Int]:
    """Tell whether the IP packet that protocol 4 or 41 promises is there (RFC 2003, RFC 2473).

    Returns:
        (next, kind, position, tunnel, -1).
    """
    version = 4 if protocol == PROTO_IPV4 else 6
    return inner_ip(data, pos, end, version), version, pos, _IPIP, -1
