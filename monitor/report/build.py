"""Builds the report, as plain data, that terminal, ``--json`` and HTML show."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from monitor.model.clock import utc_text
from monitor.model.frames import InputInfo
from monitor.model.records import Device, Finding
from monitor.report import restricted
from monitor.report.summary import Summary
from monitor.report.units import plural, span_text

GAP_NS = 60 * 10**9
"""Time between two captures that is worth saying: a file that is changed for the next takes less."""


@dataclasses.dataclass(slots=True, kw_only=True)
class RunFacts:
    """What the pipeline knows at the end of a run, beside its records."""

    version: str
    inputs: Sequence[InputInfo]
    assumed: Sequence[str]
    losses: Sequence[str]
    counters: Mapping[str, Mapping[str, int]]
    attributions: Sequence[str]
    databases: Sequence[Mapping[str, Any]]
    devices: Mapping[str, Device]
    coverage: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    isolation: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    inventory: Mapping[str, Any] | None = None
    """None: none was given."""

    left_out: int = 0
    """Flows of addresses that are not among the cameras that were named."""


def build(summary: Summary, findings: Sequence[Finding], facts: RunFacts) -> dict[str, Any]:
    """Return the report: JSON-ready, deterministic for the same input."""
    cameras = summary.as_dict(facts.devices)["cameras"]
    frames = sum(item.frames for item in facts.inputs)
    return {
        "version": facts.version,
        "inputs": [dataclasses.asdict(item) for item in facts.inputs],
        "period": _period(facts.inputs),
        "gaps": _gaps(facts.inputs),
        "totals": {
            "frames": frames,
            "frame_bytes": sum(item.frame_bytes for item in facts.inputs),
            "flows": summary.flows,
            "cameras": len(cameras),
        },
        "verdict": verdict(cameras, frames=frames, left_out=facts.left_out),
        "isolation": dict(facts.isolation),
        "coverage": dict(facts.coverage),
        "inventory": None if facts.inventory is None else dict(facts.inventory),
        "cameras": cameras,
        "restrictions": restricted.lists(cameras),
        "findings": [finding_dict(finding) for finding in findings],
        "assumed": list(facts.assumed),
        "losses": list(facts.losses),
        "counters": {stage: dict(counts) for stage, counts in facts.counters.items()},
        "databases": [dict(database) for database in facts.databases],
        "attributions": list(facts.attributions),
    }


def finding_dict(finding: Finding) -> dict[str, Any]:
    """Return a finding as it stands in findings.json."""
    return {
        "rule": finding.rule,
        "severity": str(finding.severity),
        "title": finding.title,
        "camera": finding.camera_ip,
        "explanation": finding.explanation,
        "first": utc_text(finding.first_ns),
        "last": utc_text(finding.last_ns),
        "flows": finding.flows,
        "evidence": [{"kind": e.kind, "value": e.value} for e in finding.evidence],
        "flow_ids": list(finding.flow_ids),
    }


def verdict(
    cameras: Sequence[Mapping[str, Any]], *, frames: int = 1, left_out: int = 0
) -> dict[str, Any]:
    """Say in one sentence whether anything got out, from what this capture shows.

    A capture cannot prove more than itself: the sentence speaks of what was seen, and whether
    the mirror saw all is not known here.

    Args:
        cameras: Of the summary.
        frames: Frames that could be read.
        left_out: Flows of addresses that are not among the cameras that were named.
    """
    of = plural(len(cameras), "address", "addresses")

    def having(count: Callable[[Mapping[str, Any]], int]) -> tuple[int, int]:
        counts = [count(camera) for camera in cameras]
        return sum(1 for n in counts if n), sum(counts)

    out, answered = having(lambda c: c["outside_answered"] - c["inbound_answered"])
    reached, visits = having(lambda c: c["inbound_answered"])
    tried, attempts = having(lambda c: c["outside_flows"] - c["inbound_flows"])
    knocked, knocks = having(lambda c: c["inbound_flows"])
    spoke = [camera for camera in cameras if camera["outside_flows"]]
    is_one_way = bool(spoke) and all(camera["one_way"] for camera in spoke)
    parts = []
    if out:
        parts.append(
            f"Traffic left the site: {out} of {of} got answers from outside "
            f"in {plural(answered, 'flow')}."
        )
    if reached:
        parts.append(f"Somebody outside reached {reached} of {of} in {plural(visits, 'flow')}.")
    if is_one_way:
        parts.append("The reverse direction was never seen: the capture holds one of two.")
    if out or reached:
        return {"state": "open", "text": " ".join(parts)}
    if is_one_way:
        parts.insert(0, f"{tried} of {of} sent to the outside; whether anything came back is open.")
        return {"state": "one-way", "text": " ".join(parts)}
    if tried:
        parts.append(
            f"Attempts only: {tried} of {of} tried to reach the outside "
            f"{plural(attempts, 'time')}; no answer was seen."
        )
    if knocked:
        parts.append(
            f"Somebody outside tried to reach {knocked} of {of} {plural(knocks, 'time')}, in vain."
        )
    if parts:
        return {"state": "attempts", "text": " ".join(parts)}
    if cameras:
        text = f"Nothing in this capture went outside: {of} kept to the site."
        return {"state": "quiet", "text": text}
    if not frames:
        text = "Nothing could be read: whether anything left the site cannot be told."
    elif left_out:
        flows = plural(left_out, "flow")
        text = f"None of the named cameras was seen; {flows} of other addresses were left out."
    else:
        text = "No camera spoke in this capture."
    return {"state": "empty", "text": text}


def _period(inputs: Sequence[InputInfo]) -> dict[str, str] | None:
    firsts = [item.first_ns for item in inputs if item.first_ns is not None]
    lasts = [item.last_ns for item in inputs if item.last_ns is not None]
    if not firsts or not lasts:
        return None
    first, last = min(firsts), max(lasts)
    start, end = utc_text(first), utc_text(last)
    until = end[11:19] if end[:10] == start[:10] else end[:19].replace("T", " ")
    text = f"{start[:19].replace('T', ' ')} to {until} UTC"
    return {"first": start, "last": end, "text": f"{text} ({span_text((last - first) / 1e9)})"}


def _gaps(inputs: Sequence[InputInfo]) -> list[str]:
    """Return when no capture ran between the first and the last, one line each."""
    spans = sorted(
        (item.first_ns, item.last_ns)
        for item in inputs
        if item.first_ns is not None and item.last_ns is not None
    )
    gaps = []
    until = spans[0][1] if spans else 0
    for first, last in spans:
        if first - until >= GAP_NS:
            since, to = (utc_text(at)[:19].replace("T", " ") for at in (until, first))
            gaps.append(f"{since} to {to} UTC ({span_text((first - until) / 1e9)})")
        until = max(until, last)
    return gaps
