"""Sends a capture faster than tcpreplay can: many frames to a system call, past the queues.

    python -m tests.support.flood INTERFACE FILE RATE COUNT     RATE 0: as fast as it can

Where sender and sensor share two cores, a sender that takes half of one to send 300,000 frames a
second leaves the other half to be measured; tcpreplay ends at about that rate by itself. Prints how
many frames the interface took, and the seconds.
"""

import ctypes
import mmap
import socket
import struct
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

MOST_FRAMES = 2_000_000
"""So many frames are sent over and over; with their heads they take 160 MB beside the file."""

A_CALL = 64
LEAST_SLEEP_S = 0.005
SOL_PACKET, PACKET_QDISC_BYPASS = 263, 20
HEAD, RECORD = 24, 16

_MESSAGE = np.dtype(
    [
        ("name", "<u8"), ("name_len", "<u8"), ("iov", "<u8"), ("iov_len", "<u8"),
        ("control", "<u8"), ("control_len", "<u8"), ("flags", "<u8"), ("sent", "<u8"),
    ]
)  # fmt: skip
"""``struct mmsghdr`` of a 64-bit Linux, paddings included."""


class Sent(NamedTuple):
    """What went out."""

    frames: int
    seconds: float


def places(data: mmap.mmap) -> npt.NDArray[np.uint64]:
    """Return (n, 2): where the first frames of a classic little-endian pcap begin, and their lengths."""
    found: list[tuple[int, int]] = []
    at, read = HEAD, struct.Struct("<8xI4x").unpack_from
    while at + RECORD <= len(data) and len(found) < MOST_FRAMES:
        (size,) = read(data, at)
        found.append((at + RECORD, size))
        at += RECORD + size
    return np.array(found, np.uint64)


def flood(interface: str, file: Path, rate: int, count: int) -> Sent:
    """Send frames of a capture, over and over, `rate` a second, until it was `count`.

    Raises:
        OSError: The interface is gone, or sending is not permitted.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    with file.open("rb") as source, socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sock:
        sock.setsockopt(SOL_PACKET, PACKET_QDISC_BYPASS, 1)
        sock.bind((interface, 0))
        data = mmap.mmap(source.fileno(), 0, mmap.MAP_PRIVATE, mmap.PROT_READ)
        vectors = places(data)
        held = np.frombuffer(data, np.uint8)
        vectors[:, 0] += np.uint64(held.ctypes.data)
        messages = np.zeros(len(vectors), _MESSAGE)
        messages["iov"] = vectors.ctypes.data + 16 * np.arange(len(vectors), dtype=np.uint64)
        messages["iov_len"] = 1
        for first, size in vectors.tolist():
            ctypes.c_char.from_address(first + size - 1).value  # noqa: B018  # into memory beforehand
        sent, at, begin = 0, 0, time.perf_counter()
        while sent < count:
            # Short waits are spent awake: sleeping takes longer than it says.
            while rate and (early := sent / rate - (time.perf_counter() - begin)) > 0:
                if early > LEAST_SLEEP_S:
                    time.sleep(early)
            many = min(A_CALL, len(messages) - at, count - sent)
            where = ctypes.c_void_p(messages.ctypes.data + at * _MESSAGE.itemsize)
            done = libc.sendmmsg(sock.fileno(), where, many, 0)
            if done < 0:
                number = ctypes.get_errno()
                raise OSError(number, f"sendmmsg on {interface}")
            sent += done
            at = (at + done) % len(messages)
        return Sent(sent, time.perf_counter() - begin)


if __name__ == "__main__":
    told = flood(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
    sys.stdout.write(f"{told.frames} {told.seconds:.6f}\n")
