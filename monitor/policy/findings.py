"""Gathers what the rules find into one finding for each rule and camera."""

import dataclasses

import numpy as np
from typing_extensions import override

from monitor.model.addresses import ip_text
from monitor.model.arrays import I64
from monitor.model.records import Evidence, Finding
from monitor.model.rows import SCOPES, RecordBatch, protocol_text
from monitor.model.words import OUTCOMES, Severity
from monitor.policy.rules import RULES, FlowKind, Rule

MAX_EVIDENCE = 8
"""Parties named in a finding; more only raise its count of flows."""


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

    def add(self, batch: RecordBatch) -> None:
        """Ask every rule about the kinds of flows in a batch, and note those it holds for."""
        words = batch.words
        # One number a kind: vocabularies are far below 2^24 entries.
        keys = (
            batch.verdict.astype(np.int64) << 34
            | batch.dissection.astype(np.int64) << 8
            | batch.scope.astype(np.int64) << 4
            | batch.outcome.astype(np.int64) << 1
            | batch.is_ours
        )
        distinct, kind_of = np.unique(keys, return_inverse=True)
        order = np.argsort(kind_of, kind="stable")
        ends = np.cumsum(np.bincount(kind_of, minlength=len(distinct)))
        hits: dict[str, list[I64]] = {}
        begin = 0
        for end, key in zip(ends.tolist(), distinct.tolist(), strict=True):
            rows, begin = order[begin:end], end
            kind = FlowKind(
                words.verdicts[key >> 34],
                SCOPES[key >> 4 & 15],
                OUTCOMES[key >> 1 & 7],
                "camera" if key & 1 else "destination",
                words.dissections[key >> 8 & 0x3FF_FFFF],
            )
            for rule in self._rules:
                if rule.holds(kind):
                    hits.setdefault(rule.id, []).append(rows)
        for rule in self._rules:
            if rule.id in hits:
                self._note(rule, batch, np.sort(np.concatenate(hits[rule.id])))

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
                    rule.id, rule.severity, rule.title, rule.explanation, ip, first, last
                )
            found.flows += end - start
            found.first_ns = min(found.first_ns, first)
            found.last_ns = max(found.last_ns, last)
            for row in by_camera[start:end][: 4 * MAX_EVIDENCE].tolist():
                if len(found.evidence) >= MAX_EVIDENCE:
                    break
                found.evidence[_seen_with(batch, row)] = None

    @override
    def __getstate__(self) -> dict[str, object]:
        """Return what crosses to another process: what was found, not the rules, which are code."""
        return {"_rules": (), "_open": self._open}

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


def _seen_with(batch: RecordBatch, row: int) -> Evidence:
    """Return who was on the other side of a flow, in words."""
    if batch.is_ours[row]:
        hi, lo, port = batch.resp_hi[row], batch.resp_lo[row], batch.resp_port[row]
    else:
        hi, lo, port = batch.orig_hi[row], batch.orig_lo[row], batch.orig_port[row]
    name = batch.words.parties[batch.party[row]].name or ip_text(int(hi), int(lo))
    return Evidence(
        "destination", f"{name} port {port} ({protocol_text(int(batch.protocol[row]))})"
    )
