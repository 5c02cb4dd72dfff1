"""Coverage in a worker: the stage, and the intervals that ended and were not yet told of."""

from collections import deque

from monitor.coverage.parts import IntervalPart
from monitor.coverage.stage import CoverageStage, Watched
from monitor.model.frames import FrameBatch
from monitor.model.packets import PacketBatch

MOST_WAITING = 8
"""Intervals that wait to be told; each tick takes all, so more means that nobody listens."""


class Watching:
    """Sees packets in their own thread; gives intervals to the thread that talks to the keeper."""

    def __init__(self, watched: Watched, interval_s: float, *, follows_inside: bool) -> None:
        self._stage = CoverageStage(watched, interval_s=interval_s, follows_inside=follows_inside)
        # Appending and taking from the other end need no lock.
        self._ended: deque[IntervalPart] = deque(maxlen=MOST_WAITING)

    def see(self, frames: FrameBatch, packets: PacketBatch) -> None:
        """Look at a batch; nothing of it is kept."""
        self._ended.extend(self._stage.step(frames, packets))

    def tick(self, now_ns: int) -> None:
        """Let time go on: a quiet wire has intervals too."""
        self._ended.extend(self._stage.advance(now_ns))

    def finish(self) -> None:
        """End the interval that is open. When nothing is seen any more."""
        self._ended.extend(self._stage.finish())

    def take(self) -> list[IntervalPart]:
        """Return the intervals that ended since it was asked last."""
        taken = []
        while self._ended:
            taken.append(self._ended.popleft())
        return taken
