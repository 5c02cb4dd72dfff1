"""Link layers: from the first byte of a frame to an Ethernet header, an EtherType or IP.

A link step answers where decoding goes on: one of the ``NEXT_*`` codes, a detail (`kind`), and a
position. A step that ends decoding answers `NEXT_STOP` with the `Stop` number as its detail.
"""

import numpy as np

from monitor.decode.kernel_bytes import Int, Word, be16, be32, byte, le32, mac48
from monitor.model.arrays import MAC_NONE, U8
from monitor.model.jit import kernel_borrowing, kernel_inline
from monitor.model.words import Stop, Tunnel

NEXT_STOP = 0
"""Decoding ends; `kind` is the `Stop` number."""
NEXT_ETHERNET = 1
"""An Ethernet header follows."""
NEXT_ETHERTYPE = 2
"""What the EtherType in `kind` says follows; a length (802.3) means that LLC does."""
NEXT_IP = 3
"""An IP header follows: of the version in `kind`, or of either where it is 0."""

ETHERTYPE_IPV4 = 0x0800
ETHERTYPE_ARP = 0x0806
ETHERTYPE_VLAN = 0x8100
ETHERTYPE_QINQ = 0x88A8
ETHERTYPE_QINQ_OLD = 0x9100
ETHERTYPE_IPV6 = 0x86DD
ETHERTYPE_MPLS = 0x8847
ETHERTYPE_MPLS_MULTICAST = 0x8848
ETHERTYPE_PPPOE_SESSION = 0x8864
ETHERTYPE_CISCO_METADATA = 0x8909
"""A security group tag of six bytes, then the EtherType (Cisco TrustSec)."""
ETHERTYPE_MIN = 0x0600
"""Smaller numbers in the field are lengths, and LLC follows (IEEE 802.3 clause 3.2.6)."""

MAX_TAGS = 8
"""Tags in one Ethernet frame that are followed; real ones have two."""
MAX_LABELS = 16
"""MPLS labels in one stack that are followed; real ones have up to five."""

PPP_IPV4 = 0x0021
PPP_IPV6 = 0x0057
PPP_MPLS = 0x0281

LINK_NULL = 0
LINK_ETHERNET = 1
LINK_PPP = 9
LINK_PPP_HDLC = 50
LINK_PPP_ETHER = 51
LINK_C_HDLC = 104
LINK_LOOP = 108
LINK_SLL = 113
LINK_IPV4 = 228
LINK_IPV6 = 229
LINK_SLL2 = 276

_STOP_LINK_TYPE = int(Stop.LINK_TYPE)
# The four that are arguments are not literals: Numba would compile the function anew for each.
_STOP_LINK_CUT = np.int64(Stop.LINK_CUT)
_STOP_ARP = int(Stop.ARP)
_STOP_NOT_IP = np.int64(Stop.NOT_IP)
_STOP_TUNNEL_CUT = np.int64(Stop.TUNNEL_CUT)
_STOP_TUNNEL_DEPTH = int(Stop.TUNNEL_DEPTH)
_STOP_TUNNEL_PAYLOAD = np.int64(Stop.TUNNEL_PAYLOAD)
_PPPOE = int(Tunnel.PPPOE)
_MPLS = int(Tunnel.MPLS)
_NO_MAC = np.uint64(MAC_NONE)


@kernel_inline
def is_raw_ip(link_type: Int) -> bool:
    """Tell whether frames start with an IP header: LINKTYPE_RAW, and DLT_RAW of two systems."""
    return link_type in (101, 12, 14)


@kernel_inline
def family_version(family: Int) -> Int:
    """Return the IP version of an address family of LINKTYPE_NULL, 0 for another family.

    AF_INET is 2 everywhere; AF_INET6 is 24 (NetBSD, OpenBSD), 28 (FreeBSD), 30 (Darwin), and 10
    or 23 where Linux or Windows wrote the file. Source: tcpdump.org, LINKTYPE_NULL.
    """
    if family == 2:
        return 4
    if family in (10, 23, 24, 28, 30):
        return 6
    return 0


