"""Runs the watches that look at flows: those of short times at once, those that learn when it is time."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from monitor.language import Expression, Where, parse
from monitor.model.addresses import ip_text
from monitor.model.arrays import Bool
from monitor.model.learnt import Learnt, Update
from monitor.model.records import Evidence
from monitor.model.rows import RecordBatch
from monitor.policy import ledger
from monitor.policy.book import Hit
from monitor.policy.bursts import ManyHosts, ManyNames
from monitor.policy.changed_purpose import ChangedPurpose
from monitor.policy.compile import Names
from monitor.policy.drift import Drift
from monitor.policy.events import Events
from monitor.policy.first_contact import FirstContact
from monitor.policy.hits import group_of, hit_of, subject_of
from monitor.policy.rule import Rule
from monitor.policy.talks import Talk, Talks, bits_of

MOST_LEARNING: Final = 60
"""Rules with watches that learn: each is a bit of a 64-bit column. More are not asked."""

_TALKS: Final = parse(
    "scope = outside and outcome = answered and initiated_by = camera", Where.RULE
)
_HELLO: Final = parse("fact = 'ws-discovery.message=hello' and initiated_by = camera", Where.RULE)
"""WS-Discovery 1.1 section 4.1: a device says hello when it joins a network."""

EXTRA: Final[tuple[Expression, ...]] = (_TALKS, _HELLO, ledger.IS_FIRMWARE)
"""Conditions that are asked beside those of rules."""

Learning = FirstContact | ChangedPurpose | Drift
Burst = ManyHosts | ManyNames


def bursts_of(rules: Sequence[Rule]) -> dict[str, Burst]:
    """Return the watches of short times, by rule."""
    made: dict[str, Burst] = {}
    for rule in rules:
        if rule.watch == "many-hosts":
            made[rule.id] = ManyHosts(rule)
        elif rule.watch == "many-names":
            made[rule.id] = ManyNames(rule)
    return made


class Watching:
    """All watches over flows, with what they remember."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._bursts = bursts_of(rules)
        self._events = Events()
        self._talks = Talks()
        self._learning: list[tuple[int, Rule, Learning]] = []
        for number, rule in enumerate(rules):
            watch = self._learner(rule)
            if watch is not None and len(self._learning) < MOST_LEARNING:
                self._learning.append((number, rule, watch))
        self._updates: list[Update] = []

    @property
    def forgotten(self) -> int:
        """Things that were forgotten because a memory was full, and sums judged early."""
        memories = [watch.memory.forgotten for _, _, watch in self._learning]
        return self._events.memory.forgotten + sum(memories) + self._talks.hurried

    def load(self, learnt: Sequence[Learnt]) -> None:
        """Take what was kept."""
        rows = [Learnt(*row) for row in learnt]
        self._events.load(rows)
        for _, _, watch in self._learning:
            watch.load(rows)

    def dirty(self) -> list[Learnt]:
        """Return what was learnt since the last call."""
        made = self._events.memory.dirty()
        for _, _, watch in self._learning:
            made += watch.memory.dirty()
        return made

    def updates(self) -> list[Update]:
        """Return firmware that was fetched since the last call."""
        made, self._updates = self._updates, []
        return made

    def started(self, who: str, at_ns: int) -> None:
        """Note that a camera was started."""
        self._events.started(who, at_ns)

    def take(
        self,
        batch: RecordBatch,
        masks: Sequence[Bool | None],
        extra: Sequence[Bool | None],
        names: Names,
    ) -> list[Hit]:
        """Look at flows.

        Args:
            batch: Flow records.
            masks: Of each rule: which rows it looks at.
            extra: Of each condition of `EXTRA`.
            names: Names of cameras.
        """
        hits = []
        for rule, mask in zip(self._rules, masks, strict=True):
            burst = self._bursts.get(rule.id)
            if burst is None or mask is None or not mask.any():
                continue
            for row, evidence in burst.take(batch, np.flatnonzero(mask)):
                device = batch.words.cameras[batch.camera[row]]
                party = batch.words.parties[batch.party[row]]
                purpose = str(batch.words.verdicts[batch.verdict[row]].purpose)
                group = group_of(rule, device, party, purpose)
                hits.append(hit_of(rule, batch, [row], names, group)._replace(evidence=(evidence,)))
        talks, hello, firmware = extra
        if hello is not None:
            for row in np.flatnonzero(hello).tolist():
                device = batch.words.cameras[batch.camera[row]]
                self._events.started(device.mac or device.ip, int(batch.start_ns[row]))
        if firmware is not None:
            self._updates += ledger.updates(batch, np.flatnonzero(firmware))
        learning = [masks[number] for number, _, _ in self._learning]
        self._talks.add(batch, bits_of([talks, *learning], len(batch)))
        return hits

    def pass_time(self, now_ns: int, names: Names) -> list[Hit]:
        """Judge what has waited long enough."""
        for talk in self._talks.noted(now_ns):
            if talk.rules & 1:
                self._events.note(talk)
        hits = []
        for talk in self._talks.judged(now_ns):
            for bit, (_, rule, watch) in enumerate(self._learning, 1):
                if talk.rules >> bit & 1:
                    evidence = watch.take(talk)
                    if evidence is not None:
                        hits.append(_hit(rule, talk, evidence, names))
        return hits

    def _learner(self, rule: Rule) -> Learning | None:
        if rule.watch == "first-contact":
            return FirstContact(rule, self._events)
        if rule.watch == "changed-purpose":
            return ChangedPurpose(rule)
        return Drift(rule, self._events) if rule.watch == "drift" else None


def _hit(rule: Rule, talk: Talk, evidence: Evidence, names: Names) -> Hit:
    party = talk.party
    says_who = bool({"operator", "operator_country"} & set(rule.group))
    return Hit(
        rule=rule,
        group=group_of(rule, talk.device, party, str(talk.verdict.purpose)),
        subject=subject_of(talk.device, talk.vlan, names),
        last_ns=talk.last_ns,
        times=talk.flows,
        operator=party.operator if says_who else "",
        operator_country=party.operator_country if says_who else "",
        destinations=(party.name or ip_text(talk.other_hi, talk.other_lo),),
        evidence=(evidence,),
        flow_ids=(f"{talk.flow_id:016x}",),
    )
