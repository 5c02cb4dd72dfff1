"""From columns and facts to records: the per-flow Python, kept lean because it runs for each flow."""

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

from monitor.classify import Classifier
from monitor.dissect import dns
from monitor.dissect.registry import Registry
from monitor.enrich.devices import Devices
from monitor.enrich.geo import Geo
from monitor.enrich.names import NameTable
from monitor.enrich.operators import Operators
from monitor.enrich.oui import OuiTable
from monitor.model.addresses import Address, Roles
from monitor.model.arrays import VLAN_NONE
from monitor.model.facts import NOTHING, Conversation, Dissection
from monitor.model.flows import ConversationBatch, FlowStep
from monitor.model.records import (
    Destination,
    FlowRecord,
    FlowView,
    Side,
)
from monitor.model.shards import WHOLE, Shard
from monitor.model.words import OUTCOMES, EndReason, NameSource, Protocol, Scope

MAX_TOLD = 1 << 16
"""Dissections whose name is remembered."""

_BROADCAST_MAC = 0xFFFF_FFFF_FFFF
_TCP = Protocol.TCP.value
_UDP = Protocol.UDP.value
_DNS_PORT = 53
_SYN = 2
_ACTIVE = EndReason.ACTIVE.value
_PROTOCOL_TEXT = {p.value: p.name.lower() for p in Protocol}
_OUTCOME_TEXT = tuple(str(outcome) for outcome in OUTCOMES)


class Message(NamedTuple):
    """A datagram that is read in packet order, because later flows need what it says."""

    ts_ns: int
    src: tuple[int, int]
    dst: tuple[int, int]
    src_port: int
    dst_port: int
    src_mac: int
    payload: bytes


class Assembled(NamedTuple):
    """A record and the facts that it rests on."""

    record: FlowRecord
    dissection: Dissection


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


