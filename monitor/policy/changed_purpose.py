"""Watch ``changed-purpose``: a name and port that served one purpose serve another."""

from typing import Final

from monitor.model.learnt import Learnt
from monitor.model.records import Evidence
from monitor.model.words import PURPOSE_GROUPS, Purpose
from monitor.policy.memory import Memory
from monitor.policy.rule import DAY_NS, Rule
from monitor.policy.talks import Talk

LEAST_FLOWS: Final = 10
"""Flows of the purposes before: less is no habit."""


class ChangedPurpose:
    """Remembers of each name and port what it is for. One memory for all cameras of the site."""

    def __init__(self, rule: Rule) -> None:
        self._learn_days = max(1, int(rule.settings["learn"]) // DAY_NS)
        self._flows = int(rule.settings["flows"])
        self.memory = Memory(f"purposes-{rule.id}"[:32])

    def load(self, learnt: list[Learnt]) -> None:
        """Take what was kept."""
        self.memory.load(learnt)

    def take(self, talk: Talk) -> Evidence | None:
        """Learn from a talk; return evidence where it is worth telling."""
        if not talk.party.name:
            return None
        key, at_ns = f"{talk.party.name}:{talk.port}", talk.minute_ns
        purpose = talk.verdict.purpose
        value = self.memory.get(key)
        if value is None:
            value = self.memory.learn(key, {"days": 0, "day": -1, "known": {}, "new": {}}, at_ns)
        day = at_ns // DAY_NS
        if day > value["day"]:
            value["days"], value["day"] = value["days"] + 1, day
            self.memory.changed(key, at_ns)
        known, new = value["known"], value["new"]
        groups = {PURPOSE_GROUPS[Purpose(name)] for name in known}
        before = sum(known.values())
        is_learning = value["days"] <= self._learn_days or before < LEAST_FLOWS
        if is_learning or purpose in known or PURPOSE_GROUPS[purpose] in groups:
            known[str(purpose)] = known.get(str(purpose), 0) + talk.flows
            self.memory.seen(key, at_ns)
            return None
        new[str(purpose)] = new.get(str(purpose), 0) + talk.flows
        self.memory.changed(key, at_ns)
        if new[str(purpose)] < self._flows:
            return None
        usual = max(known, key=lambda name: (known[name], name))
        known[str(purpose)] = new.pop(str(purpose))
        return Evidence("changed-purpose", f"{key}: {usual} in {before} flows, now {purpose}")