@kernel_borrowing
def ppp_header(data: U8, pos: Int, end: Int, stop_cut: Int, stop_other: Int) -> Int:
    """Read a PPP header, with or without address and control, protocol field long or short.

    Source: RFC 1661 §2 and §6.5, RFC 1662 §3.1.

    Returns:
        (next, kind, position).
    """
    at = pos
    if at + 2 <= end and be16(data, at) == 0xFF03:
        at += 2
    if at >= end:
        return NEXT_STOP, stop_cut, at
    number = byte(data, at)
    if number & 1:
        at += 1
    elif at + 2 <= end:
        number = be16(data, at)
        at += 2
    else:
        return NEXT_STOP, stop_cut, at
    if number == PPP_IPV4:
        return NEXT_IP, 4, at
    if number == PPP_IPV6:
        return NEXT_IP, 6, at
    if number == PPP_MPLS:
        return NEXT_ETHERTYPE, ETHERTYPE_MPLS, at
    return NEXT_STOP, stop_other, at


@kernel_borrowing
def pppoe_header(data: U8, pos: Int, end: Int) -> Int:
    """Read a PPPoE session header and the PPP header in it (RFC 2516 §4).

    Its length field is not used: IP knows its own length, and padding cannot follow PPP otherwise.

    Returns:
        (next, kind, position).
    """
    if pos + 6 > end:
        return NEXT_STOP, _STOP_TUNNEL_CUT, pos
    # Version 1, type 1, code 0; another code is no session data.
    if be16(data, pos) != 0x1100:
        return NEXT_STOP, _STOP_TUNNEL_CUT, pos
    return ppp_header(data, pos + 6, end, _STOP_TUNNEL_CUT, _STOP_TUNNEL_PAYLOAD)


@kernel_borrowing
def llc_header(data: U8, pos: Int, end: Int) -> Int:
    """Read LLC and SNAP, with IP inside or not (IEEE 802.2; RFC 1042; RFC 948 for SAP 6).

    Returns:
        (next, kind, position).
    """
    if pos + 3 > end:
        return NEXT_STOP, _STOP_LINK_CUT, pos
    saps = be16(data, pos)
    if byte(data, pos + 2) != 0x03:
        return NEXT_STOP, _STOP_NOT_IP, pos
    if saps == 0x0606:
        return NEXT_IP, 4, pos + 3
    if saps != 0xAAAA:
        return NEXT_STOP, _STOP_NOT_IP, pos
    if pos + 8 > end:
        return NEXT_STOP, _STOP_LINK_CUT, pos
    # OUI 0 (RFC 1042) or the bridge-tunnel's 0000F8; under others the number is the vendor's.
    oui = be32(data, pos + 2) & 0xFFFFFF
    kind = be16(data, pos + 6)
    # A length here would lead back to LLC: not an EtherType, so it ends here.
    if oui not in (0, 0xF8) or kind < ETHERTYPE_MIN:
        return NEXT_STOP, _STOP_NOT_IP, pos
    return NEXT_ETHERTYPE, kind, pos + 8


@kernel_inline
def is_tag(kind: Int) -> bool:
    """Tell whether an EtherType is that of a VLAN tag: 802.1Q, 802.1ad, or QinQ before it."""
    return kind in (ETHERTYPE_VLAN, ETHERTYPE_QINQ, ETHERTYPE_QINQ_OLD)


@kernel_inline
def is_bridged(kind: Int) -> bool:
    """Tell whether a number is an EtherType that a pseudo-wire's Ethernet frame would have."""
    return kind in (
        ETHERTYPE_IPV4,
        ETHERTYPE_IPV6,
        ETHERTYPE_ARP,
        ETHERTYPE_VLAN,
        ETHERTYPE_QINQ,
        ETHERTYPE_QINQ_OLD,
        ETHERTYPE_MPLS,
        ETHERTYPE_MPLS_MULTICAST,
        ETHERTYPE_PPPOE_SESSION,
    )


