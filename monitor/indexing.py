"""Who, to whom and what for, of many flows at a time, as indices into a vocabulary.

What repeats is thought out once: it is found again by a number, made for all flows of a step from
columns, and only new numbers ask the stages. All memories belong to one vocabulary and go with it.
"""

import dataclasses
import operator
from collections.abc import Sequence
from itertools import compress
from typing import Any

import numpy as np

from monitor.classify import Classifier
from monitor.classify.classifier import Kind
from monitor.dissect.registry import Registry
from monitor.enrich.devices import Devices
from monitor.enrich.geo import Geo
from monitor.enrich.names import NameTable
from monitor.enrich.operators import Operators
from monitor.enrich.oui import OuiTable
from monitor.model.addresses import Address, Roles, ip_text
from monitor.model.arrays import I64, U8, U32, U64, Bool, columns_of
from monitor.model.facts import Dissection
from monitor.model.flows import FlowBatch
from monitor.model.inventory import NO_INVENTORY, Inventory
from monitor.model.records import NOWHERE, FlowView, Place, Verdict
from monitor.model.rows import SCOPES, Party, Vocabulary
from monitor.model.words import OUTCOMES, EndReason, NameSource, Protocol, Scope

MAX_KNOWN = 1 << 17
"""Kinds of flow, and contacts of cameras, that are remembered; when there are more, all are
forgotten and asked again, which changes nothing."""

MAX_SEEN = 1 << 17
"""Pairs of address and MAC that are remembered as passed on; the same when there are more."""

FAR = Address("", is_site=False, is_camera=False, scope=Scope.OUTSIDE)
"""Any address outside, where only that matters: there are too many to remember each."""

_BROADCAST_MAC = 0xFFFF_FFFF_FFFF
_TCP, _UDP = Protocol.TCP.value, Protocol.UDP.value
_SYN = 2
_ACTIVE = EndReason.ACTIVE.value
_OUTCOME_TEXT = tuple(str(outcome) for outcome in OUTCOMES)
_OUTSIDE, _SITE = SCOPES.index(Scope.OUTSIDE), SCOPES.index(Scope.SITE)
_BROADCAST = SCOPES.index(Scope.BROADCAST)
_CAMERA, _DESTINATION = "camera", "destination"

_NAME_BITS = 20
"""Bits of a name's number: a vocabulary has fewer names than parties, and is closed far below."""

_ALONE = -1
"""Code of a flow whose kind is not to be remembered; stays so whatever name is or-ed to it."""

_PartyKey = tuple[int, int, tuple[str, ...], str]
"""Number of the name, identity of the place, certificate names, address where it is a service."""


@dataclasses.dataclass(slots=True, kw_only=True)
class Stages:
    """What is asked about flows: one of each, made by the pipeline."""

    roles: Roles
    registry: Registry
    names: NameTable
    ouis: OuiTable
    devices: Devices
    geo: Geo
    operators: Operators
    classifier: Classifier
    inventory: Inventory = NO_INVENTORY


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """What was found out of some flows; columns of one length."""

    kept: I64
    """Rows, of those given, that have a camera."""

    scope: U8
    is_ours: Bool
    camera: U32
    party: U32
    verdict: U32
    dissection: U32


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Flows:
    """The flows with a camera, as lists: one entry each."""

    protocol: list[int]
    orig_port: list[int]
    resp_port: list[int]
    orig_pkts: list[int]
    resp_pkts: list[int]
    orig_payload: list[int]
    resp_payload: list[int]
    orig_data_pkts: list[int]
    resp_data_pkts: list[int]
    outcome: list[int]
    end_reason: list[int]
    flags: list[int]
    start_ns: list[int]
    end_ns: list[int]
    orig_mac: list[int]
    scope: list[int]
    is_ours: list[bool]
    camera: list[tuple[int, int]]
    other: list[str]
    """Address of the other side."""

    dissection: list[Dissection]
    place: list[Place]


_TAKEN = tuple(
    field.name for field in dataclasses.fields(_Flows) if field.name in columns_of(FlowBatch)
)
"""Of those, the ones that are columns of the batch."""


