"""What the cameras said, added up: the figures behind the terminal page, the JSON and the HTML."""

import dataclasses
import functools
import operator
from collections import defaultdict
from collections.abc import Mapping
from itertools import islice
from typing import Any, TypeVar

import numpy as np
from typing_extensions import override

from monitor.model.addresses import ip_text
from monitor.model.arrays import I64, Bool
from monitor.model.clock import utc_text
from monitor.model.records import Device, Evidence
from monitor.model.rows import SCOPES, RecordBatch, Vocabulary
from monitor.model.words import OUTCOMES, PURPOSE_GROUPS, Outcome, Purpose, Scope
from monitor.report import restricted
from monitor.report.units import plural

K = TypeVar("K")

MAX_LINES = 60
"""Lines kept for each camera; what comes beyond is added up under `OTHER`."""

OTHER = "(others)"

MAX_LISTED = 8
"""Names, countries and hosting companies kept of each line."""

MAX_FLOW_IDS = 3
"""Flows named of each line, one for each party."""

UNADDRESSED = frozenset(("0.0.0.0", "::"))  # noqa: S104  # as seen in packets, nothing is bound
"""What devices call themselves before they have an address: not one device, so no camera's line."""

MOST_NOTED = 1 << 20

_Key = tuple[str, str, str, str]
"""Camera, purpose, scope, party."""

_PURPOSES = {purpose: number for number, purpose in enumerate(Purpose)}
_OTHER_LABEL = 0
_NAMELESS = -1


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
    inbound: int = 0
    """Flows that the other side opened."""

    inbound_answered: int = 0
    halves: int = 0
    """TCP flows that went on, with packets of one side only."""

    packets_out: int = 0
    packets_in: int = 0
    bytes_out: int = 0
    bytes_in: int = 0
    first_ns: int = 0
    last_ns: int = 0
    names: dict[str, None] = dataclasses.field(default_factory=dict)
    countries: dict[str, None] = dataclasses.field(default_factory=dict)
    hosting: dict[tuple[str, str], None] = dataclasses.field(default_factory=dict)
    """Companies in whose networks the servers are, each with its home country or empty text."""

    flow_ids: list[str] = dataclasses.field(default_factory=list)
    confidence: str = "none"
    evidence: tuple[Evidence, ...] = ()
    """Of the first flow: how it is known."""

    @override
    def __reduce__(self) -> tuple[type["Line"], tuple[Any, ...]]:
        """Cross between processes as a tuple: there are tens of thousands."""
        return Line, _fields_of(self)


_fields_of = operator.attrgetter(*(field.name for field in dataclasses.fields(Line)))