class Assembler:
    """Makes records of ended flows.

    Keeps the facts of open flows, of which there are as many as the flow table holds.
    """

    def __init__(self, stages: Stages) -> None:
        self._stages = stages
        self._facts: dict[int, Dissection] = {}
        self._told: dict[int, tuple[Dissection, tuple[str, str]]] = {}

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
        stages, facts = self._stages, self._facts
        rows_here = shard.rows(batch, stages.roles.site)
        dissect, roles = stages.registry.dissect, stages.roles
        data = batch.data.tobytes()
        cuts, pieces = batch.byte_off.tolist(), batch.is_orig.tolist()
        bounds = batch.piece_off.tolist()
        columns = (
            batch.flow_no, batch.ts_ns, batch.protocol,
            batch.orig_hi, batch.orig_lo, batch.resp_hi, batch.resp_lo,
            batch.orig_port, batch.resp_port, batch.orig_mac, batch.resp_mac,
        )  # fmt: skip
        for row, flow_no, ts, protocol, ohi, olo, rhi, rlo, oport, rport, omac, rmac in zip(
            rows_here.tolist(), *(column[rows_here].tolist() for column in columns), strict=True
        ):
            orig: tuple[bytes, ...] = ()
            resp: tuple[bytes, ...] = ()
            for piece in range(bounds[row], bounds[row + 1]):
                if pieces[piece]:
                    orig = (*orig, data[cuts[piece] : cuts[piece + 1]])
                else:
                    resp = (*resp, data[cuts[piece] : cuts[piece + 1]])
            dissection = dissect(Conversation(protocol, oport, rport, orig, resp))
            if dissection is NOTHING:
                continue
            facts[flow_no] = dissection
            orig_address, resp_address = roles.of(ohi, olo), roles.of(rhi, rlo)
            if protocol == _TCP and dissection.service == "dns" and resp:
                for answer in dns.parse_stream(resp[0]):
                    stages.names.observe(orig_address.text, ts, answer)
            # Payload over TCP shows that the other side took the connection.
            answered = bool(resp) or protocol == _TCP
            stages.devices.take_facts(orig_address, omac, resp_address, rmac, dissection, answered)

    def take_flows(self, step: FlowStep, shard: Shard = WHOLE) -> list[Assembled]:
        """Return the records of the flows that ended, those without a camera left out."""
        batch = step.ended
        rows_here = shard.rows(batch, self._stages.roles.site)
        stages = self._stages
        of, saw = stages.roles.of, stages.devices.saw
        contacted = stages.devices.contacted
        made: list[Assembled] = []
        columns = (
            batch.flow_no, batch.flow_id, step.community_id, batch.start_ns, batch.end_ns,
            batch.vlan, batch.protocol, batch.orig_hi, batch.orig_lo, batch.resp_hi,
            batch.resp_lo, batch.orig_port, batch.resp_port, batch.orig_mac, batch.resp_mac,
            batch.orig_pkts, batch.resp_pkts, batch.orig_bytes, batch.resp_bytes,
            batch.orig_payload, batch.resp_payload, batch.orig_data_pkts, batch.resp_data_pkts,
            batch.outcome, batch.end_reason, batch.orig_flags | batch.resp_flags,
        )  # fmt: skip
        for (
            flow_no, flow_id, community_id, start_ns, end_ns, vlan, protocol,
            ohi, olo, rhi, rlo, oport, rport, omac, rmac,
            opkts, rpkts, obytes, rbytes, opayload, rpayload, odata, rdata, outcome, end_reason,
            flags,
        ) in zip(*(column[rows_here].tolist() for column in columns), strict=True):  # fmt: skip
            if end_reason == _ACTIVE:
                dissection = self._facts.get(flow_no, NOTHING)
            else:
                dissection = self._facts.pop(flow_no, NOTHING)
            orig, resp = of(ohi, olo), of(rhi, rlo)
            saw(orig, omac, bool(opkts))
            saw(resp, rmac, bool(rpkts))
            if orig.is_camera and not (
                resp.is_camera and stages.devices.prefers(resp.text, rmac, orig.text, omac)
            ):
                is_ours, camera, other, other_port = True, orig, resp, rport
                scope = Scope.BROADCAST if rmac == _BROADCAST_MAC else resp.scope
            elif resp.is_camera:
                is_ours, camera, other, other_port = False, resp, orig, oport
                scope = orig.scope
            else:
                continue
            # What a camera was told and did is known where its own flows are handled: a flow
            # that another site address opened to it is handled there, and goes without.
            context = camera.text if camera is orig or not orig.is_site else ""
            destination, name_source = self._destination(
                context, other, other_port, dissection, (start_ns, end_ns)
            )
            if is_ours and destination.name:
                contacted(camera, omac, destination.name)
            text_outcome = _OUTCOME_TEXT[outcome]
            view = FlowView(
                protocol,
                dissection,
                scope,
                "camera" if is_ours else "destination",
                oport,
                rport,
                destination.name,
                name_source,
                other.text,
                text_outcome,
                opkts,
                rpkts,
                opayload,
                rpayload,
                odata,
                rdata,
                (end_ns - start_ns) / 1e9,
                end_reason,
                end_reason == _ACTIVE,
                protocol != _TCP or flags & _SYN != 0,
            )
            record = FlowRecord(
                f"{flow_id:016x}",
                community_id.decode(),
                start_ns,
                end_ns,
                None if vlan == VLAN_NONE else vlan,
                scope,
                _PROTOCOL_TEXT.get(protocol) or str(protocol),
                dissection.service,
                stages.devices.current(camera.text),
                destination,
                "camera" if is_ours else "destination",
                text_outcome,
                Side(orig.text, oport, opkts, obytes),
                Side(resp.text, rport, rpkts, rbytes),
                stages.classifier.classify(view, context, start_ns),
            )
            made.append(Assembled(record, dissection))
        return made

    def _destination(
        self,
        client: str,
        other: Address,
        port: int,
        dissection: Dissection,
        span_ns: tuple[int, int],
    ) -> tuple[Destination, str]:
        stages = self._stages
        name, source = self._name(client, other.text, dissection, span_ns)
        if other.scope is not Scope.OUTSIDE:
            return Destination(other.text, port, name, source, "", 0, "", "", ""), source
        place = stages.geo.place(other.text)
        certificate_names = dissection.all("tls.cert.name") if dissection.facts else ()
        operator = stages.operators.operator(name, other.text, place, certificate_names)
        return (
            Destination(
                other.text,
                port,
                name,
                source,
                place.country,
                place.asn,
                place.as_org,
                operator.name,
                operator.country,
            ),
            source,
        )

    def _name(
        self, client: str, ip: str, dissection: Dissection, span_ns: tuple[int, int]
    ) -> tuple[str, str]:
        """Return the destination's name and where it was learnt, most telling source first."""
        if dissection.facts:
            known = self._told.get(id(dissection))
            if known is None:
                if len(self._told) >= MAX_TOLD:
                    self._told.clear()
                known = self._told[id(dissection)] = (dissection, _told_name(dissection))
            if known[1][0]:
                return known[1]
        names, start_ns, end_ns = self._stages.names, *span_ns
        # A camera that uses an address it looked up before the capture began may ask again later.
        learnt = names.lookup(client, ip, start_ns) or names.lookup(client, ip, end_ns)
        return ("", "") if learnt is None else (learnt.name, learnt.source)


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
