"""Watch ``drift``: a camera sends more, oftener or larger than it and its siblings use to."""

from statistics import median
from typing import Any, Final

from monitor.model.learnt import Learnt
from monitor.model.records import Evidence
from monitor.policy.events import Events, Occasion
from monitor.policy.memory import Memory
from monitor.policy.rule import DAY_NS, Rule
from monitor.policy.talks import Talk

MOST_DAYS: Final = 28
LEAST_FLOWS: Final = 20
"""Flows of a day below which their number is not looked at."""

STARTS: Final = 3
"""Days with starts that must have been seen before one is compared with them."""

SIBLINGS: Final = 2
WEEK: Final = 7

_MEASURES: Final = ("bytes", "flows", "largest flow")


class Drift:
    """Remembers sums of days, and of starts apart, for each camera and company."""

    def __init__(self, rule: Rule, events: Events) -> None:
        self._learn_days = max(1, int(rule.settings["learn"]) // DAY_NS)
        self._factor = int(rule.settings["factor"])
        self._least = int(rule.settings["least"])
        self._events = events
        self.memory = Memory(f"volumes-{rule.id}"[:32])
        self._kin: dict[str, set[str]] = {}
        """Siblings and company -> keys; follows from the memory."""

    def load(self, learnt: list[Learnt]) -> None:
        """Take what was kept."""
        self.memory.load(learnt)
        for key, value in self.memory:
            if value["kin"]:
                self._kin.setdefault(value["kin"], set()).add(key)

    def take(self, talk: Talk) -> Evidence | None:
        """Learn from a talk; return evidence where it is worth telling."""
        key, at_ns, kin = f"{talk.who} {talk.company}", talk.minute_ns, talk.kin
        occasion, _ = self._events.at(talk.who, talk.begin_ns)
        value = self.memory.get(key)
        if value is None:
            kin = f"{kin} {talk.company}" if kin else ""
            empty = {"kin": kin, "steady": _empty(), "start": _empty(), "base": 0, "slow": False}
            value = self.memory.learn(key, empty, at_ns)
            if kin:
                self._kin.setdefault(kin, set()).add(key)
        of = value["start"] if occasion is Occasion.START else value["steady"]
        # What belongs to starts of a day is summed apart from the rest of that day.
        span = at_ns // DAY_NS
        slow = None
        if span > of["span"]:
            slow = self._close(key, value, of, is_steady=occasion is not Occasion.START)
            of["span"], of["now"], of["told"], of["left_out"] = span, [0, 0, 0], False, False
        now = of["now"]
        now[0] += talk.out_bytes
        now[1] += talk.flows
        now[2] = max(now[2], talk.biggest)
        of["left_out"] = of["left_out"] or self._events.is_updating(talk.who, talk.begin_ns)
        self.memory.changed(key, at_ns)
        if slow is not None:
            return slow
        needed = STARTS if occasion is Occasion.START else self._learn_days
        if of["told"] or of["left_out"] or len(of["past"]) < needed:
            return None
        told = self._compare(key, value, of, "start" if occasion is Occasion.START else "steady")
        of["told"] = told is not None
        return told

    def _close(
        self, key: str, value: dict[str, Any], of: dict[str, Any], *, is_steady: bool
    ) -> Evidence | None:
        """Put a day away, and look whether the last week is far above the first."""
        if of["span"] < 0 or of["left_out"] or of["told"]:
            return None
        of["past"] = [*of["past"], of["now"]][-MOST_DAYS:]
        if not is_steady:
            return None
        past = [day[0] for day in of["past"]]
        if not value["base"] and len(past) >= self._learn_days:
            value["base"] = max(1, int(median(past)))
        if len(past) < self._learn_days + WEEK or not value["base"]:
            return None
        week = int(median(past[-WEEK:]))
        is_slow = week >= self._least and week > self._factor * value["base"]
        is_new, value["slow"] = is_slow and not value["slow"], is_slow
        usual = self._of_siblings(key, value, "steady", 0)
        if not is_new or (usual is not None and week <= self._factor * usual):
            return None
        return Evidence(
            "drift", f"{week} bytes a day in the last week, {value['base']} in the first"
        )

    def _compare(
        self, key: str, value: dict[str, Any], of: dict[str, Any], occasion: str
    ) -> Evidence | None:
        for at, name in enumerate(_MEASURES):
            now = of["now"][at]
            usual = max(day[at] for day in of["past"])
            if now < (LEAST_FLOWS if at == 1 else self._least) or now <= self._factor * usual:
                continue
            theirs = self._of_siblings(key, value, occasion, at)
            if theirs is not None and now <= self._factor * theirs:
                continue
            others = "" if theirs is None else f", {int(theirs)} at its siblings"
            since = "since its start" if occasion == "start" else "of a day"
            return Evidence("drift", f"{name} {since}: {now}; at most {usual} before{others}")
        return None

    def _of_siblings(
        self, key: str, value: dict[str, Any], occasion: str, measure: int
    ) -> float | None:
        """Return what is usual among siblings; None where too few are known."""
        found = []
        for other in self._kin.get(value["kin"], ()):
            known = self.memory.get(other) if other != key else None
            if known is not None and known[occasion]["past"]:
                found.append(max(day[measure] for day in known[occasion]["past"]))
        return median(found) if len(found) >= SIBLINGS else None


def _empty() -> dict[str, Any]:
    return {"span": -1, "now": [0, 0, 0], "past": [], "told": False, "left_out": False}
