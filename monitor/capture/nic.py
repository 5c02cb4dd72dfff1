"""What a network interface does to frames before they can be captured: asked by ethtool's ioctl.

Numbers are those of linux/ethtool.h and linux/sockios.h.
"""

import ctypes
import fcntl
import socket
import struct
from typing import NamedTuple

_SIOCETHTOOL = 0x8946
_GET_RINGS = 0x10
_GET_FLAGS = 0x25
_GET_GRO = 0x2B
_LRO = 1 << 15


class Offloads(NamedTuple):
    """What merges frames; None where the driver does not say."""

    gro: bool | None
    lro: bool | None


class Rings(NamedTuple):
    """Descriptors of the card's receive ring."""

    now: int
    most: int


def offloads(name: str) -> Offloads:
    """Return which offloads merge frames on an interface."""
    gro, flags = _ask(name, _GET_GRO, "I"), _ask(name, _GET_FLAGS, "I")
    return Offloads(
        None if gro is None else bool(gro[0]), None if flags is None else bool(flags[0] & _LRO)
    )


def rings(name: str) -> Rings | None:
    """Return the size of the receive ring, None where the driver does not say."""
    told = _ask(name, _GET_RINGS, "8I")
    return None if told is None else Rings(told[4], told[0])


def _ask(name: str, command: int, form: str) -> tuple[int, ...] | None:
    held = ctypes.create_string_buffer(struct.pack("=I", command) + bytes(struct.calcsize(form)))
    request = struct.pack("16sP", name.encode()[:15], ctypes.addressof(held)).ljust(40, b"\0")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            fcntl.ioctl(sock.fileno(), _SIOCETHTOOL, request)
        except OSError:
            return None
    found: tuple[int, ...] = struct.unpack_from(f"={form}", held.raw, 4)
    return found
