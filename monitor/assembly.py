"""From columns and facts to records: the per-flow Python, kept lean because it runs for each flow."""

import dataclasses
from collections.abc import Sequence
from itertools import compress
from typing import Any, NamedTuple

import numpy as np

from monitor.classify import Classifier
from monitor.classify.index import FIRST_DYNAMIC
from monitor.dissect import dns
from monitor.dissect.registry import Registry
from monitor.enrich.devices import Devices
from monitor.enrich.geo import Geo
from monitor.enrich.names import NameTable
from monitor.enrich.operators import Operators
from monitor.enrich.oui import OuiTable
from monitor.model.addresses import Address, Networks, Roles, ip_text
from monitor.model.arrays import I64, Bool
from monitor.model.facts import NOTHING, Conversation, Dissection
from monitor.model.flows import ConversationBatch, FlowBatch, FlowStep
from monitor.model.records import NOWHERE, FlowView, Place, Verdict
from monitor.model.rows import SCOPES, Party, RecordBatch, Vocabulary, no_rows
from monitor.model.shards import WHOLE, Shard
from monitor.model.words import OUTCOMES, EndReason, NameSource, Outcome, Protocol, Scope

MAX_TOLD = 1 << 16
"""Dissections whose name is remembered."""

MAX_SEEN = 1 << 17
"""Pairs of address and MAC that are remembered as passed on."""

FAR = Address("", is_site=False, is_camera=False, scope=Scope.OUTSIDE)
"""Any address outside, where only that matters: there are too many to remember each."""

_BROADCAST_MAC = 0xFFFF_FFFF_FFFF
_TCP, _UDP = Protocol.TCP.value, Protocol.UDP.value
_DNS_PORT = 53
_SYN, _RST, _ACK = 2, 4, 16
_SEVERAL = 3
"""Acknowledgements without payload that show that a connection goes on."""

_ACTIVE = EndReason.ACTIVE.value
_UNANSWERED = OUTCOMES.index(Outcome.UNANSWERED)
_ANSWERED = OUTCOMES.index(Outcome.ANSWERED)
_OUTCOME_TEXT = tuple(str(outcome) for outcome in OUTCOMES)
_OUTSIDE = SCOPES.index(Scope.OUTSIDE)
_SITE = SCOPES.index(Scope.SITE)
_BROADCAST = SCOPES.index(Scope.BROADCAST)
_CAMERA, _DESTINATION = "camera", "destination"


_PartyKey = tuple[str, str, int, tuple[str, ...], str]
"""Name, its source, identity of the place, certificate names, address where it is a service."""


class Message(NamedTuple):
    """A datagram that is read in packet order, because later flows need what it says."""

    ts_ns: int
    src: tuple[int, int]
    dst: tuple[int, int]
    src_port: int
    dst_port: int
    src_mac: int
    payload: bytes


class _Told(NamedTuple):
    """What the originator itself called the other side, and what that called itself."""

    dissection: Dissection
    """Held so that its identity, which is the key, is not given to another."""

    name: str
    source: str
    certificate_names: tuple[str, ...]


@dataclasses.dataclass(slots=True, kw_only=True)
class Stages:
    """What the assembler asks: one of each, made by the pipeline."""

    roles: Roles
    registry: Registry
    names: NameTable
    ouis: OuiTable
    devices: Devices
    geo: Geo
    operators: Operators
    classifier: Classifier


@dataclasses.dataclass(slots=True)
class _Index:
    """The index columns of a batch while they are made."""

    kept: list[int] = dataclasses.field(default_factory=list)
    scope: list[int] = dataclasses.field(default_factory=list)
    is_ours: list[bool] = dataclasses.field(default_factory=list)
    camera: list[int] = dataclasses.field(default_factory=list)
    party: list[int] = dataclasses.field(default_factory=list)
    verdict: list[int] = dataclasses.field(default_factory=list)
    dissection: list[int] = dataclasses.field(default_factory=list)


