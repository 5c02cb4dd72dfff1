"""What stands between an IPv6 (or IPv4) header and the transport header: the extension chain."""

import numpy as np

from monitor.decode.kernel_bytes import Int, be16, be32, byte
from monitor.model.arrays import U8
from monitor.model.jit import kernel_borrowing, kernel_inline
from monitor.model.words import Fragment, Stop

MAX_EXTENSIONS = 16
"""Extension headers of one packet that are followed; RFC 8200 §4.1 knows of six kinds."""

EXT_HOP_BY_HOP = 0
EXT_ROUTING = 43
EXT_FRAGMENT = 44
EXT_AH = 51
EXT_NO_NEXT = 59
EXT_DESTINATION = 60
EXT_MOBILITY = 135
EXT_HIP = 139
EXT_SHIM6 = 140

_WHOLE, _FIRST, _LATER = int(Fragment.WHOLE), int(Fragment.FIRST), int(Fragment.LATER)
_STOP_EXTENSION_CUT = int(Stop.EXTENSION_CUT)


@kernel_inline
def is_extension(protocol: Int) -> bool:
    """Tell whether an IPv6 next header is an extension header (IANA; ESP hides what follows)."""
    return protocol in (
        EXT_HOP_BY_HOP,
        EXT_ROUTING,
        EXT_FRAGMENT,
        EXT_AH,
        EXT_DESTINATION,
        EXT_MOBILITY,
        EXT_HIP,
        EXT_SHIM6,
    )


@kernel_borrowing
def extension_chain(data: U8, pos: Int, end: Int, protocol: Int) -> tuple[Int, ...]:
    """Follow the extension headers of an IPv6 packet to its upper-layer protocol.

    A later fragment ends the chain: what it starts with are bytes from the middle.
    Sources: RFC 8200 §4, RFC 4302 §2.2 (AH counts 4-octet units, minus 2).

    Returns:
        (stop, protocol, position, fragment, fragment id, offset and M of the fragment header).
    """
    number = protocol
    at = pos
    fragment = _WHOLE
    fragment_id = 0
    place = 0
    headers = 0
    while is_extension(number):
        if at + 8 > end or headers == MAX_EXTENSIONS:
            return _STOP_EXTENSION_CUT, number, at, fragment, fragment_id, place
        headers += 1
        follow = byte(data, at)
        if number == EXT_FRAGMENT:
            place = be16(data, at + 2) & 0xFFF9
            fragment_id = be32(data, at + 4)
            size = 8
            if place & 0xFFF8:
                return 0, follow, at + size, _LATER, fragment_id, place
            # Neither an offset nor more to come: an atomic fragment, whole (RFC 6946).
            fragment = _FIRST if place & 1 else _WHOLE
        elif number == EXT_AH:
            size = (byte(data, at + 1) + 2) * 4
        else:
            size = (byte(data, at + 1) + 1) * 8
        number = follow
        at += size
    # The last header's own length may lead beyond the captured bytes.
    if at > end:
        return _STOP_EXTENSION_CUT, number, end, fragment, fragment_id, place
    return 0, number, at, fragment, fragment_id, place


@kernel_borrowing
def ah_header(data: U8, pos: Int, end: Int) -> tuple[Int, Int, Int]:
    """Step over an authentication header in IPv4 (RFC 4302 §2): the packet in it is in clear.

    Returns:
        (stop, protocol, position).
    """
    if pos + 8 > end:
        return _STOP_EXTENSION_CUT, EXT_AH, pos
    size = (byte(data, pos + 1) + 2) * 4
    if pos + size > end:
        return _STOP_EXTENSION_CUT, EXT_AH, pos
    return 0, byte(data, pos), pos + size


@kernel_inline
def ipv4_word(data: U8, pos: Int) -> np.uint64:
    """Return the IPv4 address at `pos` as the lower half of its mapped address."""
    return np.uint64(be32(data, pos)) | np.uint64(0xFFFF_0000_0000)
