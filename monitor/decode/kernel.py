"""The loop over frames: link, IP and encapsulations in turn, then transport, then one row.

Trap: Numba keeps machine code by the text of the file that a function stands in, not by that of the
functions it calls. After a change in another ``kernel_*.py`` or in a constant of the model, empty
``__pycache__``, or old machine code runs.
"""

from typing import NamedTuple

import numpy as np

from monitor.decode.kernel_bytes import Int, be16, be32, be64, byte, copy_hash, mac48
from monitor.decode.kernel_ip import EXT_AH, EXT_NO_NEXT, ah_header, extension_chain, ipv4_word
from monitor.decode.kernel_link import (
    ETHERTYPE_IPV4,
    ETHERTYPE_VLAN,
    LINK_ETHERNET,
    NEXT_ETHERNET,
    NEXT_ETHERTYPE,
    NEXT_IP,
    NEXT_STOP,
    ethertype_step,
    link_step,
)
from monitor.decode.kernel_transport import (
    PROTO_ICMP,
    PROTO_ICMPV6,
    PROTO_TCP,
    is_icmp_error,
    quoted_flow,
    tcp_header_len,
    udp_wire_end,
)
from monitor.decode.kernel_tunnel import (
    PROTO_GRE,
    PROTO_IPV4,
    PROTO_IPV6,
    PROTO_UDP,
    gre_header,
    ip_in_ip,
    overlay_header,
)
from monitor.model.arrays import I32, I64, MAC_NONE, U8, U16, U32, U64, VLAN_NONE, Bool
from monitor.model.jit import kernel_borrowing, prefetch
from monitor.model.words import Fragment, Stop

MAX_DEPTH = 8
"""Encapsulations inside one another that are removed; a ninth stops the frame."""
COPY_BYTES = 64
"""Payload bytes that `copy_key` covers."""

AHEAD = 12
"""Frames by which memory is asked for ahead."""

LINE = 64
"""Bytes of a cache line. Headers and what is hashed of the payload lie in two or three; the
hardware guesses the third."""

_EMPTY, _LINK_CUT = int(Stop.EMPTY), int(Stop.LINK_CUT)
_IP_VERSION, _IP_CUT = int(Stop.IP_VERSION), int(Stop.IP_CUT)
_TRANSPORT_CUT, _TUNNEL_DEPTH = int(Stop.TRANSPORT_CUT), int(Stop.TUNNEL_DEPTH)
_WHOLE, _FIRST, _LATER = int(Fragment.WHOLE), int(Fragment.FIRST), int(Fragment.LATER)
_NO_MAC = np.uint64(MAC_NONE)
_ZERO = np.uint64(0)


class FrameColumns(NamedTuple):
    """The columns of a FrameBatch that the kernel reads."""

    data: U8
    off: I64
    cap_len: U32
    wire_len: U32
    link_type: U16
    vlan_tci: I32


class PacketColumns(NamedTuple):
    """The columns of a PacketBatch that the kernel writes."""

    wire_len: U32
    stop: U8
    tunnel: U8
    vlan: U16
    src_mac: U64
    dst_mac: U64
    src_hi: U64
    src_lo: U64
    dst_hi: U64
    dst_lo: U64
    protocol: U8
    ttl: U8
    fragment: U8
    fragment_id: U32
    src_port: U16
    dst_port: U16
    tcp_flags: U8
    tcp_seq: U32
    tcp_ack: U32
    payload_off: I64
    payload_len: U32
    payload_wire: U32
    copy_key: U64
    is_copy_sure: Bool


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