class Indexer:
    """Says of flows who, to whom and what for."""

    def __init__(self, stages: Stages) -> None:
        self._stages = stages
        self._seen: set[tuple[int, int, int]] = set()
        self._routers: set[int] = set()
        self._is_port = np.zeros(1 << 16, np.bool_)
        self._is_port[list(stages.classifier.catalog.ports)] = True
        self.begin()

    def begin(self) -> None:
        """Begin a vocabulary, and forget all that pointed into the one before."""
        self.words = Vocabulary()
        self._cameras: dict[tuple[int, int], int] = {}
        self._dissections: dict[int, int] = {}
        self._told: list[int] = []
        self._certificates: list[tuple[str, ...]] = []
        self._names = [("", "")]
        self._name_numbers = {("", ""): 0}
        self._kinds: dict[int | tuple[int, str], Kind] = {}
        self._contacts: set[tuple[int, int, int]] = set()
        self._verdicts: dict[int, int] = {}
        self._parties: dict[_PartyKey, int] = {}
        self._places: dict[int, Place] = {}

    def index(self, batch: FlowBatch, rows: I64, dissections: Sequence[Dissection]) -> Index:
        """Return what is known of some flows.

        Args:
            batch: Ended flows.
            rows: Those of them that are meant.
            dissections: What the first payload of each of `rows` showed.
        """
        roles = self._stages.roles
        ohi, olo, rhi, rlo = (
            column[rows] for column in (batch.orig_hi, batch.orig_lo, batch.resp_hi, batch.resp_lo)
        )
        orig_scope, resp_scope = roles.scopes(ohi, olo), roles.scopes(rhi, rlo)
        resp_scope[_is_to_all(batch, rows) & (resp_scope == _SITE)] = _BROADCAST
        self._see(ohi, olo, batch.orig_mac[rows], orig_scope, batch.orig_pkts[rows])
        self._see(rhi, rlo, batch.resp_mac[rows], resp_scope, batch.resp_pkts[rows])
        may_orig = roles.cameras_among(ohi, olo, orig_scope)
        may_resp = roles.cameras_among(rhi, rlo, resp_scope)
        is_ours = may_orig & ~self._are_swapped(batch, rows, may_orig & may_resp)
        kept = np.flatnonzero(may_orig | may_resp)
        here = rows[kept]
        is_ours, orig_scope = is_ours[kept], orig_scope[kept]
        ohi, olo, rhi, rlo = ohi[kept], olo[kept], rhi[kept], rlo[kept]
        scope = np.where(is_ours, resp_scope[kept], orig_scope)
        scope[is_ours & (batch.resp_mac[here] == _BROADCAST_MAC)] = _BROADCAST
        is_far = orig_scope == _OUTSIDE
        taken = {name: getattr(batch, name)[here].tolist() for name in _TAKEN}
        flows = _Flows(
            **taken,
            flags=(batch.orig_flags | batch.resp_flags)[here].tolist(),
            scope=scope.tolist(),
            is_ours=is_ours.tolist(),
            camera=list(
                zip(
                    np.where(is_ours, ohi, rhi).tolist(),
                    np.where(is_ours, olo, rlo).tolist(),
                    strict=True,
                )
            ),
            other=list(
                map(
                    ip_text,
                    np.where(is_ours, rhi, ohi).tolist(),
                    np.where(is_ours, rlo, olo).tolist(),
                )
            ),
            dissection=[dissections[row] for row in kept.tolist()],
            place=self._stages.geo.places(np.where(is_far, ohi, rhi), np.where(is_far, olo, rlo)),
        )
        numbers = self._numbers_of(flows.dissection)
        parties, verdicts = self._think(
            flows,
            numbers,
            self._codes(batch, here, scope, is_ours, numbers),
            # What a camera was told and did is known where its own flows are handled: a flow that
            # another site address opened to it is handled there, and goes without.
            (is_ours | (orig_scope != _SITE)).tolist(),
        )
        return Index(
            kept=kept,
            scope=scope,
            is_ours=is_ours,
            camera=np.array(self._cameras_of(flows.camera), np.uint32),
            party=np.array(parties, np.uint32),
            verdict=np.array(verdicts, np.uint32),
            dissection=np.array(numbers, np.uint32),
        )

    def _see(self, hi: U64, lo: U64, mac: U64, scope: U8, pkts: U64) -> None:
        """Tell `devices` which MACs sent for which addresses, each pair once."""
        saw, routers, seen = self._stages.devices.saw, self._routers, self._seen
        is_far = (scope == _OUTSIDE) & (pkts > 0)
        for sender in dict.fromkeys(mac[is_far].tolist()):
            if sender not in routers:
                _remember(routers, sender)
                saw(FAR, sender, spoke=True)
        is_near = (scope != _OUTSIDE) & (pkts > 0)
        pairs = zip(*(column[is_near].tolist() for column in (hi, lo, mac)), strict=True)
        for pair in dict.fromkeys(pairs):
            if pair not in seen:
                address = self._stages.roles.of(pair[0], pair[1])
                if address.is_site:
                    _remember(seen, pair)
                saw(address, pair[2], spoke=True)

    def _are_swapped(self, batch: FlowBatch, rows: I64, are_both: Bool) -> Bool:
        """Return of which flows between two possible cameras the responder is rather the one."""
        prefers = self._stages.devices.prefers
        swapped = np.zeros(len(rows), np.bool_)
        both = np.flatnonzero(are_both)
        macs = zip(
            batch.resp_mac[rows[both]].tolist(), batch.orig_mac[rows[both]].tolist(), strict=True
        )
        swapped[both] = [prefers(resp, orig) for resp, orig in macs]
        return swapped

    def _codes(
        self, batch: FlowBatch, rows: I64, scope: U8, is_ours: Bool, numbers: list[int]
    ) -> list[int]:
        """Return a number for each flow in which all stands that makes its kind, but its name.

        It is what `Classifier.kind` goes by; so flows that others open, and those that are neither
        TCP nor UDP, have none.
        """
        protocol, port = batch.protocol[rows], batch.resp_port[rows]
        code = np.array(numbers, np.int64)
        code = code << 16 | np.where(self._is_port[port], port, np.uint16(0))
        code = code << 1 | (protocol == _UDP)
        code = code << 2 | scope
        code = code << 2 | batch.outcome[rows]
        code = code << 1 | ((batch.orig_data_pkts[rows] | batch.resp_data_pkts[rows]) == 0)
        is_kind = is_ours & ((protocol == _TCP) | (protocol == _UDP))
        codes: list[int] = np.where(is_kind, code << _NAME_BITS, _ALONE).tolist()
        return codes

    def _think(
        self, flows: _Flows, numbers: list[int], codes: list[int], has_context: list[bool]
    ) -> tuple[list[int], list[int]]:
        """Return party and verdict of each flow; what only comes again is found by number.

        One thing for all flows after the other, since that is where Python is quickest.
        """
        cameras = self._cameras_of(flows.camera)
        words = self.words.cameras
        contexts = [
            words[camera].ip if has_company else ""
            for camera, has_company in zip(cameras, has_context, strict=True)
        ]
        names = self._names_of(flows, numbers, contexts)
        self._meet(flows, cameras, names)
        kinds = self._kinds_of(flows, codes, names)
        return self._parties_of(flows, numbers, names), self._verdicts_of(
            flows, names, kinds, contexts
        )

    def _names_of(self, flows: _Flows, numbers: list[int], contexts: list[str]) -> list[int]:
        """Return the number of each other side's name: told by the flow, else learnt before."""
        names = list(map(self._told.__getitem__, numbers))
        learnt, others, starts, ends = self._learnt, flows.other, flows.start_ns, flows.end_ns
        for at, name in enumerate(names):
            if not name:
                names[at] = learnt(contexts[at], others[at], starts[at], ends[at])
        return names

    def _meet(self, flows: _Flows, cameras: list[int], names: list[int]) -> None:
        """Tell `devices` which names cameras contacted, each once."""
        known = self._contacts
        meetings = zip(cameras, flows.orig_mac, names, strict=True)
        found = dict.fromkeys(compress(meetings, flows.is_ours))
        address_of: dict[int, tuple[int, int]] = {}
        for meeting in found:
            if meeting[2] and meeting not in known:
                address_of = address_of or dict(zip(cameras, flows.camera, strict=True))
                self._contact(*meeting, address_of[meeting[0]])

    def _kinds_of(self, flows: _Flows, codes: list[int], names: list[int]) -> list[Kind]:
        known, special = self._kinds, self._stages.classifier.catalog.addresses
        if len(known) >= MAX_KNOWN:
            known.clear()
        sorts: list[int | tuple[int, str]] = list(map(operator.or_, codes, names))
        if special:
            for at, other in enumerate(flows.other):
                if other in special:
                    sorts[at] = (codes[at] | names[at], other)
        kinds = []
        for at, sort in enumerate(sorts):
            kind = known.get(sort)
            if kind is None:
                kind = self._new_kind(flows, at, names[at])
                if codes[at] != _ALONE:
                    known[sort] = kind
            kinds.append(kind)
        return kinds

    def _verdicts_of(
        self, flows: _Flows, names: list[int], kinds: list[Kind], contexts: list[str]
    ) -> list[int]:
        at_once, known = self._stages.classifier.at_once, self._verdicts
        verdicts = []
        for at, kind, context, end_reason, orig_payload, resp_payload, start_ns, end_ns in zip(
            range(len(kinds)), kinds, contexts, flows.end_reason, flows.orig_payload,
            flows.resp_payload, flows.start_ns, flows.end_ns, strict=True,
        ):  # fmt: skip
            verdict = None
            if context and end_reason != _ACTIVE:
                payload = max(orig_payload, resp_payload)
                seconds = (end_ns - start_ns) / 1e9
                if kind.has_memory or payload >= kind.least_payload or seconds >= kind.least_s:
                    verdict = at_once(
                        kind,
                        context,
                        start_ns,
                        flows.other[at],
                        flows.resp_port[at],
                        payload,
                        seconds,
                    )
                else:
                    verdict = kind.verdict
            if verdict is None:
                verdict = self._judge(flows, at, names[at], kind, context)
            number = known.get(id(verdict))
            verdicts.append(self._new_verdict(verdict) if number is None else number)
        return verdicts

    def _parties_of(self, flows: _Flows, numbers: list[int], names: list[int]) -> list[int]:
        known, services = self._parties, self._stages.operators.service_addresses
        places = map(id, flows.place)
        # What is not outside has no place, and no operator.
        where = [
            place if scope == _OUTSIDE else 0
            for place, scope in zip(places, flows.scope, strict=True)
        ]
        service = [other if other in services else "" for other in flows.other]
        certificates = map(self._certificates.__getitem__, numbers)
        parties = []
        for at, key in enumerate(zip(names, where, certificates, service, strict=True)):
            number = known.get(key)
            if number is None:
                number = self._new_party(
                    key, flows.place[at], flows.other[at], is_outside=key[1] != 0
                )
            parties.append(number)
        return parties

    def _learnt(self, client: str, ip: str, start_ns: int, end_ns: int) -> int:
        """Return the number of the name that the camera asked for to get this address."""
        lookup = self._stages.names.lookup
        # A camera that uses an address it looked up before the capture began may ask again later.
        learnt = lookup(client, ip, start_ns) or lookup(client, ip, end_ns)
        return 0 if learnt is None else self._name(learnt.name, learnt.source)

    def _contact(self, camera: int, mac: int, name: int, address: tuple[int, int]) -> None:
        _remember(self._contacts, (camera, mac, name))
        self._stages.devices.contacted(self._stages.roles.of(*address), mac, self._names[name][0])

    def _new_kind(self, flows: _Flows, at: int, name: int) -> Kind:
        return self._stages.classifier.kind(
            flows.protocol[at],
            flows.dissection[at],
            SCOPES[flows.scope[at]],
            _CAMERA if flows.is_ours[at] else _DESTINATION,
            flows.orig_port[at],
            flows.resp_port[at],
            *self._names[name],
            flows.other[at],
            _OUTCOME_TEXT[flows.outcome[at]],
            _is_handshake(flows, at),
            not (flows.orig_data_pkts[at] or flows.resp_data_pkts[at]),
        )

    def _judge(self, flows: _Flows, at: int, name: int, kind: Kind, context: str) -> Verdict:
        view = FlowView(
            flows.protocol[at],
            flows.dissection[at],
            SCOPES[flows.scope[at]],
            _CAMERA if flows.is_ours[at] else _DESTINATION,
            flows.orig_port[at],
            flows.resp_port[at],
            *self._names[name],
            flows.other[at],
            _OUTCOME_TEXT[flows.outcome[at]],
            flows.orig_pkts[at],
            flows.resp_pkts[at],
            flows.orig_payload[at],
            flows.resp_payload[at],
            flows.orig_data_pkts[at],
            flows.resp_data_pkts[at],
            (flows.end_ns[at] - flows.start_ns[at]) / 1e9,
            flows.end_reason[at],
            flows.end_reason[at] == _ACTIVE,
            _is_handshake(flows, at),
        )
        return self._stages.classifier.judge(kind, view, context, flows.start_ns[at])

    def _cameras_of(self, addresses: list[tuple[int, int]]) -> list[int]:
        known = self._cameras
        for address in addresses:
            if address not in known:
                known[address] = len(self.words.cameras)
                text = self._stages.roles.of(*address).text
                self.words.cameras.append(self._stages.devices.current(text))
        return list(map(known.__getitem__, addresses))

    def _numbers_of(self, dissections: list[Dissection]) -> list[int]:
        """Return the number of each dissection; the vocabulary holds them, so their ids stay."""
        known = self._dissections
        for dissection in dissections:
            if id(dissection) not in known:
                known[id(dissection)] = len(self.words.dissections)
                self.words.dissections.append(dissection)
                self._told.append(self._name(*_told_name(dissection)))
                self._certificates.append(dissection.all("tls.cert.name"))
        return list(map(known.__getitem__, map(id, dissections)))

    def _name(self, name: str, source: str) -> int:
        number = self._name_numbers.get((name, source))
        if number is None:
            number = self._name_numbers[name, source] = len(self._names)
            self._names.append((name, source))
        return number

    def _new_verdict(self, verdict: Verdict) -> int:
        words = self.words.verdicts
        self._verdicts[id(verdict)] = len(words)
        words.append(verdict)
        return len(words) - 1

    def _new_party(self, key: _PartyKey, place: Place, ip: str, *, is_outside: bool) -> int:
        name, source = self._names[key[0]]
        companies = ("", "", "", "")
        if not is_outside:
            place = NOWHERE
        else:
            known = self._stages.operators.operator(name, ip, place, key[2])
            host = self._stages.operators.hosting(place)
            companies = (known.name, known.country, host.name, host.country)
        words = self.words.parties
        self._parties[key] = len(words)
        self._places[id(place)] = place
        words.append(Party(name, source, place.country, place.asn, place.as_org, *companies))
        return len(words) - 1


