"""Record batches as rows of `flows`, made from columns: a flow costs one tuple and no other object."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from monitor.model.addresses import ip_text
from monitor.model.arrays import U32, U64, VLAN_NONE
from monitor.model.records import Destination
from monitor.model.rows import SCOPES, RecordBatch, protocol_text
from monitor.model.words import OUTCOMES
from monitor.store.rows import clean
from monitor.store.shared import Shared

MOST = (1 << 63) - 1
"""What a database's integer holds; counters of packets and bytes are unsigned."""

_PROTOCOLS = [protocol_text(number) for number in range(256)]
_SCOPES = [scope.value for scope in SCOPES]
_OUTCOMES = [outcome.value for outcome in OUTCOMES]

T = TypeVar("T")
V = TypeVar("V")


def flow_rows(batch: RecordBatch, run_no: int, shared: Shared) -> list[tuple[Any, ...]]:
    """Return the rows of a batch, in the order of the columns of `tables.FLOWS`.

    Destinations and evidence that are new are left with `shared`.
    """
    words = batch.words
    ips = _of(words.cameras, batch.camera, lambda device: device.ip)
    services = _of(words.dissections, batch.dissection, lambda facts: clean(facts.service))
    verdicts = _of(
        words.verdicts,
        batch.verdict,
        lambda v: (v.purpose.value, v.confidence.value, shared.evidence(v.evidence)),
    )
    parties = words.parties
    destinations: dict[tuple[str, int, int], int] = {}
    made: list[tuple[Any, ...]] = []
    numbers = (
        batch.start_ns, batch.flow_id, batch.end_ns, batch.vlan, batch.scope, batch.protocol,
        batch.outcome, batch.is_ours, batch.orig_port, batch.resp_port, _bounded(batch.orig_pkts),
        _bounded(batch.resp_pkts), _bounded(batch.orig_bytes), _bounded(batch.resp_bytes),
        batch.camera, batch.party, batch.verdict, batch.dissection,
    )  # fmt: skip
    for (
        start_ns, flow_id, end_ns, vlan, scope, protocol, outcome, is_ours, oport, rport, opkts,
        rpkts, obytes, rbytes, camera, party, verdict, dissection, community_id, orig, resp,
    ) in zip(
        *(column.tolist() for column in numbers),
        batch.community_id.astype("U30").tolist(),
        _texts(batch.orig_hi, batch.orig_lo),
        _texts(batch.resp_hi, batch.resp_lo),
        strict=True,
    ):  # fmt: skip
        key = (resp, rport, party) if is_ours else (orig, oport, party)
        destination_id = destinations.get(key)
        if destination_id is None:
            destination_id = shared.destination(Destination(key[0], key[1], *parties[party]))
            destinations[key] = destination_id
        purpose, confidence, evidence_id = verdicts[verdict]
        made.append((
            run_no, start_ns, f"{flow_id:016x}", community_id, end_ns,
            None if vlan == VLAN_NONE else vlan, _SCOPES[scope], _PROTOCOLS[protocol],
            services[dissection], ips[camera], destination_id,
            "camera" if is_ours else "destination", _OUTCOMES[outcome],
            orig, oport, opkts, obytes, resp, rport, rpkts, rbytes,
            purpose, confidence, evidence_id,
        ))  # fmt: skip
    return made


def _of(words: Sequence[T], column: U32, make: Callable[[T], V]) -> dict[int, V]:
    """Return what is made of the words that a column points to; a vocabulary may be long."""
    return {index: make(words[index]) for index in np.unique(column).tolist()}


def _bounded(column: U64) -> U64:
    return np.minimum(column, np.uint64(MOST))


def _texts(hi: U64, lo: U64) -> list[str]:
    known: dict[tuple[int, int], str] = {}
    texts = []
    for pair in zip(hi.tolist(), lo.tolist(), strict=True):
        text = known.get(pair)
        if text is None:
            text = known[pair] = ip_text(*pair)
        texts.append(text)
    return texts