class Tally:
    """Adds up batches of flow records. Bounded by cameras times `MAX_LINES`.

    A row costs one look-up by number; sums are made for all rows together.
    """

    def __init__(self) -> None:
        self._at: dict[int, int] = {}
        self._lines: list[tuple[_Key, Line]] = []
        self._per_camera: dict[int, int] = defaultdict(int)
        self._cameras: dict[str, int] = {}
        self._devices: list[Device] = []
        self._labels: dict[str, int] = {OTHER: _OTHER_LABEL}
        self._label_texts: list[str] = [OTHER]
        self._sums = np.zeros((12, 1024), np.int64)
        self._noted: set[int] = set()
        self._words: Vocabulary | None = None
        self._maps = _Maps()
        self._flows = 0

    def add(self, batch: RecordBatch) -> None:
        """Add flow records."""
        if not len(batch):
            return
        maps = self._catch_up(batch.words)
        labels = np.array(maps.labels, np.int64)[batch.party]
        nameless = labels == _NAMELESS
        if nameless.any():
            labels = self._address_labels(batch, labels, nameless)
        cameras = np.array(maps.cameras, np.int64)[batch.camera]
        purposes = np.array(maps.purposes, np.int64)[batch.verdict]
        keys = ((cameras << 5 | purposes) << 2 | batch.scope) << 32 | labels
        at = self._at
        rows = np.array(
            [
                line if (line := at.get(key)) is not None else self._open(key, row, batch)
                for row, key in enumerate(keys.tolist())
            ],
            np.int64,
        )
        self._sum(batch, rows)
        self._note(batch, rows)
        self._flows += len(batch)

    def summary(self) -> "Summary":
        """Return what was added up; the lines are those of this tally."""
        made = Summary()
        made.flows = self._flows
        made.cameras = {device.ip: device for device in self._devices}
        sums = self._sums[:, : len(self._lines)].T.tolist()
        for (key, line), row in zip(self._lines, sums, strict=True):
            (
                line.flows, line.answered, line.refused, line.bytes_out, line.bytes_in,
                line.first_ns, line.last_ns, line.inbound, line.inbound_answered, line.halves,
                line.packets_out, line.packets_in,
            ) = row  # fmt: skip
            made.put(key, line)
        return made

    def _catch_up(self, words: Vocabulary) -> "_Maps":
        """Number what is new in the vocabulary."""
        if words is not self._words:
            self._words, self._maps = words, _Maps()
            self._noted.clear()
        maps = self._maps
        for device in words.cameras[len(maps.cameras) :]:
            number = self._cameras.get(device.ip)
            if number is None:
                number = self._cameras[device.ip] = len(self._devices)
                self._devices.append(device)
            maps.cameras.append(number)
        for party in words.parties[len(maps.labels) :]:
            label = party.operator or party.name or party.as_org
            maps.labels.append(self._label(label) if label else _NAMELESS)
        for verdict in words.verdicts[len(maps.purposes) :]:
            maps.purposes.append(_PURPOSES[verdict.purpose])
        return maps

    def _label(self, text: str) -> int:
        number = self._labels.get(text)
        if number is None:
            number = self._labels[text] = len(self._label_texts)
            self._label_texts.append(text)
        return number

    def _address_labels(self, batch: RecordBatch, labels: I64, nameless: Bool) -> I64:
        """Label nameless destinations inside the site by address, and all others as one."""
        labels = labels.copy()
        for row in np.flatnonzero(nameless).tolist():
            text = ""
            if SCOPES[batch.scope[row]] is not Scope.OUTSIDE:
                if batch.is_ours[row]:
                    text = ip_text(int(batch.resp_hi[row]), int(batch.resp_lo[row]))
                else:
                    text = ip_text(int(batch.orig_hi[row]), int(batch.orig_lo[row]))
            labels[row] = self._label(text)
        return labels

    def _open(self, key: int, row: int, batch: RecordBatch) -> int:
        """Return the line of a key that is new: its own, or that of others of the camera."""
        camera, label = key >> 39, key & 0xFFFF_FFFF
        if self._per_camera[camera] >= MAX_LINES and label != _OTHER_LABEL:
            rest = key - label + _OTHER_LABEL
            known = self._at.get(rest)
            # The key itself is not remembered: there is no bound on how many come.
            return known if known is not None else self._open(rest, row, batch)
        self._per_camera[camera] += 1
        verdict = batch.words.verdicts[batch.verdict[row]]
        party = batch.words.parties[batch.party[row]]
        scope = SCOPES[batch.scope[row]]
        is_other = label == _OTHER_LABEL
        text = self._label_texts[label]
        line = Line(
            purpose=verdict.purpose,
            scope=scope,
            party=text,
            network=not (party.operator or party.name or is_other),
            operator="" if is_other else party.operator,
            operator_country="" if is_other else party.operator_country,
            confidence=str(verdict.confidence),
            evidence=() if is_other else verdict.evidence,
        )
        number = self._at[key] = len(self._lines)
        self._lines.append(((self._devices[camera].ip, verdict.purpose, scope, text), line))
        if number >= self._sums.shape[1]:
            self._sums = np.concatenate([self._sums, np.zeros_like(self._sums)], axis=1)
        self._sums[5, number] = batch.start_ns[row]
        self._sums[6, number] = batch.end_ns[row]
        return number

    def _sum(self, batch: RecordBatch, rows: I64) -> None:
        sums, count = self._sums, len(self._lines)
        sums[0, :count] += np.bincount(rows, minlength=count)
        for at, outcome in ((1, Outcome.ANSWERED), (2, Outcome.REFUSED)):
            hit = rows[batch.outcome == OUTCOMES.index(outcome)]
            sums[at, :count] += np.bincount(hit, minlength=count)
        ours = batch.is_ours
        sums[7, :count] += np.bincount(rows[~ours], minlength=count)
        met = ~ours & (batch.outcome == OUTCOMES.index(Outcome.ANSWERED))
        sums[8, :count] += np.bincount(rows[met], minlength=count)
        out = np.where(ours, batch.orig_bytes, batch.resp_bytes).astype(np.int64)
        back = np.where(ours, batch.resp_bytes, batch.orig_bytes).astype(np.int64)
        np.add.at(sums[3], rows, out)
        np.add.at(sums[4], rows, back)
        sums[9, :count] += np.bincount(rows[batch.is_half], minlength=count)
        packets = (batch.orig_pkts.astype(np.int64), batch.resp_pkts.astype(np.int64))
        np.add.at(sums[10], rows, np.where(ours, *packets))
        np.add.at(sums[11], rows, np.where(ours, *packets[::-1]))
        np.minimum.at(sums[5], rows, batch.start_ns)
        np.maximum.at(sums[6], rows, batch.end_ns)

    def _note(self, batch: RecordBatch, rows: I64) -> None:
        """Note names and countries of each line, the first few in order of appearance."""
        pairs = rows << 32 | batch.party
        if len(self._noted) > MOST_NOTED:
            self._noted.clear()
        distinct, first_row = np.unique(pairs, return_index=True)
        order = np.argsort(first_row)
        for pair, row in zip(distinct[order].tolist(), first_row[order].tolist(), strict=True):
            if pair in self._noted:
                continue
            self._noted.add(pair)
            line, party = self._lines[pair >> 32][1], batch.words.parties[pair & 0xFFFF_FFFF]
            if party.name and len(line.names) < MAX_LISTED:
                line.names[party.name] = None
            if party.country and len(line.countries) < MAX_LISTED:
                line.countries[party.country] = None
            if party.hosting and len(line.hosting) < MAX_LISTED:
                line.hosting[party.hosting, party.hosting_country] = None
            if len(line.flow_ids) < MAX_FLOW_IDS:
                line.flow_ids.append(f"{batch.flow_id[row]:016x}")


