"""Packet sockets of Linux: opened with privilege, then set up and asked without.

Only making the socket needs CAP_NET_RAW. A ring, a filter, promiscuous mode and binding to another
interface do not, so a process that has dropped its privileges can set an inherited socket up anew.
Numbers are those of linux/if_packet.h and asm-generic/socket.h.
"""

import contextlib
import ctypes
import errno
import fcntl
import socket
import struct
from pathlib import Path
from typing import NamedTuple

from monitor.errors import CaptureError

ETH_P_ALL = 0x0003
SOL_PACKET = 263
PACKET_ADD_MEMBERSHIP = 1
PACKET_RX_RING = 5
PACKET_STATISTICS = 6
PACKET_VERSION = 10
PACKET_FANOUT = 18
PACKET_FANOUT_DATA = 22
PACKET_IGNORE_OUTGOING = 23
PACKET_MR_PROMISC = 1
PACKET_FANOUT_CBPF = 6
TPACKET_V3 = 2
SO_ATTACH_FILTER = 26
SO_DETACH_FILTER = 27

SIOCGIFFLAGS = 0x8913
SIOCGIFHWADDR = 0x8927
IFF_UP = 0x1
IFF_RUNNING = 0x40

ARPHRD_ETHER = 1
ARPHRD_LOOPBACK = 772
ARPHRD_NONE = 0xFFFE
LINK_TYPES = {ARPHRD_ETHER: 1, ARPHRD_LOOPBACK: 1, ARPHRD_NONE: 101}
"""LINKTYPE_ number by ARPHRD_ number: Ethernet, and devices that carry bare IP."""


class Statistics(NamedTuple):
    """What the kernel counted since it was asked last."""

    received: int
    """Frames that passed the filter, those it had to drop included."""

    dropped: int
    freezes: int
    """How often the ring was full."""


def interfaces() -> list[str]:
    """Return the names of the interfaces that there are, as far as they can be read."""
    try:
        # if_nameindex(3) would need a netlink socket, which the service may not have.
        lines = Path("/proc/self/net/dev").read_text(encoding="ascii").splitlines()[2:]
    except OSError:
        return []
    return [line.split(":")[0].strip() for line in lines]


def index_of(name: str) -> int:
    """Return the number of an interface, 0 where there is none of this name."""
    try:
        return socket.if_nametoindex(name)
    except OSError:
        return 0


def open_socket(name: str) -> socket.socket:
    """Return a packet socket for an interface, which takes nothing yet.

    Raises:
        CaptureError: There is no such interface, it is of a kind that cannot be read, or packet
            sockets are not permitted.
    """
    if not index_of(name):
        have = ", ".join(interfaces())
        raise CaptureError(f"interface {name}: it does not exist; there are: {have}")
    try:
        # Protocol 0: nothing arrives before `bind`, least of all from other interfaces.
        made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0)
    except PermissionError as error:
        raise CaptureError(
            f"interface {name}: packet sockets are not permitted; run as root, or give the process "
            "CAP_NET_RAW (deploy/camwatch.service does)"
        ) from error
    try:
        # Here, because it is refused once there is a ring, and statistics depend on it.
        made.setsockopt(SOL_PACKET, PACKET_VERSION, TPACKET_V3)
        link_type(made, name)
    except BaseException:
        made.close()
        raise
    return made


def link_type(sock: socket.socket, name: str) -> int:
    """Return the LINKTYPE_ number of an interface.

    Raises:
        CaptureError: Its frames are none that can be decoded.
    """
    hardware = struct.unpack_from("=H", _ask(sock, SIOCGIFHWADDR, name), 16)[0]
    found = LINK_TYPES.get(hardware)
    if found is None:
        raise CaptureError(
            f"interface {name}: link type {hardware} (ARPHRD) cannot be read; "
            "name an Ethernet interface"
        )
    return found


def is_up(sock: socket.socket, name: str) -> bool:
    """Return whether an interface is switched on and has a carrier."""
    try:
        flags = struct.unpack_from("=H", _ask(sock, SIOCGIFFLAGS, name), 16)[0]
    except OSError:
        return False
    return bool(flags & IFF_UP and flags & IFF_RUNNING)


def bind(sock: socket.socket, name: str) -> None:
    """Have the frames of an interface arrive, those that others send and we do not.

    Raises:
        OSError: The interface is gone.
    """
    sock.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    sock.bind((name, ETH_P_ALL))
    request = struct.pack("=iHH8s", index_of(name), PACKET_MR_PROMISC, 0, b"")
    sock.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, request)


def statistics(sock: socket.socket) -> Statistics:
    """Return what was counted since the last call, which sets the counts to zero."""
    told = sock.getsockopt(SOL_PACKET, PACKET_STATISTICS, 12)
    return Statistics(*struct.unpack("=III", told))


def attach(sock: socket.socket, program: bytes) -> None:
    """Put a classic BPF program in the place of the one that decides what arrives.

    Args:
        sock: Packet socket.
        program: Instructions of eight bytes, as `bpf.Program.bytes` gives them.
    """
    held, request = _fprog(program)
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, request)
    del held


def detach(sock: socket.socket) -> None:
    """Let everything arrive, be there a program or none."""
    with contextlib.suppress(FileNotFoundError):
        sock.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)


def fan_out(sock: socket.socket, group: int, program: bytes) -> None:
    """Share the frames of a bound socket with the others of a group.

    Args:
        sock: Bound packet socket.
        group: Number of the group, 16 bits.
        program: Classic BPF program that returns the number of a socket, in the order in which
            they joined (modulo how many they are).
    """
    sock.setsockopt(SOL_PACKET, PACKET_FANOUT, group & 0xFFFF | PACKET_FANOUT_CBPF << 16)
    held, request = _fprog(program)
    sock.setsockopt(SOL_PACKET, PACKET_FANOUT_DATA, request)
    del held


def clear_error(sock: socket.socket) -> int:
    """Return and forget the error that the socket is in, 0 where it is in none."""
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)


def is_down(number: int) -> bool:
    """Return whether an error says that the interface went down or away."""
    return number in (errno.ENETDOWN, errno.ENODEV, errno.ENXIO)


def _fprog(program: bytes) -> tuple[object, bytes]:
    """Return the memory of a program, to be held, and a ``struct sock_fprog`` that points to it."""
    held = ctypes.create_string_buffer(program, len(program))
    return held, struct.pack("HP", len(program) // 8, ctypes.addressof(held))


def _ask(sock: socket.socket, request: int, name: str) -> bytes:
    return fcntl.ioctl(sock.fileno(), request, struct.pack("=16s24x", name.encode()[:15]))
