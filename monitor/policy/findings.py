"""Gathers what the rules find into one finding for each rule and camera."""

import dataclasses
from collections.abc import Iterable

from typing_extensions import override

from monitor.model.facts import Dissection
from monitor.model.records import Evidence, Finding, FlowRecord
from monitor.model.words import Purpose, Scope, Severity
from monitor.policy.rules import RULES, Rule

MAX_EVIDENCE = 8
"""Parties named in a finding; more only raise its count of flows."""

MAX_KINDS = 1 << 16

_Kind = tuple[Purpose, Scope, str, str, int]


@dataclasses.dataclass(slots=True)
class _Open:
    rule: str
    severity: Severity
    title: str
    explanation: str
    camera_ip: str
    first_ns: int
    last_ns: int
    flows: int = 0
    evidence: dict[Evidence, None] = dataclasses.field(default_factory=dict)


class Findings:
    """The findings of one run. Bounded by cameras times rules."""

    def __init__(self, rules: tuple[Rule, ...] = RULES) -> None:
        self._rules = rules
        self._open: dict[tuple[str, str], _Open] = {}
        self._memo: dict[_Kind, tuple[Dissection, tuple[Rule, ...]]] = {}

    def add(self, made: Iterable[tuple[FlowRecord, Dissection]]) -> None:
        """Ask every rule about flows.

        Rules look at the kind of a flow alone (purpose, scope, outcome, direction, facts), so
        the answer for a kind is remembered. Equal dissections must be one object.
        """
        memo = self._memo
        for record, dissection in made:
            kind = (
                record.verdict.purpose,
                record.scope,
                record.outcome,
                record.initiated_by,
                id(dissection),
            )
            known = memo.get(kind)
            if known is None:
                if len(memo) >= MAX_KINDS:
                    memo.clear()
                rules = tuple(rule for rule in self._rules if rule.holds(record, dissection))
                known = memo[kind] = (dissection, rules)
            for rule in known[1]:
                self._note(rule, record)

    def _note(self, rule: Rule, record: FlowRecord) -> None:
        key = (rule.id, record.camera.ip)
        found = self._open.get(key)
        if found is None:
            found = self._open[key] = _Open(
                rule.id,
                rule.severity,
                rule.title,
                rule.explanation,
                record.camera.ip,
                record.start_ns,
                record.end_ns,
            )
        found.flows += 1
        found.first_ns = min(found.first_ns, record.start_ns)
        found.last_ns = max(found.last_ns, record.end_ns)
        if len(found.evidence) < MAX_EVIDENCE:
            to = record.destination
            party = to.name or to.ip
            found.evidence[
                Evidence("destination", f"{party} port {to.port} ({record.protocol})", "")
            ] = None

    @override
    def __getstate__(self) -> dict[str, object]:
        """Return what crosses to another process: what was found, not the rules, which are code."""
        return {"_rules": (), "_open": self._open, "_memo": {}}

    def merge(self, other: "Findings") -> None:
        """Add what another found."""
        for key, theirs in other._open.items():  # noqa: SLF001  # another of this class
            mine = self._open.setdefault(key, theirs)
            if mine is theirs:
                continue
            mine.flows += theirs.flows
            mine.first_ns = min(mine.first_ns, theirs.first_ns)
            mine.last_ns = max(mine.last_ns, theirs.last_ns)
            room = MAX_EVIDENCE - len(mine.evidence)
            mine.evidence.update(dict.fromkeys(list(theirs.evidence)[:room]))

    def as_list(self) -> list[Finding]:
        """Return the findings, worst first, then by camera."""
        order = list(Severity)
        return sorted(
            (
                Finding(
                    rule=f.rule,
                    severity=f.severity,
                    title=f.title,
                    camera_ip=f.camera_ip,
                    explanation=f.explanation,
                    first_ns=f.first_ns,
                    last_ns=f.last_ns,
                    flows=f.flows,
                    evidence=tuple(f.evidence),
                )
                for f in self._open.values()
            ),
            key=lambda f: (-order.index(f.severity), f.rule, f.camera_ip),
        )
