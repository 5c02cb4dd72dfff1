"""Plays captures to an interface, each at its own pace but faster, over and over.

Run as ``python -m monitor.demo.player INTERFACE FILE...`` in the network namespace of the demonstration.
"""

import heapq
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from monitor.capture import open_capture

SPEED = 20
"""So many times as fast as it was: a camera's hour passes in three minutes."""

LONGEST_WAIT_S = 1.5
"""Longer silences inside a capture are cut to this, so that something happens while one looks."""

STAGGER_S = 2.0
"""Each capture begins so long after the one before: cameras do not start all at once."""

REST_S = 75.0
"""Between two rounds of a capture: longer than a UDP flow is kept open, or it would never end."""

ETHERNET = 1


class Frame(NamedTuple):
    """A frame and when it is due, in seconds since its capture began."""

    at_s: float
    data: bytes


def frames(file: str) -> list[Frame]:
    """Return the Ethernet frames of a small capture, with what waits between them shortened."""
    found: list[Frame] = []
    at_s, before_ns = 0.0, 0
    with open_capture([file], is_hashed=False) as capture:
        for batch in capture.batches():
            for off, size, ts_ns, link in zip(
                batch.off.tolist(), batch.cap_len.tolist(), batch.ts_ns.tolist(),
                batch.link_type.tolist(), strict=True,
            ):  # fmt: skip
                if link != ETHERNET:
                    continue
                wait_s = (ts_ns - before_ns) / 1e9 / SPEED if before_ns else 0.0
                at_s += min(max(wait_s, 0.0), LONGEST_WAIT_S)
                before_ns = ts_ns
                found.append(Frame(at_s, batch.data[off : off + size].tobytes()))
    return found


def timetable(captures: Sequence[Sequence[Frame]]) -> Iterator[Frame]:
    """Yield the frames of all captures in the order in which they are due, without end."""
    due: list[tuple[float, int, int, float]] = []
    for number, capture in enumerate(captures):
        if capture:
            due.append((number * STAGGER_S, number, 0, number * STAGGER_S))
    heapq.heapify(due)
    while due:
        at_s, number, place, begin_s = due[0]
        capture = captures[number]
        yield Frame(at_s, capture[place].data)
        place += 1
        if place == len(capture):
            place, begin_s = 0, at_s + REST_S
        heapq.heapreplace(due, (begin_s + capture[place].at_s, number, place, begin_s))


def play(interface: str, files: Sequence[str]) -> None:
    """Send until it is stopped."""
    captures = [frames(file) for file in files]
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
        wire.bind((interface, 0))
        begin_s = time.monotonic()
        for frame in timetable(captures):
            wait_s = begin_s + frame.at_s - time.monotonic()
            if wait_s > 0:
                time.sleep(wait_s)
            wire.send(frame.data)


if __name__ == "__main__":
    play(sys.argv[1], sys.argv[2:])
