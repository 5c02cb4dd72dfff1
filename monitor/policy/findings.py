"""Gathers what the rules find into one finding for each rule and camera."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from typing_extensions import override

from monitor.model.addresses import ip_text
from monitor.model.arrays import I64
from monitor.model.records import Evidence, Finding
from monitor.model.rows import RecordBatch, protocol_text
from monitor.model.words import Severity
from monitor.policy.compile import Conditions
from monitor.policy.load import shipped_rules
from monitor.policy.rule import Rule
from monitor.policy.watching import bursts_of

MAX_EVIDENCE = 8
"""Parties named in a finding; more only raise its count of flows."""

MAX_FLOW_IDS = 5
"""Flows named in a finding."""


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
    flow_ids: list[str] = dataclasses.field(default_factory=list)


class Findings:
    """The findings of one run. Bounded by cameras times rules."""

    def __init__(self, rules: Sequence[Rule] | None = None) -> None:
        asked = shipped_rules() if rules is None else rules
        self._rules = tuple(rule for rule in asked if not rule.is_live_only)
        self._conditions = Conditions([rule.when for rule in self._rules])
        self._bursts = bursts_of(self._rules)
        self._open: dict[tuple[str, str], _Open] = {}

    def add(self, batch: RecordBatch) -> None:
        """Ask every rule about the flows of a batch, and note those that it holds for."""
        for rule, mask in zip(self._rules, self._conditions.masks(batch), strict=True):
            if mask is None or not mask.any():
                continue
            rows = np.flatnonzero(mask)
            burst = self._bursts.get(rule.id)
            if burst is not None:
                rows = np.array([found.row for found in burst.take(batch, rows)], np.int64)
            if len(rows):
                self._note(rule, batch, rows)

    def _note(self, rule: Rule, batch: RecordBatch, rows: I64) -> None:
        cameras, which, counts = np.unique(
            batch.camera[rows], return_inverse=True, return_counts=True
        )
        by_camera = rows[np.argsort(which, kind="stable")]
        begin = np.concatenate([[0], np.cumsum(counts)])
        first_ns = np.minimum.reduceat(batch.start_ns[by_camera], begin[:-1])
        last_ns = np.maximum.reduceat(batch.end_ns[by_camera], begin[:-1])
        for camera, start, end, first, last in zip(
            *(c.tolist() for c in (cameras, begin[:-1], begin[1:], first_ns, last_ns)), strict=True
        ):
            ip = batch.words.cameras[camera].ip
            found = self._open.get((rule.id, ip))
            if found is None:
                found = self._open[rule.id, ip] = _Open(
                    rule.id, rule.severity, rule.title, rule.text, ip, first, last
                )
            found.flows += end - start
            found.first_ns = min(found.first_ns, first)
            found.last_ns = max(found.last_ns, last)
            if len(found.evidence) < MAX_EVIDENCE:
                self._note_parties(found, batch, by_camera[start:end][: 4 * MAX_EVIDENCE])

    @staticmethod
    def _note_parties(found: _Open, batch: RecordBatch, rows: I64) -> None:
        ours = batch.is_ours[rows]
        columns = (
            batch.party[rows],
            np.where(ours, batch.resp_hi[rows], batch.orig_hi[rows]),
            np.where(ours, batch.resp_lo[rows], batch.orig_lo[rows]),
            np.where(ours, batch.resp_port[rows], batch.orig_port[rows]),
            batch.protocol[rows],
        )
        sides = zip(*(column.tolist() for column in columns), strict=True)
        firsts: dict[tuple[int, ...], int] = {}
        for side, flow_id in zip(sides, batch.flow_id[rows].tolist(), strict=True):
            firsts.setdefault(side, flow_id)  # Later ones say nothing new.
        for side, flow_id in firsts.items():
            if len(found.evidence) >= MAX_EVIDENCE:
                return
            seen = _seen_with(batch, *side)
            if seen in found.evidence:
                continue
            found.evidence[seen] = None
            if len(found.flow_ids) < MAX_FLOW_IDS:
                found.flow_ids.append(f"{flow_id:016x}")

    @override
    def __getstate__(self) -> dict[str, object]:
        """Return what crosses to another process: what was found, not the rules, which are code."""
        return {"_rules": (), "_open": self._open}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take what crossed; more flows are not asked about."""
        self._rules, self._open = state["_rules"], state["_open"]
        self._conditions, self._bursts = Conditions(()), {}

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
            mine.flow_ids += theirs.flow_ids[: MAX_FLOW_IDS - len(mine.flow_ids)]

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
                    flow_ids=tuple(f.flow_ids),
                )
                for f in self._open.values()
            ),
            key=lambda f: (-order.index(f.severity), f.rule, f.camera_ip),
        )


def _seen_with(
    batch: RecordBatch, party: int, hi: int, lo: int, port: int, protocol: int
) -> Evidence:
    """Return who was on the other side of a flow, in words."""
    name = batch.words.parties[party].name or ip_text(hi, lo)
    return Evidence("destination", f"{name} port {port} ({protocol_text(protocol)})")