@kernel_borrowing
def mpls_stack(data: U8, pos: Int, end: Int) -> Int:
    """Read a label stack and guess what is below it from its first nibble.

    Labels do not say what they carry (RFC 3032 §2.2); 4 and 6 are taken as IP, as routers do
    (RFC 4928 §2). Anything else is an Ethernet pseudo-wire if an EtherType stands where its frame
    would have one: behind a control word (nibble 0, RFC 4385 §3) or, failing that, without one.

    Returns:
        (next, kind, position).
    """
    at = pos
    labels = 0
    is_bottom = 0
    while is_bottom == 0:
        if at + 4 > end:
            return NEXT_STOP, _STOP_TUNNEL_CUT, at
        if labels == MAX_LABELS:
            return NEXT_STOP, _STOP_TUNNEL_DEPTH, at
        is_bottom = byte(data, at + 2) & 1
        labels += 1
        at += 4
    if at >= end:
        return NEXT_STOP, _STOP_TUNNEL_CUT, at
    nibble = byte(data, at) >> 4
    if nibble in (4, 6):
        return NEXT_IP, nibble, at
    if (
        nibble == 0
        and at + 18 <= end
        and is_bridged(be16(data, at + 16))
        # A tagged frame without control word has an EtherType at both places.
        and not is_tag(be16(data, at + 12))
    ):
        return NEXT_ETHERNET, 0, at + 4
    if at + 14 <= end and is_bridged(be16(data, at + 12)):
        return NEXT_ETHERNET, 0, at
    return NEXT_STOP, _STOP_TUNNEL_PAYLOAD, at


@kernel_borrowing
def ethertype_step(
    data: U8, pos: Int, end: Int, kind: Int, vlan: Int, tags: Int
) -> tuple[Int, ...]:
    """Follow EtherTypes: VLAN tags, LLC, PPPoE and MPLS, up to IP, Ethernet or a stop.

    `vlan` and `tags` are those of the tags that the caller has read.

    Returns:
        (next, kind, position, VLAN of the innermost tag, last encapsulation or 0, how many).
    """
    number = kind
    at = pos
    inner_vlan = vlan
    tunnel = 0
    depth = 0
    count = tags
    # Bound: a turn ends the loop, counts a tag, or is LLC or PPPoE; of these, neither leads to
    # itself or to the other without a tag between.
    follow = NEXT_ETHERTYPE
    while follow == NEXT_ETHERTYPE:
        if number == ETHERTYPE_IPV4:
            follow, number = NEXT_IP, 4
        elif number == ETHERTYPE_IPV6:
            follow, number = NEXT_IP, 6
        elif is_tag(number):
            if at + 4 > end:
                follow, number = NEXT_STOP, _STOP_LINK_CUT
            elif count == MAX_TAGS:
                follow, number = NEXT_STOP, _STOP_TUNNEL_DEPTH
            else:
                count += 1
                inner_vlan = be16(data, at) & 0x0FFF
                number = be16(data, at + 2)
                at += 4
        elif number == ETHERTYPE_CISCO_METADATA:
            if at + 8 > end:
                follow, number = NEXT_STOP, _STOP_LINK_CUT
            elif count == MAX_TAGS:
                follow, number = NEXT_STOP, _STOP_TUNNEL_DEPTH
            else:
                count += 1
                number = be16(data, at + 6)
                at += 8
        elif number < ETHERTYPE_MIN:
            follow, number, at = llc_header(data, at, end)
        elif number == ETHERTYPE_ARP:
            follow, number = NEXT_STOP, _STOP_ARP
        elif number == ETHERTYPE_PPPOE_SESSION:
            follow, number, at = pppoe_header(data, at, end)
            tunnel = _PPPOE
            depth += 1
        elif number in (ETHERTYPE_MPLS, ETHERTYPE_MPLS_MULTICAST):
            follow, number, at = mpls_stack(data, at, end)
            tunnel = _MPLS
            depth += 1
        else:
            follow, number = NEXT_STOP, _STOP_NOT_IP
    return follow, number, at, inner_vlan, tunnel, depth


