"""Watch ``first-contact``: a company or country that a camera never had to do with."""

from typing import Any, Final

from monitor.model.learnt import Learnt
from monitor.model.records import Evidence
from monitor.model.words import Confidence, Purpose
from monitor.policy.events import Events, Occasion
from monitor.policy.memory import Memory
from monitor.policy.rule import DAY_NS, Rule
from monitor.policy.talks import Talk

MOST_KNOWN: Final = 256
"""Companies or countries of one camera; beyond, the first of them is forgotten."""

SIBLINGS: Final = 2
"""So many cameras of the same model must have learnt it, for it to be no news."""

LEARNT, TOLD = "learnt", "told"

_DOUBTFUL: Final = frozenset(
    {Purpose.UNKNOWN, Purpose.TUNNEL, Purpose.MEDIA_RELAY, Purpose.SCAN, Purpose.REMOTE_ACCESS}
)
"""Not taken for granted even at a camera's first start."""


class FirstContact:
    """Remembers of each camera whom it has to do with."""

    def __init__(self, rule: Rule, events: Events) -> None:
        self._of = str(rule.settings["of"])
        self._learn_days = max(1, int(rule.settings["learn"]) // DAY_NS)
        self._events = events
        self.memory = Memory(f"first-{rule.id}"[:32])
        self._learnt_by: dict[tuple[str, str], set[str]] = {}
        """Siblings and item -> cameras that learnt it; follows from the memory."""

    def load(self, learnt: list[Learnt]) -> None:
        """Take what was kept."""
        self.memory.load(learnt)
        for who, value in self.memory:
            for item, how in value["known"].items():
                if how == LEARNT:
                    self._learnt_by.setdefault((value["kin"], item), set()).add(who)

    def take(self, talk: Talk) -> Evidence | None:
        """Learn from a talk; return evidence where it is worth telling."""
        item = talk.company if self._of == "operator" else talk.party.country
        if not item:
            return None
        who, at_ns, kin = talk.who, talk.minute_ns, talk.kin
        value = self.memory.get(who)
        if value is None:
            empty = {"kin": kin, "days": 0, "day": -1, "known": {}}
            value = self.memory.learn(who, empty, at_ns)
        if kin and kin != value["kin"]:
            value["kin"] = kin
            self.memory.changed(who, at_ns)
        day = at_ns // DAY_NS
        if day > value["day"]:
            value["days"], value["day"] = value["days"] + 1, day
            self.memory.changed(who, at_ns)
        if item in value["known"]:
            self.memory.seen(who, at_ns)
            return None
        is_learnt = value["days"] <= self._learn_days or self._is_expected(talk, kin, item)
        self._know(value, who, item, LEARNT if is_learnt else TOLD)
        self.memory.changed(who, at_ns)
        if is_learnt:
            return None
        text = f"{item}: first time in {value['days']} days ({talk.verdict.purpose})"
        return Evidence("first-contact", text)

    def _is_expected(self, talk: Talk, kin: str, item: str) -> bool:
        if kin and len(self._learnt_by.get((kin, item), set()) - {talk.who}) >= SIBLINGS:
            return True
        occasion, times = self._events.at(talk.who, talk.begin_ns)
        # The first start and the first update that are seen show what belongs to them.
        return (
            occasion is not Occasion.STEADY
            and times <= 1
            and talk.verdict.purpose not in _DOUBTFUL
            and talk.verdict.confidence.rank >= Confidence.MEDIUM.rank
        )

    def _know(self, value: dict[str, Any], who: str, item: str, how: str) -> None:
        known = value["known"]
        if len(known) >= MOST_KNOWN:
            del known[next(iter(known))]
        known[item] = how
        if how == LEARNT and value["kin"]:
            self._learnt_by.setdefault((value["kin"], item), set()).add(who)
