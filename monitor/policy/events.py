"""Recognises what makes a camera behave otherwise for a while: its start, and a new firmware."""

from enum import StrEnum
from typing import Any, Final

from monitor.model.learnt import Learnt
from monitor.model.words import Purpose
from monitor.policy.memory import MOST, Memory
from monitor.policy.rule import DAY_NS
from monitor.policy.talks import MINUTE_NS, Talk

START_LASTS_NS: Final = 15 * MINUTE_NS
"""What a camera does for so long after its start belongs to it."""

BEFORE_NS: Final = 5 * MINUTE_NS
"""A start is known from several flows: those shortly before belong to it too."""

UPDATE_LASTS_NS: Final = DAY_NS
FIRMWARE_BYTES: Final = 1_000_000
"""Less than this is a question or a list, not a firmware."""

HABIT_DAYS: Final = 3
"""Days on which a camera must have called somebody until that is a habit."""

MOST_HABITS: Final = 64
TOGETHER_NS: Final = 3 * MINUTE_NS
LEAST_TOGETHER: Final = 3
SHARE_TOGETHER: Final = 0.6
"""A camera that calls three or more of its habits, and this share of them, within `TOGETHER_NS` was
started: else each has its own hour. One that always does so gets starts all the time, in which
nothing is taken for new that was there before."""


class Occasion(StrEnum):
    """What was going on."""

    STEADY = "steady"
    START = "start"
    UPDATE = "update"


class Events:
    """Starts and updates of every camera."""

    def __init__(self) -> None:
        self.memory = Memory("events")
        self._recent: dict[str, dict[str, int]] = {}
        """Camera -> habit -> when it last began. Follows from flows within minutes; not kept."""

    def load(self, learnt: list[Learnt]) -> None:
        """Take what was kept."""
        self.memory.load(learnt)

    def note(self, talk: Talk) -> None:
        """Look for events in what a camera did; talks come in order of time."""
        known = self._of(talk.who, talk.minute_ns)
        day = talk.minute_ns // DAY_NS
        habit = f"{talk.company} {talk.verdict.purpose}"
        habits = known["habits"]
        if habit not in habits:
            if len(habits) < MOST_HABITS:
                habits[habit] = [1, day]
                self.memory.changed(talk.who, talk.minute_ns)
        elif habits[habit][1] != day:
            habits[habit] = [habits[habit][0] + 1, day]
            self.memory.changed(talk.who, talk.minute_ns)
        if talk.verdict.purpose is Purpose.FIRMWARE_DOWNLOAD and talk.in_bytes >= FIRMWARE_BYTES:
            if talk.begin_ns - known["updated_ns"] > UPDATE_LASTS_NS:
                known["updates"] += 1
            known["updated_ns"] = talk.begin_ns
            self.memory.changed(talk.who, talk.minute_ns)
        if self._calls_all(talk, habit, habits):
            self.started(talk.who, talk.begin_ns)

    def started(self, who: str, at_ns: int) -> None:
        """Note that a camera was started; told from outside, or found by `note`."""
        known = self._of(who, at_ns)
        if at_ns - known["started_ns"] > 2 * START_LASTS_NS:
            known["starts"] += 1
            known["started_ns"] = at_ns
            self.memory.changed(who, at_ns)

    def at(self, who: str, at_ns: int) -> tuple[Occasion, int]:
        """Return what was going on at a camera, and how many times that was seen so far."""
        known = self.memory.get(who)
        if known is None:
            return Occasion.STEADY, 0
        if -BEFORE_NS <= at_ns - known["started_ns"] <= START_LASTS_NS:
            return Occasion.START, known["starts"]
        if -BEFORE_NS <= at_ns - known["updated_ns"] <= UPDATE_LASTS_NS:
            return Occasion.UPDATE, known["updates"]
        return Occasion.STEADY, 0

    def is_updating(self, who: str, at_ns: int) -> bool:
        """Return whether a firmware was fetched shortly before, whatever else went on."""
        known = self.memory.get(who)
        if known is None:
            return False
        return bool(-BEFORE_NS <= at_ns - known["updated_ns"] <= UPDATE_LASTS_NS)

    def _of(self, who: str, at_ns: int) -> dict[str, Any]:
        known = self.memory.get(who)
        if known is None:
            never = -(1 << 62)
            empty = {
                "starts": 0, "started_ns": never, "updates": 0, "updated_ns": never, "habits": {},
            }  # fmt: skip
            known = self.memory.learn(who, empty, at_ns)
        return known

    def _calls_all(self, talk: Talk, habit: str, habits: dict[str, list[int]]) -> bool:
        """Return whether a camera has just called most of those that it usually calls."""
        wanted = [name for name, (days, _) in habits.items() if days >= HABIT_DAYS]
        if len(self._recent) > MOST and talk.who not in self._recent:
            self._recent.clear()
        recent = self._recent.setdefault(talk.who, {})
        if len(recent) > 2 * MOST_HABITS:
            recent.clear()
        begin_ns = talk.begin_ns
        recent[habit] = max(begin_ns, recent.get(habit, begin_ns))
        together = [
            name for name in wanted if abs(begin_ns - recent.get(name, -DAY_NS)) < TOGETHER_NS
        ]
        return len(together) >= max(LEAST_TOGETHER, SHARE_TOGETHER * len(wanted))
