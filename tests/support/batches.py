"""Record batches made of records, for tests."""

import ipaddress
from collections.abc import Iterable
from typing import TypeVar

import numpy as np

from monitor.model.facts import NOTHING, Dissection
from monitor.model.records import FlowRecord
from monitor.model.rows import SCOPES, Party, RecordBatch, Vocabulary
from monitor.model.words import OUTCOMES, Protocol

T = TypeVar("T")

_PROTOCOLS = {p.name.lower(): p.value for p in Protocol}


def _words(text: str) -> tuple[int, int]:
    address = ipaddress.ip_address(text)
    number = int(address) if address.version == 6 else 0xFFFF << 32 | int(address)
    return number >> 64, number & (1 << 64) - 1


def _index(values: list[T], value: T) -> int:
    if value not in values:
        values.append(value)
    return values.index(value)


def batch_of(records: Iterable[FlowRecord], dissection: Dissection = NOTHING) -> RecordBatch:
    """Return records as a batch; the service of each stands in a dissection of its own."""
    made = list(records)
    words = Vocabulary()
    orig = [_words(r.orig.ip) for r in made]
    resp = [_words(r.resp.ip) for r in made]
    facts = [dissection._replace(service=r.service) for r in made]
    return RecordBatch(
        words=words,
        community_id=np.array([r.community_id.encode() for r in made], "S30"),
        flow_id=np.array([int(r.flow_id, 16) for r in made], np.uint64),
        start_ns=np.array([r.start_ns for r in made], np.int64),
        end_ns=np.array([r.end_ns for r in made], np.int64),
        vlan=np.array([0xFFFF if r.vlan is None else r.vlan for r in made], np.uint16),
        scope=np.array([SCOPES.index(r.scope) for r in made], np.uint8),
        protocol=np.array([_PROTOCOLS.get(r.protocol) or int(r.protocol) for r in made], np.uint8),
        outcome=np.array([[str(o) for o in OUTCOMES].index(r.outcome) for r in made], np.uint8),
        is_half=np.zeros(len(made), np.bool_),
        is_ours=np.array([r.initiated_by == "camera" for r in made], np.bool_),
        orig_hi=np.array([hi for hi, _ in orig], np.uint64),
        orig_lo=np.array([lo for _, lo in orig], np.uint64),
        resp_hi=np.array([hi for hi, _ in resp], np.uint64),
        resp_lo=np.array([lo for _, lo in resp], np.uint64),
        orig_port=np.array([r.orig.port for r in made], np.uint16),
        resp_port=np.array([r.resp.port for r in made], np.uint16),
        orig_pkts=np.array([r.orig.packets for r in made], np.uint64),
        resp_pkts=np.array([r.resp.packets for r in made], np.uint64),
        orig_bytes=np.array([r.orig.bytes for r in made], np.uint64),
        resp_bytes=np.array([r.resp.bytes for r in made], np.uint64),
        camera=np.array([_index(words.cameras, r.camera) for r in made], np.uint32),
        party=np.array([_index(words.parties, Party(*r.destination[2:])) for r in made], np.uint32),
        verdict=np.array([_index(words.verdicts, r.verdict) for r in made], np.uint32),
        dissection=np.array([_index(words.dissections, f) for f in facts], np.uint32),
    )