@kernel_borrowing
def loopback_header(data: U8, start: Int, end: Int) -> tuple[Int, Int, Int, Word]:
    """Read the address family of LINKTYPE_NULL and LINKTYPE_LOOP, in either byte order.

    Returns:
        (next, kind, position, source MAC).
    """
    if start + 4 > end:
        return NEXT_STOP, _STOP_LINK_CUT, start, _NO_MAC
    version = family_version(le32(data, start))
    if version == 0:
        version = family_version(be32(data, start))
    if version == 0:
        return NEXT_STOP, _STOP_NOT_IP, start, _NO_MAC
    return NEXT_IP, version, start + 4, _NO_MAC


@kernel_borrowing
def cooked_header(data: U8, start: Int, end: Int, is_second: bool) -> tuple[Int, Int, Int, Word]:
    """Read the header of a Linux "any" capture, of version 1 or 2.

    Protocol 4 means that LLC follows; other numbers below 0x600 are Linux's own, and no IP.

    Returns:
        (next, kind, position, source MAC; no MAC where the address has not 6 bytes).
    """
    size = 20 if is_second else 16
    if start + size > end:
        return NEXT_STOP, _STOP_LINK_CUT, start, _NO_MAC
    if is_second:
        number = be16(data, start)
        address_len = byte(data, start + 11)
        address_off = start + 12
    else:
        number = be16(data, start + 14)
        address_len = be16(data, start + 4)
        address_off = start + 6
    src_mac = mac48(data, address_off) if address_len == 6 else _NO_MAC
    if number == 4:
        return NEXT_ETHERTYPE, 0, start + size, src_mac
    return NEXT_ETHERTYPE, max(number, ETHERTYPE_MIN), start + size, src_mac


@kernel_borrowing
def link_step(data: U8, start: Int, end: Int, link_type: Int) -> tuple[Int, Int, Int, Word]:
    """Read the link header of a frame that is not Ethernet.

    Sources: tcpdump.org/linktypes.html for each; RFC 1547 §4.3.1 for Cisco HDLC's two addresses.

    Returns:
        (next, kind, position, source MAC).
    """
    if is_raw_ip(link_type):
        return NEXT_IP, 0, start, _NO_MAC
    if link_type == LINK_IPV4:
        return NEXT_IP, 4, start, _NO_MAC
    if link_type == LINK_IPV6:
        return NEXT_IP, 6, start, _NO_MAC
    if link_type in (LINK_NULL, LINK_LOOP):
        return loopback_header(data, start, end)
    if link_type in (LINK_SLL, LINK_SLL2):
        return cooked_header(data, start, end, link_type == LINK_SLL2)
    if link_type == LINK_PPP_ETHER:
        return NEXT_ETHERTYPE, ETHERTYPE_PPPOE_SESSION, start, _NO_MAC
    # LINKTYPE_PPP_HDLC is either of two; Cisco HDLC shows by its address, 0x0F or 0x8F.
    is_cisco = link_type == LINK_C_HDLC or (
        link_type == LINK_PPP_HDLC and start < end and byte(data, start) & 0x7F == 0x0F
    )
    if is_cisco:
        if start + 4 > end:
            return NEXT_STOP, _STOP_LINK_CUT, start, _NO_MAC
        return NEXT_ETHERTYPE, max(be16(data, start + 2), ETHERTYPE_MIN), start + 4, _NO_MAC
    if link_type in (LINK_PPP, LINK_PPP_HDLC):
        follow, kind, pos = ppp_header(data, start, end, _STOP_LINK_CUT, _STOP_NOT_IP)
        return follow, kind, pos, _NO_MAC
    return NEXT_STOP, _STOP_LINK_TYPE, start, _NO_MAC
