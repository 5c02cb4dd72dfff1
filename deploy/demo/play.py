"""Send captures onto an interface, over and over, as a mirror port would: the demo's cameras.

``play.py INTERFACE FILE...``: frames go out in the pace of the capture, pauses cut to two seconds.
The destination MAC becomes the broadcast address, so that a bridge hands every frame to the sensor.
"""

import gzip
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import dpkt

MOST_PAUSE_S = 2.0
BROADCAST = b"\xff" * 6
LARGEST = 1514
"""Frames above the interface's MTU (the capturing host had joined segments) are left out."""


def frames(path: Path) -> Iterator[tuple[float, bytes]]:
    """Yield the Ethernet frames of a capture."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        reader = dpkt.pcap.UniversalReader(file)
        if reader.datalink() != dpkt.pcap.DLT_EN10MB:
            return
        yield from reader


def main() -> None:
    """Play until stopped."""
    interface, *names = sys.argv[1:]
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
        out.bind((interface, 0))
        while True:
            for name in names:
                last = None
                for at, frame in frames(Path(name)):
                    if last is not None:
                        time.sleep(min(max(at - last, 0.0), MOST_PAUSE_S))
                    last = at
                    if len(frame) <= LARGEST:
                        out.send(BROADCAST + frame[6:])


if __name__ == "__main__":
    main()
