"""Coverage in the keeper: what workers saw, put together, judged, and told."""

from collections.abc import Mapping, Sequence
from typing import Any

from monitor.config import Settings
from monitor.coverage.account import Account
from monitor.coverage.canary import CanaryWatch
from monitor.coverage.conclude import isolations
from monitor.coverage.isolation import Isolation, IsolationTally
from monitor.coverage.judge import CaptureLoss, IntervalVerdict, Judge, State
from monitor.coverage.parts import IntervalPart, vlan_label, vlan_text
from monitor.daemon.canaries import Post
from monitor.daemon.wire import WireError
from monitor.model.rows import RecordBatch

GRACE_NS = 5_000_000_000
"""A worker that says nothing of an interval for so long after its end is not waited for."""

MOST_WAITING = 16
"""Intervals that wait for a worker; the oldest is judged without it."""

DAY_NS = 86_400_000_000_000
"""Isolation is said of a day, by UTC: yesterday's fault does not hang over today's claim."""


class Covering:
    """Judges interval after interval. Time is handed in."""

    def __init__(self, settings: Settings, posts: Sequence[Post], now_ns: int) -> None:
        self._workers = settings.sensor.workers
        self._interval_ns = round(settings.coverage.interval_s * 1e9)
        self._is_named = bool(settings.site.cameras or settings.site.inventory)
        self._posts = posts
        self._judge = Judge(vlans={post.vlan for post in posts})
        self._canaries = CanaryWatch(settings.sensor.name)
        self._waiting: dict[int, tuple[IntervalPart, set[int]]] = {}
        self._judged_ns = now_ns
        """End of what was judged last, or of nothing yet."""

        self._frames = 0
        self._lost = 0
        self._day = now_ns // DAY_NS
        self._account, self._tally = Account(), IsolationTally()
        self._sent_ns = 0
        self.verdict: IntervalVerdict | None = None
        self.isolation: list[Isolation] = []
        self.lost_segments: dict[int | None, int] = {}
        self.last_ns: dict[int | None, int] = {}
        self.seen_ns: dict[str, int] = {}
        """Last frame that an address of a camera sent."""

        self.sent: dict[int | None, int] = {}
        self.returned: dict[int | None, int] = {}

    @property
    def state(self) -> State:
        """Of the sensor; blind before the first interval ended: nothing was seen yet."""
        return State.BLIND if self.verdict is None else self.verdict.state

    @property
    def forged(self) -> int:
        """Canaries that bore our name and not our seal."""
        return self._canaries.forged

    def hear(self, worker: int, told: Sequence[Mapping[str, Any]]) -> None:
        """Take what a worker says of intervals.

        Raises:
            WireError: It says what no worker says.
        """
        for plain in told:
            try:
                part = IntervalPart.from_plain(plain)
            except ValueError as error:
                raise WireError(f"not an interval: {error}") from error
            known = self._waiting.get(part.start_ns)
            if known is None:
                self._waiting[part.start_ns] = (part, {worker})
            else:
                known[0].merge(part)
                known[1].add(worker)

    def add(self, batch: RecordBatch) -> None:
        """Count the ways out in flow records."""
        self._tally.add(batch)

    def step(self, now_ns: int, frames: int, lost: int) -> None:
        """Judge the intervals that are over, and send the canaries that are due.

        Args:
            now_ns: Time since 1970.
            frames: Frames that were read since the start.
            lost: Frames that were lost on the way to being read, since the start.
        """
        for start_ns in sorted(self._waiting):
            part, heard = self._waiting[start_ns]
            is_whole = len(heard) >= self._workers
            if is_whole or now_ns > part.end_ns + GRACE_NS or len(self._waiting) > MOST_WAITING:
                del self._waiting[start_ns]
                self._take(part, frames, lost)
        if now_ns > self._judged_ns + 2 * self._interval_ns + GRACE_NS:
            # No worker speaks: what cameras do is not seen.
            start = self._judged_ns
            silence = IntervalPart(start_ns=start, end_ns=start + self._interval_ns)
            self._take(silence, frames, lost)
        if self._posts and abs(now_ns - self._sent_ns) >= self._interval_ns:
            self._sent_ns = now_ns
            for post in self._posts:
                post.send(self._canaries, now_ns)

    def _take(self, part: IntervalPart, frames: int, lost: int) -> None:
        losses = CaptureLoss(received=frames - self._frames, dropped=max(lost - self._lost, 0))
        self._frames, self._lost = frames, max(lost, self._lost)
        self._canaries.take(part.canaries)
        results = self._canaries.results(part.end_ns)
        for result in results:
            self.sent[result.vlan] = self.sent.get(result.vlan, 0) + result.sent
            self.returned[result.vlan] = self.returned.get(result.vlan, 0) + result.returned
        verdicts = self._judge.take(part, losses, results)
        if part.end_ns // DAY_NS != self._day:
            self._day = part.end_ns // DAY_NS
            self._account, self._tally = Account(), IsolationTally()
        self._account.add(part, verdicts, losses)
        self._judged_ns = max(self._judged_ns, part.end_ns)
        self.verdict = verdicts[-1]
        self.isolation = isolations(self._account, self._tally, is_named=self._is_named)
        for one in self.verdict.vlans:
            lost_here = self.lost_segments.get(one.vlan, 0)
            self.lost_segments[one.vlan] = lost_here + one.counts.lost_segments
            if one.counts.frames:
                self.last_ns[one.vlan] = one.counts.last_ns
        for station in part.stations:
            if station.is_camera and station.sent and station.ip:
                self.seen_ns[station.ip] = max(self.seen_ns.get(station.ip, 0), station.last_ns)

    def gaps(self) -> list[str]:
        """Return what is not seen, one line each, for the rules of the sensor."""
        if self.verdict is None:
            return []
        found = [reason.text for reason in self.verdict.reasons if reason.breaks_claim]
        for one in self.verdict.vlans:
            found += [
                f"{vlan_text(one.vlan)}: {reason.text}"
                for reason in one.reasons
                if reason.breaks_claim
            ]
        return found

    def status(self) -> dict[str, Any]:
        """Return what the sensor says of itself, as plain data."""
        coverage = {"state": str(State.BLIND)} if self.verdict is None else self.verdict.as_dict()
        return {
            "coverage": coverage,
            "isolation": {vlan_label(one.vlan): one.as_dict() for one in self.isolation},
        }
