"""Makes batches of what the kernels left in the outbox."""

import dataclasses
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from monitor.flow.kernel_report import (
    ConversationColumns,
    FlowColumns,
    report_flows,
    report_talks,
)
from monitor.flow.tables import Outbox
from monitor.model.arrays import I64, U8, Bool, columns_of
from monitor.model.flows import ConversationBatch, FlowBatch, FlowStep

_FLOW_TYPES = tuple(columns_of(FlowBatch)[name][0] for name in FlowColumns._fields)
_TALK_TYPES = tuple(columns_of(ConversationBatch)[name][0] for name in ConversationColumns._fields)
_ID_BYTES = 30

_Columns = TypeVar("_Columns", bound=NamedTuple)


@dataclasses.dataclass(slots=True)
class Gathered:
    """What one step gave so far: one entry of each list for each time the outbox was emptied."""

    flows: list[FlowColumns] = dataclasses.field(default_factory=list)
    community: list[U8] = dataclasses.field(default_factory=list)
    talks: list[ConversationColumns] = dataclasses.field(default_factory=list)
    piece_end: list[I64] = dataclasses.field(default_factory=list)
    """End of each conversation in the pieces of its entry."""

    byte_end: list[I64] = dataclasses.field(default_factory=list)
    """End of each piece in the bytes of its entry."""

    is_orig: list[Bool] = dataclasses.field(default_factory=list)
    data: list[U8] = dataclasses.field(default_factory=list)

    def take(self, out: Outbox, control: Any) -> None:
        """Empty the outbox into fresh arrays."""
        ended, talks = int(control["out_ended"]), int(control["out_talks"])
        pieces, size = int(control["out_pieces"]), int(control["out_bytes"])
        for name in ("out_ended", "out_talks", "out_pieces", "out_bytes"):
            control[name] = 0
        if ended:
            flows = FlowColumns(*(np.empty(ended, dtype) for dtype in _FLOW_TYPES))
            community = np.empty(_ID_BYTES * ended, np.uint8)
            report_flows(out, ended, 0, flows, community)
            self.flows.append(flows)
            self.community.append(community)
        if talks:
            columns = ConversationColumns(*(np.empty(talks, dtype) for dtype in _TALK_TYPES))
            report_talks(out, talks, 0, columns)
            self.talks.append(columns)
            self.piece_end.append(out.talks["piece_end"][:talks].copy())
            self.byte_end.append(out.piece_end[:pieces].copy())
            self.is_orig.append(out.is_orig[:pieces].astype(np.bool_))
            self.data.append(out.data[:size].copy())

    def step(self, messages: I64) -> FlowStep:
        """Return everything as one step."""
        community = _joined(self.community).view(f"S{_ID_BYTES}") if self.flows else _NO_COMMUNITY
        return FlowStep(
            ended=FlowBatch(**_columns(self.flows)) if self.flows else _NO_FLOWS,
            community_id=community,
            conversations=self._conversations() if self.talks else _NO_TALKS,
            message_row=messages,
        )

    def _conversations(self) -> ConversationBatch:
        return ConversationBatch(
            data=_joined(self.data),
            piece_off=_offsets(self.piece_end),
            byte_off=_offsets(self.byte_end),
            is_orig=_joined(self.is_orig),
            **_columns(self.talks),
        )


def _joined(arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def _columns(parts: Sequence[_Columns]) -> dict[str, NDArray[Any]]:
    fields = parts[0]._fields
    if len(parts) == 1:
        return dict(zip(fields, parts[0], strict=True))
    return {name: _joined([part[i] for part in parts]) for i, name in enumerate(fields)}


def _offsets(ends: list[I64]) -> I64:
    """Return the offsets of groups, from the ends that each entry counts from 0."""
    offsets = np.zeros(1 + sum(map(len, ends)), np.int64)
    row, base = 1, 0
    for part in ends:
        offsets[row : row + len(part)] = part
        offsets[row : row + len(part)] += base
        row += len(part)
        base = offsets[row - 1]
    return offsets


# Most steps end nothing, and making a batch of 35 columns costs as much as following packets:
# batches of no rows are shared, since they stay as they are.
_NO_COMMUNITY = np.zeros(0, f"S{_ID_BYTES}")
_NO_FLOWS = FlowBatch(
    **{
        name: np.zeros(0, dtype)
        for name, dtype in zip(FlowColumns._fields, _FLOW_TYPES, strict=True)
    }
)
_NO_TALKS = ConversationBatch(
    data=np.zeros(0, np.uint8),
    piece_off=np.zeros(1, np.int64),
    byte_off=np.zeros(1, np.int64),
    is_orig=np.zeros(0, np.bool_),
    **{
        name: np.zeros(0, dtype)
        for name, dtype in zip(ConversationColumns._fields, _TALK_TYPES, strict=True)
    },
)


def empty_step(messages: I64) -> FlowStep:
    """Return a step in which nothing ended."""
    return Gathered().step(messages)
