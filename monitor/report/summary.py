"""What the cameras said, added up: the figures behind the terminal page, the JSON and the HTML."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from monitor.model.clock import utc_text
from monitor.model.records import Device, Evidence, FlowRecord
from monitor.model.words import PURPOSE_GROUPS, Outcome, Scope

MAX_LINES = 100
"""Lines kept for each camera; what comes beyond is added up under `OTHER`."""

OTHER = "(others)"

MAX_LISTED = 8
"""Names and countries kept of each line."""

UNADDRESSED = frozenset(("0.0.0.0", "::"))  # noqa: S104  # as seen in packets, nothing is bound
"""What devices call themselves before they have an address: not one device, so no camera's line."""

_Key = tuple[str, str, str, str]


@dataclasses.dataclass(slots=True)
class Line:
    """One camera talking to one party for one purpose."""

    purpose: str
    scope: str
    party: str
    """Operator, else name, else network, else address."""

    network: bool
    """The party is known as a network only: no name, no operator."""

    operator: str
    operator_country: str
    flows: int = 0
    answered: int = 0
    refused: int = 0
    bytes_out: int = 0
    bytes_in: int = 0
    first_ns: int = 0
    last_ns: int = 0
    names: dict[str, None] = dataclasses.field(default_factory=dict)
    countries: dict[str, None] = dataclasses.field(default_factory=dict)
    confidence: str = "none"
    evidence: tuple[Evidence, ...] = ()
    """Of the first flow: how it is known."""


class Summary:
    """Adds up flow records. Bounded by cameras times `MAX_LINES`."""

    def __init__(self) -> None:
        self._lines: dict[_Key, Line] = {}
        self._per_camera: dict[str, int] = defaultdict(int)
        self.flows = 0
        self.cameras: dict[str, Device] = {}

    def add(self, records: Iterable[FlowRecord]) -> None:
        """Add flow records."""
        lines = self._lines
        for record in records:
            to = record.destination
            verdict = record.verdict
            party = (
                to.operator
                or to.name
                or to.as_org
                or (to.ip if record.scope is not Scope.OUTSIDE else "")
            )
            key = (record.camera.ip, verdict.purpose, record.scope, party)
            line = lines.get(key)
            if line is None:
                line = self._new_line(key, record)
            is_ours = record.initiated_by == "camera"
            orig, resp = record.orig, record.resp
            line.flows += 1
            if is_ours:
                line.bytes_out += orig.bytes
                line.bytes_in += resp.bytes
            else:
                line.bytes_out += resp.bytes
                line.bytes_in += orig.bytes
            if record.outcome == Outcome.ANSWERED:
                line.answered += 1
            elif record.outcome == Outcome.REFUSED:
                line.refused += 1
            if record.end_ns > line.last_ns:
                line.last_ns = record.end_ns
            if record.start_ns < line.first_ns:
                line.first_ns = record.start_ns
            if to.name and len(line.names) < MAX_LISTED:
                line.names[to.name] = None
            if to.country and len(line.countries) < MAX_LISTED:
                line.countries[to.country] = None
            self.flows += 1

    def merge(self, other: "Summary") -> None:
        """Add what another summary added up."""
        for key, line in other._lines.items():  # noqa: SLF001  # another of this class
            mine = self._lines.get(key)
            if mine is None:
                self._lines[key] = line
                self._per_camera[key[0]] += 1
                continue
            mine.flows += line.flows
            mine.answered += line.answered
            mine.refused += line.refused
            mine.bytes_out += line.bytes_out
            mine.bytes_in += line.bytes_in
            mine.first_ns = min(mine.first_ns, line.first_ns)
            mine.last_ns = max(mine.last_ns, line.last_ns)
            for names, more in ((mine.names, line.names), (mine.countries, line.countries)):
                names.update(dict.fromkeys(list(more)[: MAX_LISTED - len(names)]))
        for ip, device in other.cameras.items():
            self.cameras.setdefault(ip, device)
        self.flows += other.flows

    def _new_line(self, key: _Key, record: FlowRecord) -> Line:
        camera, purpose, scope, party = key
        self.cameras.setdefault(camera, record.camera)
        if self._per_camera[camera] >= MAX_LINES:
            party = OTHER
            key = (camera, purpose, scope, party)
            known = self._lines.get(key)
            if known is not None:
                return known
        self._per_camera[camera] += 1
        to = record.destination
        line = self._lines[key] = Line(
            purpose=purpose,
            scope=scope,
            party=party,
            network=not (to.operator or to.name or party == OTHER),
            operator="" if party == OTHER else to.operator,
            operator_country="" if party == OTHER else to.operator_country,
            first_ns=record.start_ns,
            last_ns=record.end_ns,
            confidence=str(record.verdict.confidence),
            evidence=() if party == OTHER else record.verdict.evidence,
        )
        return line

    def as_dict(self, devices: Mapping[str, Device]) -> dict[str, Any]:
        """Return the figures as plain data, cameras in address order, lines by bytes sent."""
        by_camera: dict[str, list[Line]] = defaultdict(list)
        for (camera, *_), line in self._lines.items():
            if camera not in UNADDRESSED:
                by_camera[camera].append(line)
        return {
            "cameras": [
                _camera(devices.get(ip) or self.cameras[ip], by_camera[ip])
                for ip in sorted(by_camera, key=_address_order)
            ],
            "flows": self.flows,
        }


def _address_order(ip: str) -> tuple[int, tuple[int, ...], str]:
    if ":" in ip:
        return 1, (), ip
    return 0, tuple(int(part) for part in ip.split(".")), ip


def _camera(device: Device, lines: list[Line]) -> dict[str, Any]:
    order = {str(p): i for i, p in enumerate(PURPOSE_GROUPS)}
    scopes = {str(s): i for i, s in enumerate(Scope)}
    lines = sorted(lines, key=lambda x: (scopes[x.scope], order[x.purpose], -x.bytes_out, x.party))
    outside = [line for line in lines if line.scope == Scope.OUTSIDE]
    return {
        "ip": device.ip,
        "mac": device.mac or None,
        "oui": device.oui or None,
        "maker": device.maker or None,
        "brand": device.brand or None,
        "model": device.model or None,
        "firmware": device.firmware or None,
        "kind": str(device.kind),
        "confidence": str(device.confidence),
        "flows": sum(line.flows for line in lines),
        "outside_flows": sum(line.flows for line in outside),
        "outside_answered": sum(line.answered for line in outside),
        "outside_bytes_out": sum(line.bytes_out for line in outside),
        "outside_bytes_in": sum(line.bytes_in for line in outside),
        "talks": [_talk(line) for line in lines],
    }


def _talk(line: Line) -> dict[str, Any]:
    return {
        "purpose": line.purpose,
        "scope": line.scope,
        "party": line.party or None,
        "names": list(line.names),
        "is_network": line.network,
        "countries": sorted(line.countries),
        "operator": line.operator or None,
        "operator_country": line.operator_country or None,
        "confidence": line.confidence,
        "evidence": [
            {"kind": e.kind, "value": e.value, "catalog": e.catalog or None} for e in line.evidence
        ],
        "flows": line.flows,
        "answered": line.answered,
        "refused": line.refused,
        "unanswered": line.flows - line.answered - line.refused,
        "bytes_out": line.bytes_out,
        "bytes_in": line.bytes_in,
        "first": utc_text(line.first_ns),
        "last": utc_text(line.last_ns),
    }