def _is_to_all(batch: FlowBatch, rows: I64) -> Bool:
    """Return which flows go to the broadcast address of a subnet whose size nobody told.

    Datagrams to an IPv4 address that ends in 255, which never said a word. Where the network is
    larger than a /24 a host can have it: it speaks, then, or has TCP.
    """
    lo = batch.resp_lo[rows]
    is_to_all: Bool = (
        (batch.protocol[rows] == _UDP)
        & (batch.resp_pkts[rows] == 0)
        & (batch.resp_hi[rows] == 0)
        & (lo >> np.uint64(32) == np.uint64(0xFFFF))
        & (lo & np.uint64(0xFF) == np.uint64(0xFF))
    )
    return is_to_all


def _remember(known: set[Any], key: Any) -> None:
    """Add to a memory; when it is full, all else is forgotten."""
    if len(known) >= MAX_SEEN:
        known.clear()
    known.add(key)


def _is_handshake(flows: _Flows, at: int) -> bool:
    return flows.protocol[at] != _TCP or flows.flags[at] & _SYN != 0


def _told_name(dissection: Dissection) -> tuple[str, str]:
    """Return the name that the originator itself called the other side by."""
    name = dissection.first("tls.sni")
    if name:
        return name.lower(), NameSource.SNI.value
    host = dissection.first("http.host")
    if host:
        bare = host.rsplit(":", 1)[0] if host.count(":") == 1 else host
        if not _is_address(bare):
            return bare.lower(), NameSource.HTTP.value
    return "", ""


def _is_address(text: str) -> bool:
    return ":" in text or text.replace(".", "").isdigit()
