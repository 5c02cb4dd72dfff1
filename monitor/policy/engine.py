"""Rules over a live stream: flows and looks at the sensor in, changes of alerts out.

    engine = Engine(rules, "gate-1", windows=[read_window(w) for w in ...], zone=ZoneInfo(...))
    engine.restore(learnt, alerts, now_ns)         # what an earlier process kept: store/alerts.py
    engine.silence(silences)                       # whenever they changed, or once a minute
    events = engine.take(batch, now_ns)            # for each batch of flow records
    events += engine.tick(now_ns, status)          # once every few seconds to a minute
    rows, updates = engine.dirty(), engine.updates()   # for the same transaction as the events

The caller's clock is the only time: `now_ns` never goes back by more than the clock of the machine
does. Everything that is given out is a value; nothing is read or written here.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, tzinfo

import numpy as np

from monitor.model.alerts import Alert, AlertEvent, Silence
from monitor.model.learnt import Learnt, Update
from monitor.model.rows import RecordBatch
from monitor.policy.book import Book, Counts, Hit
from monitor.policy.compile import Conditions, Names
from monitor.policy.cover import Cover, Window
from monitor.policy.hits import flow_hits
from monitor.policy.rule import Rule
from monitor.policy.sensor_watch import SensorWatch
from monitor.policy.status import Status
from monitor.policy.watching import EXTRA, Watching


class Engine:
    """The rules of one sensor, with what they remember."""

    def __init__(
        self,
        rules: Sequence[Rule],
        sensor: str,
        *,
        windows: Sequence[Window] = (),
        zone: tzinfo = UTC,
        names: Names | None = None,
    ) -> None:
        self._names: Names = names or {}
        self._cover = Cover(windows, zone)
        self._book = Book(rules, sensor, self._cover)
        self._flow_rules = [rule for rule in rules if rule.when is not None]
        self._conditions = Conditions(
            [*(rule.when for rule in self._flow_rules), *EXTRA], self._names
        )
        self._watching = Watching(self._flow_rules)
        self._sensor_watch = SensorWatch(rules)

    @property
    def counts(self) -> Counts:
        """Running totals."""
        return self._book.counts

    @property
    def open_alerts(self) -> tuple[Alert, ...]:
        """The alerts that are open."""
        return self._book.open

    def restore(self, learnt: Iterable[Learnt], alerts: Iterable[Alert], now_ns: int) -> None:
        """Take what an earlier process of this sensor kept."""
        self._watching.load(list(learnt))
        self._book.restore(alerts, now_ns)

    def silence(self, silences: Sequence[Silence]) -> None:
        """Take the silences in force, in the place of those before."""
        self._cover.silence(silences)

    def rename(self, names: Names) -> None:
        """Take the inventory's names of cameras, address -> name."""
        self._names = names
        self._conditions.rename(names)

    def take(self, batch: RecordBatch, now_ns: int) -> list[AlertEvent]:
        """Ask the rules about flows, and return how alerts changed."""
        hits: list[Hit] = []
        if len(batch):
            masks = self._conditions.masks(batch)
            masks, extra = masks[: -len(EXTRA)], masks[-len(EXTRA) :]
            for rule, mask in zip(self._flow_rules, masks, strict=True):
                if mask is None or rule.watch or not mask.any():
                    continue
                hits += flow_hits(rule, batch, np.flatnonzero(mask), self._names)
            hits += self._watching.take(batch, masks, extra, self._names)
        hits += self._watching.pass_time(now_ns, self._names)
        self._book.add(hits, now_ns)
        return self._book.settle(now_ns)

    def tick(self, now_ns: int, status: Status | None = None) -> list[AlertEvent]:
        """Let time pass, look at the sensor, and return how alerts changed."""
        self._book.add(self._watching.pass_time(now_ns, self._names), now_ns)
        if status is not None:
            self._book.add(self._sensor_watch.look(status, now_ns), now_ns)
        return self._book.settle(now_ns, is_status_known=status is not None)

    def started(self, who: str, at_ns: int) -> None:
        """Note that a camera was started, where something else than its flows tells (DHCP).

        Args:
            who: Its MAC address; its address where the MAC is not known.
            at_ns: When.
        """
        self._watching.started(who, at_ns)

    @property
    def forgotten(self) -> int:
        """What was learnt and forgotten, because a memory was full."""
        return self._watching.forgotten

    def dirty(self) -> list[Learnt]:
        """Return what was learnt since the last call."""
        return self._watching.dirty()

    def updates(self) -> list[Update]:
        """Return firmware that was fetched since the last call."""
        return self._watching.updates()
