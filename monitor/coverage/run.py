"""Coverage of a capture from its first frame to its last: stage, judge and account in one."""

from monitor.coverage.account import Account
from monitor.coverage.judge import Judge
from monitor.coverage.parts import IntervalPart
from monitor.coverage.stage import CoverageStage, Watched
from monitor.model.frames import FrameBatch
from monitor.model.packets import PacketBatch


class CoverageRun:
    """Follows a replay."""

    def __init__(self, watched: Watched, interval_s: float) -> None:
        self.account = Account()
        self._stage = CoverageStage(watched, interval_s=interval_s)
        self._judge = Judge()

    def see(self, frames: FrameBatch, packets: PacketBatch) -> None:
        """Look at a batch; nothing of it is kept."""
        self._take(self._stage.step(frames, packets))

    def tick(self, now_ns: int) -> None:
        """Let time go on."""
        self._take(self._stage.advance(now_ns))

    def finish(self) -> Account:
        """End with the last frame, and return the account."""
        self._take(self._stage.finish())
        return self.account

    def _take(self, parts: list[IntervalPart]) -> None:
        for part in parts:
            self.account.add(part, self._judge.take(part))
