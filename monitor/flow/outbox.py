"""Makes batches of what the kernels left in the outbox."""

import dataclasses
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
    pieces: list[I64] = dataclasses.field(default_factory=list)
    """Pieces of each conversation."""

    lengths: list[I64] = dataclasses.field(default_factory=list)
    """Bytes of each piece."""

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
            self.pieces.append(np.diff(out.talks["piece_end"][:talks], prepend=0))
            self.lengths.append(np.diff(out.piece_end[:pieces], prepend=0))
            self.is_orig.append(out.is_orig[:pieces].astype(np.bool_))
            self.data.append(out.data[:size].copy())

    def step(self, messages: I64) -> FlowStep:
        """Return everything as one step."""
        community = _joined(self.community, np.dtype(np.uint8))
        talks = _columns(self.talks, ConversationColumns, _TALK_TYPES)
        return FlowStep(
            ended=FlowBatch(**_columns(self.flows, FlowColumns, _FLOW_TYPES)),
            community_id=community.view(f"S{_ID_BYTES}"),
            conversations=ConversationBatch(
                data=_joined(self.data, np.dtype(np.uint8)),
                piece_off=_offsets(self.pieces),
                byte_off=_offsets(self.lengths),
                is_orig=_joined(self.is_orig, np.dtype(np.bool_)),
                **talks,
            ),
            message_row=messages,
        )


def _joined(arrays: list[NDArray[Any]], dtype: np.dtype[Any]) -> NDArray[Any]:
    if len(arrays) == 1:
        return arrays[0]
    return np.concatenate(arrays) if arrays else np.zeros(0, dtype)


def _columns(
    parts: list[_Columns], columns: type[_Columns], types: tuple[np.dtype[Any], ...]
) -> dict[str, NDArray[Any]]:
    return {
        name: _joined([part[i] for part in parts], types[i])
        for i, name in enumerate(columns._fields)
    }


def _offsets(lengths: list[I64]) -> I64:
    joined = _joined(lengths, np.dtype(np.int64))
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(joined)))


_EMPTY = Gathered().step(np.zeros(0, np.int64))


def empty_step(messages: I64) -> FlowStep:
    """Return a step in which nothing ended. Its batches are shared: they are empty for ever."""
    return FlowStep(
        ended=_EMPTY.ended,
        community_id=_EMPTY.community_id,
        conversations=_EMPTY.conversations,
        message_row=messages,
    )