@kernel_borrowing
def decode_rows(
    frame: FrameColumns,
    packet: PacketColumns,
    quote: QuoteColumns,
    stopped: I64,
    vxlan_ports: U16,
    geneve_port: Int,
) -> Int:
    """Decode every frame into the row of the same number.

    Bound: nothing is read outside ``start:end`` of a frame, and these are checked against `data`
    first. Below IP, `end` is also cut to the packet's own length, so that padding is not payload;
    `wire_end` is where the same would end if all had been captured. ``pos <= end <= wire_end``
    holds at every step, and all differences are of int64: nothing wraps.

    Args:
        frame: Columns of the frames.
        packet: Columns to fill, at least as long.
        quote: Columns to fill, at least as long.
        stopped: Counts by `Stop`, raised here.
        vxlan_ports: UDP destination ports of VXLAN.
        geneve_port: UDP destination port of GENEVE.

    Returns:
        Rows written to `quote`; or -1 - row where that frame does not lie within `data`.
    """
    data = frame.data
    quotes = 0
    last = len(frame.off) - 1
    for row in range(len(frame.off)):
        # A large frame's headers are in no near cache: a miss would cost more than all below.
        ahead = frame.off[min(row + AHEAD, last)]
        prefetch(data, ahead, 0)
        prefetch(data, ahead, LINE)
        start = frame.off[row]
        cap_len = np.int64(frame.cap_len[row])
        # Trap: not `start + cap_len > len(data)`, which a start near 2^63 wraps around.
        if start < 0 or start > len(data) - cap_len:
            return -1 - row
        end = start + cap_len
        # A wire length below the captured one is a fault of the writer: what is here was there.
        wire_end = max(end, start + np.int64(frame.wire_len[row]))
        frame_wire_end = wire_end
        vlan = np.int64(VLAN_NONE)
        if frame.vlan_tci[row] >= 0:
            vlan = np.int64(frame.vlan_tci[row]) & 0x0FFF
        src_mac = _NO_MAC
        dst_mac = _NO_MAC
        src_hi, src_lo, dst_hi, dst_lo = _ZERO, _ZERO, _ZERO, _ZERO
        stop, tunnel, depth = 0, 0, 0
        protocol, ttl, version = 0, 0, 0
        fragment, fragment_id, place = _WHOLE, 0, 0
        ip_len = 0
        pos = start
        kind, tags = 0, 0
        follow = NEXT_ETHERNET
        if start == end:
            stop = _EMPTY
        elif frame.link_type[row] != LINK_ETHERNET:
            follow, kind, pos, src_mac = link_step(data, start, end, np.int64(frame.link_type[row]))
        while stop == 0:
            if follow == NEXT_ETHERNET:
                if pos + 14 > end:
                    stop = _LINK_CUT
                    break
                start = pos
                dst_mac = mac48(data, pos)
                src_mac = mac48(data, pos + 6)
                kind = be16(data, pos + 12)
                pos += 14
                follow = NEXT_ETHERTYPE
                tags = 0
                # One tag is read here and not in the call below: nearly every frame has one or
                # none, and this was 15 % of all the time.
                if kind == ETHERTYPE_VLAN and pos + 4 <= end:
                    vlan = be16(data, pos) & 0x0FFF
                    kind = be16(data, pos + 2)
                    pos += 4
                    tags = 1
            if follow == NEXT_ETHERTYPE:
                if kind == ETHERTYPE_IPV4:
                    follow, kind = NEXT_IP, 4
                else:
                    follow, kind, pos, vlan, removed, removals = ethertype_step(
                        data, pos, end, kind, vlan, tags
                    )
                    if removals != 0:
                        tunnel = removed
                        depth += removals
                        if depth > MAX_DEPTH:
                            stop = _TUNNEL_DEPTH
                            break
                    if follow == NEXT_ETHERNET:
                        vlan = np.int64(VLAN_NONE)
                        continue
            if follow == NEXT_STOP:
                stop = kind
                break

            # IP: `kind` is the version that the layer above tells, or 0.
            if pos >= end:
                stop = _IP_CUT
                break
            version = byte(data, pos) >> 4
            if version not in (4, 6) or kind not in (0, version):
                stop = _IP_VERSION
                break
            if version == 4:
                if pos + 20 > end:
                    stop = _IP_CUT
                    break
                header_len = (byte(data, pos) & 15) * 4
                ip_len = be16(data, pos + 2)
                # Length 0 is segmentation offload seen on the sender's side (RFC 791 has no 0).
                if ip_len == 0 or ip_len > wire_end - pos:
                    ip_len = wire_end - pos
                if header_len < 20 or header_len > ip_len or pos + header_len > end:
                    stop = _IP_CUT
                    break
                wire_end = pos + ip_len
                end = min(end, wire_end)
                fragment_id = be16(data, pos + 4)
                place = be16(data, pos + 6) & 0x3FFF
                fragment = _WHOLE
                if place != 0:
                    fragment = _LATER if place & 0x1FFF else _FIRST
                ttl = byte(data, pos + 8)
                protocol = byte(data, pos + 9)
                src_hi, src_lo = _ZERO, ipv4_word(data, pos + 12)
                dst_hi, dst_lo = _ZERO, ipv4_word(data, pos + 16)
                pos += header_len
                if protocol == EXT_AH and fragment != _LATER:
                    stop, protocol, pos = ah_header(data, pos, end)
                    if stop != 0:
                        break
            else:
                if pos + 40 > end:
                    stop = _IP_CUT
                    break
                ip_len = be16(data, pos + 4)
                protocol = byte(data, pos + 6)
                # Length 0 is a jumbogram (RFC 2675) or offload, unless nothing is to follow.
                if (ip_len == 0 and protocol != EXT_NO_NEXT) or ip_len > wire_end - pos - 40:
                    ip_len = wire_end - pos - 40
                ip_len += 40
                wire_end = pos + ip_len
                end = min(end, wire_end)
                ttl = byte(data, pos + 7)
                src_hi, src_lo = be64(data, pos + 8), be64(data, pos + 16)
                dst_hi, dst_lo = be64(data, pos + 24), be64(data, pos + 32)
                stop, protocol, pos, fragment, fragment_id, place = extension_chain(
                    data, pos + 40, end, protocol
                )
                if stop != 0:
                    break

            # Encapsulations; their tests are in order of how often they are made.
            if protocol == PROTO_TCP or fragment == _LATER:
                break
            if protocol == PROTO_UDP:
                if pos + 8 > end:
                    break
                port = be16(data, pos + 2)
                is_geneve = port == geneve_port
                is_overlay = is_geneve
                for vxlan_port in vxlan_ports:
                    is_overlay = is_overlay or port == np.int64(vxlan_port)
                if not is_overlay:
                    break
                follow, kind, at, removed, told_vlan = overlay_header(data, pos + 8, end, is_geneve)
            elif protocol == PROTO_GRE:
                follow, kind, at, removed, told_vlan = gre_header(data, pos, end)
            elif protocol in (PROTO_IPV4, PROTO_IPV6):
                follow, kind, at, removed, told_vlan = ip_in_ip(data, pos, end, protocol)
            else:
                break
            if follow == NEXT_STOP:
                break
            tunnel = removed
            pos = at
            tags = 0
            depth += 1
            if depth > MAX_DEPTH:
                stop = _TUNNEL_DEPTH
                break
            if follow == NEXT_ETHERNET:
                # A new link begins: the tag of the network that carried it says nothing of it.
                vlan = np.int64(VLAN_NONE) if told_vlan < 0 else told_vlan

        src_port, dst_port = 0, 0
        tcp_flags, tcp_seq, tcp_ack = 0, 0, 0
        payload_off, payload_wire_end = pos, wire_end
        if stop == 0 and fragment != _LATER:
            if protocol == PROTO_TCP:
                if pos + 4 > end:
                    stop = _TRANSPORT_CUT
                else:
                    src_port, dst_port = be16(data, pos), be16(data, pos + 2)
                    if pos + 14 <= end:
                        tcp_seq, tcp_ack = be32(data, pos + 4), be32(data, pos + 8)
                        tcp_flags = byte(data, pos + 13)
                    header_len = tcp_header_len(data, pos, end, wire_end)
                    # Without a believable header length nothing is called payload.
                    payload_off = wire_end if header_len < 0 else pos + header_len
            elif protocol == PROTO_UDP:
                if pos + 4 > end:
                    stop = _TRANSPORT_CUT
                else:
                    src_port, dst_port = be16(data, pos), be16(data, pos + 2)
                    if pos + 6 <= end:
                        payload_wire_end = udp_wire_end(data, pos, wire_end)
                    payload_off = pos + 8
            elif protocol in (PROTO_ICMP, PROTO_ICMPV6):
                if pos + 2 > end:
                    stop = _TRANSPORT_CUT
                else:
                    src_port, dst_port = byte(data, pos), byte(data, pos + 1)
                    payload_off = pos + 8

        packet.wire_len[row] = frame_wire_end - start
        packet.stop[row] = stop
        packet.tunnel[row] = tunnel
        packet.vlan[row] = vlan
        packet.src_mac[row] = src_mac
        packet.dst_mac[row] = dst_mac
        if stop != 0:
            stopped[stop] += 1
            packet.src_hi[row] = _ZERO
            packet.src_lo[row] = _ZERO
            packet.dst_hi[row] = _ZERO
            packet.dst_lo[row] = _ZERO
            packet.protocol[row] = 0
            packet.ttl[row] = 0
            packet.fragment[row] = 0
            packet.fragment_id[row] = 0
            packet.src_port[row] = 0
            packet.dst_port[row] = 0
            packet.tcp_flags[row] = 0
            packet.tcp_seq[row] = 0
            packet.tcp_ack[row] = 0
            packet.payload_off[row] = 0
            packet.payload_len[row] = 0
            packet.payload_wire[row] = 0
            packet.copy_key[row] = _ZERO
            packet.is_copy_sure[row] = False
            continue

        payload_wire = max(payload_wire_end - payload_off, 0)
        payload_off = min(payload_off, end)
        payload_len = min(end - payload_off, payload_wire)
        packet.src_hi[row] = src_hi
        packet.src_lo[row] = src_lo
        packet.dst_hi[row] = dst_hi
        packet.dst_lo[row] = dst_lo
        packet.protocol[row] = protocol
        packet.ttl[row] = ttl
        packet.fragment[row] = fragment
        packet.fragment_id[row] = fragment_id
        packet.src_port[row] = src_port
        packet.dst_port[row] = dst_port
        packet.tcp_flags[row] = tcp_flags
        packet.tcp_seq[row] = tcp_seq
        packet.tcp_ack[row] = tcp_ack
        packet.payload_off[row] = payload_off
        packet.payload_len[row] = payload_len
        packet.payload_wire[row] = payload_wire
        # `pos` is still the transport header: header and payload are one run of bytes to hash.
        packet.copy_key[row] = copy_hash(
            data,
            pos,
            payload_off + min(payload_len, COPY_BYTES),
            src_hi,
            src_lo,
            dst_hi,
            dst_lo,
            np.uint64(fragment_id << 32 | place << 8 | protocol),
            np.uint64(ip_len),
        )
        packet.is_copy_sure[row] = fragment_id != 0 or payload_len > 0
        if fragment != _LATER and is_icmp_error(protocol, src_port):
            # Bound: `quoted_flow` checks against `end`, which the quote cannot pass.
            (
                is_readable,
                quote.protocol[quotes],
                quote.src_hi[quotes],
                quote.src_lo[quotes],
                quote.dst_hi[quotes],
                quote.dst_lo[quotes],
                quote.src_port[quotes],
                quote.dst_port[quotes],
            ) = quoted_flow(data, pos + 8, end, 4 if protocol == PROTO_ICMP else 6)
            if is_readable:
                quote.row[quotes] = row
                quotes += 1
    return quotes