class _Maps:
    """Numbers of the entries of one vocabulary."""

    def __init__(self) -> None:
        self.cameras: list[int] = []
        self.labels: list[int] = []
        self.purposes: list[int] = []


class Summary:
    """What the cameras said, line by line."""

    def __init__(self) -> None:
        self._lines: dict[_Key, Line] = {}
        self.flows = 0
        self.cameras: dict[str, Device] = {}

    def put(self, key: _Key, line: Line) -> None:
        """Put a line in."""
        self._lines[key] = line

    def merge(self, other: "Summary") -> None:
        """Add what another summary added up."""
        for key, line in other._lines.items():  # noqa: SLF001  # another of this class
            mine = self._lines.get(key)
            if mine is None:
                self._lines[key] = line
                continue
            mine.flows += line.flows
            mine.answered += line.answered
            mine.refused += line.refused
            mine.inbound += line.inbound
            mine.inbound_answered += line.inbound_answered
            mine.halves += line.halves
            mine.packets_out += line.packets_out
            mine.packets_in += line.packets_in
            mine.bytes_out += line.bytes_out
            mine.bytes_in += line.bytes_in
            mine.first_ns = min(mine.first_ns, line.first_ns)
            mine.last_ns = max(mine.last_ns, line.last_ns)
            mine.names = _first(mine.names, line.names)
            mine.countries = _first(mine.countries, line.countries)
            mine.hosting = _first(mine.hosting, line.hosting)
            mine.flow_ids = [*mine.flow_ids, *line.flow_ids][:MAX_FLOW_IDS]
        for ip, device in other.cameras.items():
            self.cameras.setdefault(ip, device)
        self.flows += other.flows

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


def _first(ours: dict[K, None], theirs: dict[K, None]) -> dict[K, None]:
    return dict.fromkeys(islice(ours | theirs, MAX_LISTED))


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
        "name": device.name or None,
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
        "outside_refused": sum(line.refused for line in outside),
        "inbound_flows": sum(line.inbound for line in outside),
        "inbound_answered": sum(line.inbound_answered for line in outside),
        "outside_bytes_out": sum(line.bytes_out for line in outside),
        "outside_bytes_in": sum(line.bytes_in for line in outside),
        "one_way": _one_way(outside),
        "restrictions": restricted.named(device.maker, device.brand),
        "talks": [_talk(line) for line in lines],
    }


def _one_way(outside: list[Line]) -> str | None:
    """Return what to say where the capture holds one direction of a camera's traffic only.

    Silence alone does not show it: attempts get no answer behind a firewall. TCP that goes on
    does, since it does not without the other side.
    """
    halves = sum(line.halves for line in outside)
    sent = sum(line.packets_out for line in outside)
    received = sum(line.packets_in for line in outside)
    if not halves or (sent and received):
        return None
    seen = "what it sends" if sent else "what it receives"
    went_on = plural(halves, "connection")
    return (
        f"the reverse direction was never seen: the capture holds {seen} only, though {went_on} "
        "went on; look at the mirror port"
    )


@functools.lru_cache(maxsize=4096)
def _restrictions(operator: str) -> list[dict[str, str]]:
    return restricted.named(operator)


@functools.lru_cache(maxsize=4096)
def _evidence(evidence: tuple[Evidence, ...]) -> list[dict[str, str | None]]:
    return [{"kind": e.kind, "value": e.value, "catalog": e.catalog or None} for e in evidence]


def _talk(line: Line) -> dict[str, Any]:
    """Return a line as plain data. What many lines share is one object: nobody may change it."""
    return {
        "purpose": line.purpose,
        "scope": line.scope,
        "party": line.party or None,
        "names": list(line.names),
        "is_network": line.network,
        "countries": sorted(line.countries),
        "operator": line.operator or None,
        "operator_country": line.operator_country or None,
        "hosting": [{"name": name, "country": country or None} for name, country in line.hosting],
        "restrictions": _restrictions(line.operator),
        "confidence": line.confidence,
        "evidence": _evidence(line.evidence),
        "flows": line.flows,
        "answered": line.answered,
        "refused": line.refused,
        "unanswered": line.flows - line.answered - line.refused,
        "bytes_out": line.bytes_out,
        "bytes_in": line.bytes_in,
        "first": utc_text(line.first_ns),
        "last": utc_text(line.last_ns),
        "flow_ids": line.flow_ids,
    }