class Assembler:
    """Makes records of ended flows.

    Keeps the facts of open flows, of which there are as many as the flow table holds.
    """

    def __init__(self, stages: Stages) -> None:
        self._stages = stages
        self._facts: dict[int, Dissection] = {}
        self._told: dict[int, _Told] = {}
        self._seen: set[tuple[int, int, int]] = set()
        self._routers: set[int] = set()
        self._nothing = no_rows()
        self._begin_words()

    def _begin_words(self) -> None:
        self._words = Vocabulary()
        self._camera_at: dict[str, int] = {}
        self._party_at: dict[_PartyKey, int] = {}
        self._verdict_at: dict[int, int] = {}
        self._dissection_at: dict[int, int] = {}
        self._places: dict[int, Place] = {}

    def take_messages(self, messages: Sequence[Message], shard: Shard = WHOLE) -> None:
        """Learn from datagrams that cannot wait for their flow."""
        stages = self._stages
        for message in messages:
            is_answer = message.src_port == _DNS_PORT
            if not shard.owns(message.dst if is_answer else message.src):
                continue
            if is_answer:
                answer = dns.parse(message.payload)
                if answer is not None:
                    client = stages.roles.of(*message.dst).text
                    stages.names.observe(client, message.ts_ns, answer)
            else:
                src = stages.roles.of(*message.src)
                stages.devices.take_message(
                    src, message.src_mac, message.src_port, message.dst_port, message.payload
                )

    def take_conversations(self, batch: ConversationBatch, shard: Shard = WHOLE) -> None:
        """Dissect the first payload of flows and keep what it shows until the flow ends."""
        if not len(batch):
            return
        stages, facts = self._stages, self._facts
        rows_here = shard.rows(batch, stages.roles.site)
        dissect, roles = stages.registry.dissect, stages.roles
        of, holds = roles.of, roles.site.holds
        data = batch.data.tobytes()
        cuts, bounds = batch.byte_off.tolist(), batch.piece_off.tolist()
        is_orig, is_resp = batch.is_orig.tolist(), (~batch.is_orig).tolist()
        observe, take_facts = stages.names.observe, stages.devices.take_facts
        columns = (
            batch.flow_no, batch.ts_ns, batch.protocol,
            batch.orig_hi, batch.orig_lo, batch.resp_hi, batch.resp_lo,
            batch.orig_port, batch.resp_port, batch.orig_mac, batch.resp_mac,
        )  # fmt: skip
        for (
            row, orig_here, resp_here, flow_no, ts, protocol, ohi, olo, rhi, rlo, oport, rport,
            omac, rmac,
        ) in zip(
            rows_here.tolist(),
            holds(batch.orig_hi[rows_here], batch.orig_lo[rows_here]).tolist(),
            holds(batch.resp_hi[rows_here], batch.resp_lo[rows_here]).tolist(),
            *(column[rows_here].tolist() for column in columns), strict=True,
        ):  # fmt: skip
            first, end = bounds[row], bounds[row + 1]
            orig: tuple[bytes, ...]
            resp: tuple[bytes, ...]
            if end - first == 1:
                only = (data[cuts[first] : cuts[end]],)
                orig, resp = (only, ()) if is_orig[first] else ((), only)
            else:
                spans = map(slice, cuts[first:end], cuts[first + 1 : end + 1])
                pieces = tuple(map(data.__getitem__, spans))
                orig = tuple(compress(pieces, is_orig[first:end]))
                resp = tuple(compress(pieces, is_resp[first:end]))
            dissection = dissect(Conversation(protocol, oport, rport, orig, resp))
            if dissection is NOTHING:
                continue
            facts[flow_no] = dissection
            orig_address = of(ohi, olo) if orig_here else FAR
            resp_address = of(rhi, rlo) if resp_here else FAR
            if protocol == _TCP and dissection.service == "dns" and resp:
                for answer in dns.parse_stream(resp[0]):
                    observe(orig_address.text, ts, answer)
            # Payload over TCP shows that the other side took the connection.
            answered = bool(resp) or protocol == _TCP
            take_facts(orig_address, omac, resp_address, rmac, dissection, answered)

    def take_flows(self, step: FlowStep, shard: Shard = WHOLE) -> RecordBatch:
        """Return the records of the flows that ended, those without a camera left out."""
        batch = step.ended
        if not len(batch):
            return self._nothing
        site = self._stages.roles.site
        batch = _as_spoken(batch, site)
        batch = _as_joined_late(batch, site, self._stages.classifier.catalog.ports)
        batch, is_half = _as_acknowledged(batch)
        rows = shard.rows(batch, site)
        if self._words.is_full:
            self._begin_words()
        index = _Index()
        if len(rows):
            self._index(batch, rows, index)
        kept = rows[np.array(index.kept, np.int64)]
        return RecordBatch(
            words=self._words,
            community_id=step.community_id[kept],
            flow_id=batch.flow_id[kept],
            start_ns=batch.start_ns[kept],
            end_ns=batch.end_ns[kept],
            vlan=batch.vlan[kept],
            scope=np.array(index.scope, np.uint8),
            protocol=batch.protocol[kept],
            outcome=batch.outcome[kept],
            is_ours=np.array(index.is_ours, np.bool_),
            is_half=is_half[kept],
            orig_hi=batch.orig_hi[kept],
            orig_lo=batch.orig_lo[kept],
            resp_hi=batch.resp_hi[kept],
            resp_lo=batch.resp_lo[kept],
            orig_port=batch.orig_port[kept],
            resp_port=batch.resp_port[kept],
            orig_pkts=batch.orig_pkts[kept],
            resp_pkts=batch.resp_pkts[kept],
            orig_bytes=batch.orig_bytes[kept],
            resp_bytes=batch.resp_bytes[kept],
            camera=np.array(index.camera, np.uint32),
            party=np.array(index.party, np.uint32),
            verdict=np.array(index.verdict, np.uint32),
            dissection=np.array(index.dissection, np.uint32),
        )

    def _index(self, batch: FlowBatch, rows: I64, index: _Index) -> None:
        """Say of each row who, to whom and what for, as indices into the vocabulary."""
        stages, facts = self._stages, self._facts
        of, prefers = stages.roles.of, stages.devices.prefers
        classifier = stages.classifier
        kind_of, at_once, judge = classifier.kind, classifier.at_once, classifier.judge
        contacted, seen, routers = stages.devices.contacted, self._seen, self._routers
        service_addresses = stages.operators.service_addresses
        columns = (
            batch.flow_no, batch.start_ns, batch.end_ns, batch.protocol, batch.orig_hi,
            batch.orig_lo, batch.resp_hi, batch.resp_lo, batch.orig_port, batch.resp_port,
            batch.orig_mac, batch.resp_mac, batch.orig_pkts, batch.resp_pkts,
            batch.orig_payload, batch.resp_payload, batch.orig_data_pkts, batch.resp_data_pkts,
            batch.outcome, batch.end_reason, batch.orig_flags | batch.resp_flags,
        )  # fmt: skip
        ohi_, olo_ = batch.orig_hi[rows], batch.orig_lo[rows]
        rhi_, rlo_ = batch.resp_hi[rows], batch.resp_lo[rows]
        roles = stages.roles
        orig_scope, resp_scope = roles.scopes(ohi_, olo_), roles.scopes(rhi_, rlo_)
        resp_scope[_is_to_all(batch, rows) & (resp_scope == _SITE)] = _BROADCAST
        is_outside = orig_scope == _OUTSIDE
        places = stages.geo.places(
            np.where(is_outside, ohi_, rhi_), np.where(is_outside, olo_, rlo_)
        )
        for (
            row, place, orig_at, resp_at, may_orig, may_resp,
            flow_no, start_ns, end_ns, protocol, ohi, olo, rhi, rlo, oport, rport,
            omac, rmac, opkts, rpkts, opayload, rpayload, odata, rdata, outcome, end_reason, flags,
        ) in zip(
            range(len(rows)), places, orig_scope.tolist(), resp_scope.tolist(),
            roles.cameras_among(ohi_, olo_, orig_scope).tolist(),
            roles.cameras_among(rhi_, rlo_, resp_scope).tolist(),
            *(column[rows].tolist() for column in columns),
            strict=True,
        ):  # fmt: skip
            dissection = facts.pop(flow_no, NOTHING)
            if end_reason == _ACTIVE and dissection is not NOTHING:
                facts[flow_no] = dissection
            if opkts and (
                omac not in routers if orig_at == _OUTSIDE else (ohi, olo, omac) not in seen
            ):
                self._see(FAR if orig_at == _OUTSIDE else of(ohi, olo), (ohi, olo, omac))
            if rpkts and (
                rmac not in routers if resp_at == _OUTSIDE else (rhi, rlo, rmac) not in seen
            ):
                self._see(FAR if resp_at == _OUTSIDE else of(rhi, rlo), (rhi, rlo, rmac))
            if may_orig and not (may_resp and prefers(rmac, omac)):
                is_ours, camera, scope, other = True, of(ohi, olo), resp_at, ip_text(rhi, rlo)
                if rmac == _BROADCAST_MAC:
                    scope = _BROADCAST
                context = camera.text
            elif may_resp:
                is_ours, camera, scope, other = False, of(rhi, rlo), orig_at, ip_text(ohi, olo)
                # What a camera was told and did is known where its own flows are handled: a flow
                # that another site address opened to it is handled there, and goes without.
                context = "" if orig_at == _SITE else camera.text
            else:
                continue
            told = self._told.get(id(dissection)) or self._tell(dissection)
            name, source = told.name, told.source
            if not name:
                name, source = self._learnt(context, other, start_ns, end_ns)
            if is_ours and name:
                contacted(camera, omac, name)
            initiated_by = _CAMERA if is_ours else _DESTINATION
            is_handshake = protocol != _TCP or flags & _SYN != 0
            seconds = (end_ns - start_ns) / 1e9
            kind = kind_of(
                protocol, dissection, SCOPES[scope], initiated_by, oport, rport, name, source,
                other, _OUTCOME_TEXT[outcome], is_handshake, not (odata or rdata),
            )  # fmt: skip
            verdict = None
            if context and end_reason != _ACTIVE:
                verdict = at_once(
                    kind, context, start_ns, other, rport, max(opayload, rpayload), seconds
                )
            if verdict is None:
                view = FlowView(
                    protocol, dissection, SCOPES[scope], initiated_by, oport, rport, name, source,
                    other, _OUTCOME_TEXT[outcome], opkts, rpkts, opayload, rpayload, odata, rdata,
                    seconds, end_reason, end_reason == _ACTIVE, is_handshake,
                )  # fmt: skip
                verdict = judge(kind, view, context, start_ns)
            key = (
                name, source, id(place) if scope == _OUTSIDE else 0,
                told.certificate_names, other if other in service_addresses else "",
            )  # fmt: skip
            party = self._party_at.get(key)
            if party is None:
                party = self._new_party(key, place, other, is_outside=scope == _OUTSIDE)
            index.kept.append(row)
            index.scope.append(scope)
            index.is_ours.append(is_ours)
            known = self._camera_at.get(camera.text)
            index.camera.append(self._new_camera(camera) if known is None else known)
            index.party.append(party)
            known = self._verdict_at.get(id(verdict))
            index.verdict.append(self._new_verdict(verdict) if known is None else known)
            known = self._dissection_at.get(id(dissection))
            index.dissection.append(self._new_dissection(dissection) if known is None else known)

    def _see(self, address: Address, key: tuple[int, int, int]) -> None:
        for known in (self._seen, self._routers):
            if len(known) >= MAX_SEEN:
                known.clear()
        if address.is_site:
            self._seen.add(key)
        else:
            self._routers.add(key[2])
        self._stages.devices.saw(address, key[2], spoke=True)

    def _tell(self, dissection: Dissection) -> _Told:
        if len(self._told) >= MAX_TOLD:
            self._told.clear()
        name, source = _told_name(dissection)
        told = _Told(dissection, name, source, dissection.all("tls.cert.name"))
        self._told[id(dissection)] = told
        return told

    def _learnt(self, client: str, ip: str, start_ns: int, end_ns: int) -> tuple[str, str]:
        """Return the name that the camera asked for to get this address."""
        lookup = self._stages.names.lookup
        # A camera that uses an address it looked up before the capture began may ask again later.
        learnt = lookup(client, ip, start_ns) or lookup(client, ip, end_ns)
        return ("", "") if learnt is None else (learnt.name, learnt.source)

    def _new_camera(self, camera: Address) -> int:
        words = self._words.cameras
        self._camera_at[camera.text] = len(words)
        words.append(self._stages.devices.current(camera.text))
        return len(words) - 1

    def _new_party(self, key: _PartyKey, place: Place, ip: str, *, is_outside: bool) -> int:
        name, source, _, certificate_names, _ = key
        companies = ("", "", "", "")
        if not is_outside:
            place = NOWHERE
        else:
            known = self._stages.operators.operator(name, ip, place, certificate_names)
            host = self._stages.operators.hosting(place)
            companies = (known.name, known.country, host.name, host.country)
        words = self._words.parties
        self._party_at[key] = len(words)
        self._places[id(place)] = place
        words.append(Party(name, source, place.country, place.asn, place.as_org, *companies))
        return len(words) - 1

    def _new_verdict(self, verdict: Verdict) -> int:
        words = self._words.verdicts
        self._verdict_at[id(verdict)] = len(words)
        words.append(verdict)
        return len(words) - 1

    def _new_dissection(self, dissection: Dissection) -> int:
        words = self._words.dissections
        self._dissection_at[id(dissection)] = len(words)
        words.append(dissection)
        return len(words) - 1


