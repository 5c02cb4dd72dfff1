"""Flow records as columns: numbers in arrays, what repeats in a vocabulary of shared objects.

The per-flow Python makes indices; lines, sums and findings are made from columns, many flows at a
time. `records` gives the same as objects, for whoever wants one flow after the other.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitor.model.addresses import ip_text
from monitor.model.arrays import (
    I64,
    U8,
    U16,
    U32,
    U64,
    VLAN_NONE,
    Bool,
    Column,
    Columns,
    columns_of,
)
from monitor.model.facts import Dissection
from monitor.model.records import Destination, Device, FlowRecord, Side, Verdict
from monitor.model.words import OUTCOMES, Protocol, Scope

SCOPES = tuple(Scope)
"""Scope by its number in the column `scope`."""

MOST_WORDS = 1 << 16
"""Entries of one vocabulary; then a new one begins."""

_PROTOCOL_TEXT = {p.value: p.name.lower() for p in Protocol}


def protocol_text(number: int) -> str:
    """Return the name of an IP protocol as it stands in records, else its number."""
    return _PROTOCOL_TEXT.get(number) or str(number)


class Party(NamedTuple):
    """A destination without its address: all that many flows share."""

    name: str
    name_source: str
    country: str
    asn: int
    as_org: str
    operator: str
    operator_country: str
    hosting: str = ""
    hosting_country: str = ""


class Vocabulary:
    """The objects that rows point to by index. Grows; its maker begins a new one when it is full."""

    def __init__(self) -> None:
        self.cameras: list[Device] = []
        self.parties: list[Party] = []
        self.verdicts: list[Verdict] = []
        self.dissections: list[Dissection] = []

    @property
    def is_full(self) -> bool:
        """Whether no more should be added after the batch at hand."""
        return (
            max(len(self.cameras), len(self.parties), len(self.verdicts), len(self.dissections))
            > MOST_WORDS
        )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RecordBatch(Columns):
    """Flow records of cameras, as columns."""

    words: Vocabulary
    """What the index columns point into. Not a column."""

    community_id: NDArray[Any]
    """Community ID v1, dtype S30. Not a column."""

    flow_id: Annotated[U64, Column("Stable 64-bit id")]
    start_ns: Annotated[I64, Column("Time of the first packet", unit="ns")]
    end_ns: Annotated[I64, Column("Time of the last packet", unit="ns")]
    vlan: Annotated[U16, Column("VLAN id", absent="65535: untagged")]
    scope: Annotated[U8, Column("Where the destination lies", source="rows.SCOPES")]
    protocol: Annotated[U8, Column("IP protocol number")]
    outcome: Annotated[U8, Column("Index into words.OUTCOMES")]
    is_ours: Annotated[Bool, Column("The camera is the originator")]
    is_half: Annotated[Bool, Column("TCP that went on, of which one side alone was seen")]
    orig_hi: Annotated[U64, Column("Originator address, upper half")]
    orig_lo: Annotated[U64, Column("Originator address, lower half")]
    resp_hi: Annotated[U64, Column("Responder address, upper half")]
    resp_lo: Annotated[U64, Column("Responder address, lower half")]
    orig_port: Annotated[U16, Column("Originator port")]
    resp_port: Annotated[U16, Column("Responder port")]
    orig_pkts: Annotated[U64, Column("Packets of the originator", unit="packets")]
    resp_pkts: Annotated[U64, Column("Packets of the responder", unit="packets")]
    orig_bytes: Annotated[U64, Column("Bytes of the originator", unit="bytes")]
    resp_bytes: Annotated[U64, Column("Bytes of the responder", unit="bytes")]
    camera: Annotated[U32, Column("Index into `words.cameras`")]
    party: Annotated[U32, Column("Index into `words.parties`")]
    verdict: Annotated[U32, Column("Index into `words.verdicts`")]
    dissection: Annotated[U32, Column("Index into `words.dissections`")]

    def records(self) -> Iterator[FlowRecord]:
        """Yield the rows as objects."""
        words = self.words
        columns = (
            self.flow_id, self.community_id, self.start_ns, self.end_ns, self.vlan, self.scope,
            self.protocol, self.outcome, self.is_ours, self.orig_hi, self.orig_lo, self.resp_hi,
            self.resp_lo, self.orig_port, self.resp_port, self.orig_pkts, self.resp_pkts,
            self.orig_bytes, self.resp_bytes, self.camera, self.party, self.verdict,
            self.dissection,
        )  # fmt: skip
        for (
            flow_id, community_id, start_ns, end_ns, vlan, scope, protocol, outcome, is_ours,
            ohi, olo, rhi, rlo, oport, rport, opkts, rpkts, obytes, rbytes,
            camera, party, verdict, dissection,
        ) in zip(*(column.tolist() for column in columns), strict=True):  # fmt: skip
            orig, resp = ip_text(ohi, olo), ip_text(rhi, rlo)
            other, port = (resp, rport) if is_ours else (orig, oport)
            yield FlowRecord(
                f"{flow_id:016x}",
                community_id.decode(),
                start_ns,
                end_ns,
                None if vlan == VLAN_NONE else vlan,
                SCOPES[scope],
                protocol_text(protocol),
                words.dissections[dissection].service,
                words.cameras[camera],
                Destination(other, port, *words.parties[party]),
                "camera" if is_ours else "destination",
                OUTCOMES[outcome].value,
                Side(orig, oport, opkts, obytes),
                Side(resp, rport, rpkts, rbytes),
                words.verdicts[verdict],
            )


_COLUMNS = tuple(columns_of(RecordBatch))


def no_rows() -> RecordBatch:
    """Return a batch without rows."""
    columns: dict[str, Any] = {
        name: np.zeros(0, dtype) for name, (dtype, _) in columns_of(RecordBatch).items()
    }
    return RecordBatch(words=Vocabulary(), community_id=np.zeros(0, "S30"), **columns)


def joined(batches: Sequence[RecordBatch]) -> RecordBatch:
    """Return batches of one vocabulary as one, in order."""
    if len(batches) == 1:
        return batches[0]
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(batch, name) for batch in batches])
        for name in (*_COLUMNS, "community_id")
    }
    return RecordBatch(words=batches[0].words, **columns)


def selected(batch: RecordBatch, is_kept: Bool) -> RecordBatch:
    """Return the rows of a batch where a mask of shape (n,) is true."""
    columns: dict[str, Any] = {
        name: getattr(batch, name)[is_kept] for name in (*_COLUMNS, "community_id")
    }
    return RecordBatch(words=batch.words, **columns)
