"""From columns and facts to records: the per-flow Python, kept lean because it runs for each flow."""

import dataclasses
from collections.abc import Sequence
from itertools import compress
from typing import Any

import numpy as np

from monitor.classify.index import FIRST_DYNAMIC
from monitor.dissect import dns
from monitor.dissect.pieces import Pieces
from monitor.following import Message
from monitor.indexing import FAR, Indexer, Stages
from monitor.model.addresses import Networks
from monitor.model.arrays import I64, Bool
from monitor.model.facts import NOTHING, Dissection
from monitor.model.flows import ConversationBatch, FlowBatch, FlowStep
from monitor.model.rows import RecordBatch, no_rows
from monitor.model.shards import WHOLE, Shard
from monitor.model.words import OUTCOMES, EndReason, Outcome, Protocol

MAX_PASSED = 1 << 17
"""Things that conversations showed, remembered as passed on; when there are more, all are
forgotten and passed on again, which changes nothing."""

_TCP = Protocol.TCP.value
_DNS_PORT = 53
_SYN, _RST, _ACK = 2, 4, 16
_SEVERAL = 3
"""Acknowledgements without payload that show that a connection goes on."""

_ACTIVE = EndReason.ACTIVE.value
_UNANSWERED = OUTCOMES.index(Outcome.UNANSWERED)
_ANSWERED = OUTCOMES.index(Outcome.ANSWERED)


class Assembler:
    """Makes records of ended flows.

    Keeps the facts of open flows, of which there are as many as the flow table holds.
    """

    def __init__(self, stages: Stages) -> None:
        self._stages = stages
        self._facts: dict[int, Dissection] = {}
        self._indexer = Indexer(stages)
        # By the dissection's id among others; it is held, so that the id is not given to another.
        self._passed: dict[tuple[int | bool, ...], Dissection] = {}
        self._nothing = no_rows()

    def renew(self, stages: Stages) -> None:
        """Ask other stages from now on. What is open goes on; what was looked up is forgotten."""
        self._stages = stages
        self._indexer = Indexer(stages)
        self._passed.clear()

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
        stages = self._stages
        rows = shard.rows(batch, stages.roles.site)
        dissections = stages.registry.dissect_all(batch, rows)
        told = np.array([one is not NOTHING for one in dissections], np.bool_)
        if not told.any():
            return
        rows, dissections = rows[told], list(compress(dissections, told.tolist()))
        self._facts.update(zip(batch.flow_no[rows].tolist(), dissections, strict=True))
        self._observe_streams(batch, rows, dissections)
        self._pass_on(batch, rows, dissections)

    def _observe_streams(
        self, batch: ConversationBatch, rows: I64, dissections: Sequence[Dissection]
    ) -> None:
        """Learn names from DNS answers over TCP; those over UDP came as messages."""
        roles, pieces = self._stages.roles, None
        is_tcp = (batch.protocol[rows] == _TCP).tolist()
        for row, dissection in compress(zip(rows.tolist(), dissections, strict=True), is_tcp):
            if dissection.service != "dns":
                continue
            pieces = pieces or Pieces(batch)
            words = int(batch.orig_hi[row]), int(batch.orig_lo[row])
            client = roles.of(*words) if words[0] << 64 | words[1] in roles.site else FAR
            for answer in dns.parse_stream(pieces.conversation(row).resp_first):
                self._stages.names.observe(client.text, int(batch.ts_ns[row]), answer)

    def _pass_on(
        self, batch: ConversationBatch, rows: I64, dissections: Sequence[Dissection]
    ) -> None:
        """Tell `devices` what conversations showed of either side, each thing once."""
        site, of, passed = self._stages.roles.site, self._stages.roles.of, self._passed
        take_facts = self._stages.devices.take_facts
        # Payload over TCP shows that the other side took the connection.
        answered = (batch.protocol == _TCP) | _has_answer(batch)
        columns = (
            answered, site.holds(batch.orig_hi, batch.orig_lo),
            site.holds(batch.resp_hi, batch.resp_lo), batch.orig_hi, batch.orig_lo,
            batch.orig_mac, batch.resp_hi, batch.resp_lo, batch.resp_mac,
        )  # fmt: skip
        for dissection, took_part, orig_here, resp_here, ohi, olo, omac, rhi, rlo, rmac in zip(
            dissections, *(column[rows].tolist() for column in columns), strict=True
        ):
            key: tuple[int | bool, ...]
            if resp_here:
                key = (id(dissection), took_part, ohi, olo, omac, rhi, rlo, rmac)
            elif orig_here:
                key = (id(dissection), took_part, ohi, olo, omac)
            else:
                continue
            if key in passed:
                continue
            if len(passed) >= MAX_PASSED:
                passed.clear()
            passed[key] = dissection
            take_facts(
                of(ohi, olo) if orig_here else FAR,
                omac,
                of(rhi, rlo) if resp_here else FAR,
                rmac,
                dissection,
                took_part,
            )

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
        dissections = self._dissections(batch, rows)
        if self._indexer.words.is_full:
            self._indexer.begin()
        index = self._indexer.index(batch, rows, dissections)
        kept = rows[index.kept]
        return RecordBatch(
            words=self._indexer.words,
            community_id=step.community_id[kept],
            flow_id=batch.flow_id[kept],
            start_ns=batch.start_ns[kept],
            end_ns=batch.end_ns[kept],
            vlan=batch.vlan[kept],
            scope=index.scope,
            protocol=batch.protocol[kept],
            outcome=batch.outcome[kept],
            is_ours=index.is_ours,
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
            camera=index.camera,
            party=index.party,
            verdict=index.verdict,
            dissection=index.dissection,
        )

    def _dissections(self, batch: FlowBatch, rows: I64) -> list[Dissection]:
        """Return what was found in the first payload of some flows; kept where the flow goes on."""
        facts = self._facts
        # Several parts of a flow may stand in one batch: so row by row.
        return [
            facts.get(number, NOTHING) if reason == _ACTIVE else facts.pop(number, NOTHING)
            for number, reason in zip(
                batch.flow_no[rows].tolist(), batch.end_reason[rows].tolist(), strict=True
            )
        ]


def _has_answer(batch: ConversationBatch) -> Bool:
    """Return of which conversations the responder sent a piece."""
    is_resp = np.concatenate([[0], np.cumsum(~batch.is_orig)])
    answered: Bool = is_resp[batch.piece_off[1:]] > is_resp[batch.piece_off[:-1]]
    return answered


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