_SIDES = ("hi", "lo", "port", "mac", "pkts", "bytes", "payload", "data_pkts", "flags", "copies")


def _as_spoken(batch: FlowBatch, site: Networks) -> FlowBatch:
    """Take back roles that were inferred from ports where only the site's side ever spoke.

    A site's host that sends from port 53 or 443 and hears nothing answers nobody: whoever reads
    that somebody outside opened this must be able to point at a packet.
    """
    is_alone = (
        (batch.orig_pkts == 0)
        & (batch.resp_pkts > 0)
        & ~site.holds(batch.orig_hi, batch.orig_lo)
        & site.holds(batch.resp_hi, batch.resp_lo)
    )
    if not is_alone.any():
        return batch
    return _swapped(batch, is_alone, outcome=_UNANSWERED, is_flipped=False)


def _as_joined_late(batch: FlowBatch, site: Networks, services: frozenset[int]) -> FlowBatch:
    """Turn connections that the capture joined in the middle with a word of the server.

    The kernel tells servers by ports below 1024. Here the first packet came from outside, from a
    higher port, without a SYN anywhere; what the site's side has is a port that systems hand out
    (32768 and above, as Linux does) and that no service of the catalogue uses, and the other's
    is below those. Nobody could point at a packet with which the outside opened it.
    """
    is_late = (
        (batch.protocol == _TCP)
        & ((batch.orig_flags | batch.resp_flags) & _SYN == 0)
        & (batch.orig_port < FIRST_DYNAMIC)
        & (batch.resp_port >= FIRST_DYNAMIC)
        & ~batch.is_flipped
        & ~site.holds(batch.orig_hi, batch.orig_lo)
        & site.holds(batch.resp_hi, batch.resp_lo)
    )
    for row in np.flatnonzero(is_late).tolist():
        is_late[row] = int(batch.resp_port[row]) not in services
    if not is_late.any():
        return batch
    return _swapped(batch, is_late, outcome=_ANSWERED, is_flipped=True)


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


def _as_acknowledged(batch: FlowBatch) -> tuple[FlowBatch, Bool]:
    """Call TCP answered whose originator acknowledged an answer that the capture does not hold.

    A SYN and then an ACK from the same side: there was a SYN-ACK between them (RFC 9293 section
    3.5). Without the SYN nobody knows how the connection fares, and it stays unanswered.

    Returns:
        The batch, and which flows are halves: TCP that went on, with packets of one side only.
    """
    is_orig, is_resp = batch.orig_pkts > 0, batch.resp_pkts > 0
    flags = batch.orig_flags | batch.resp_flags
    is_half = (
        (batch.protocol == _TCP)
        & (is_orig != is_resp)
        & (flags & (_ACK | _RST) == _ACK)
        & (
            (flags & _SYN != 0)
            | (batch.orig_data_pkts + batch.resp_data_pkts > 0)
            | (batch.orig_pkts + batch.resp_pkts >= _SEVERAL)
        )
    )
    is_answered = is_half & is_orig & (flags & _SYN != 0) & (batch.outcome == _UNANSWERED)
    if is_answered.any():
        outcome = np.where(is_answered, np.uint8(_ANSWERED), batch.outcome)
        batch = dataclasses.replace(batch, outcome=outcome)
    return batch, is_half


def _swapped(batch: FlowBatch, which: Bool, *, outcome: int, is_flipped: bool) -> FlowBatch:
    """Return the batch with originator and responder exchanged in some rows."""
    changed: dict[str, Any] = {
        "outcome": np.where(which, np.uint8(outcome), batch.outcome),
        "is_flipped": np.where(which, is_flipped, batch.is_flipped),
    }
    for side in _SIDES:
        orig, resp = getattr(batch, f"orig_{side}"), getattr(batch, f"resp_{side}")
        changed[f"orig_{side}"] = np.where(which, resp, orig)
        changed[f"resp_{side}"] = np.where(which, orig, resp)
    return dataclasses.replace(batch, **changed)


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
