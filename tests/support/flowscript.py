"""Scripts in packet time for tests of the flow stage.

``script.at(0.2).sees(udp(...))`` feeds a packet, ``script.at(60.3).ends(flow(...))`` moves time on
and wants a record with these columns, ``nothing_else()`` fails when anything was not asked for.
"""

import dataclasses
from typing import Any

import numpy as np

from monitor.flow import FlowSettings, FlowStage
from monitor.model.arrays import columns_of
from monitor.model.flows import ConversationBatch, FlowBatch, FlowCounts, FlowStep
from tests.support.packets import SECOND_NS, START_NS, Packet, packet_batch, words_of

FlowRow = dict[str, Any]

_FLOW_NAMES = tuple(columns_of(FlowBatch))
_TALK_NAMES = tuple(columns_of(ConversationBatch))


@dataclasses.dataclass(frozen=True)
class Talk:
    """A conversation in words."""

    flow_no: int
    orig: tuple[bytes, ...]
    resp: tuple[bytes, ...]
    columns: FlowRow


def flow_rows(step: FlowStep) -> list[FlowRow]:
    """Return ended flows as dicts of Python values, with their Community ID."""
    return [
        {name: getattr(step.ended, name)[i].item() for name in _FLOW_NAMES}
        | {"community_id": step.community_id[i].decode()}
        for i in range(len(step.ended))
    ]


def talks(step: FlowStep) -> list[Talk]:
    """Return conversations as values."""
    batch = step.conversations
    found = []
    for i in range(len(batch)):
        sides: tuple[list[bytes], list[bytes]] = ([], [])
        for piece in range(batch.piece_off[i], batch.piece_off[i + 1]):
            content = batch.data[batch.byte_off[piece] : batch.byte_off[piece + 1]].tobytes()
            sides[0 if batch.is_orig[piece] else 1].append(content)
        columns = {name: getattr(batch, name)[i].item() for name in _TALK_NAMES}
        found.append(Talk(columns["flow_no"], tuple(sides[0]), tuple(sides[1]), columns))
    return found


def check_counts(counts: FlowCounts) -> None:
    """Assert the conservation laws of the flow stage."""
    assert counts.packets == (
        counts.in_flows
        + counts.copies
        + counts.fragments_lost
        + counts.icmp_errors
        + counts.fragments_pending
    )
    assert counts.opened == counts.active + int(np.sum(counts.ended))
    assert min(counts.in_flows, counts.copies, counts.active, counts.fragments_pending) >= 0


def flow(orig: str, resp: str, **columns: Any) -> FlowRow:
    """Return the columns that a record is to have; `end` is short for `end_reason`."""
    if "end" in columns:
        columns["end_reason"] = int(columns.pop("end"))
    orig_hi, orig_lo = words_of(orig)
    resp_hi, resp_lo = words_of(resp)
    return {
        "orig_hi": orig_hi,
        "orig_lo": orig_lo,
        "resp_hi": resp_hi,
        "resp_lo": resp_lo,
        **columns,
    }


class FlowScript:
    """Feeds a stage packet by packet and keeps what it gave until the script asks for it."""

    def __init__(self, **settings: Any) -> None:
        self.stage = FlowStage(FlowSettings(**settings))
        self.ended: list[FlowRow] = []
        self.talks: list[Talk] = []
        self.messages = 0
        self._now_ns = START_NS
        self._frame_no = 0

    def at(self, seconds: float) -> "FlowScript":
        """Set the time of what follows, in seconds from the start of the script."""
        self._now_ns = START_NS + round(seconds * SECOND_NS)
        return self

    def sees(self, *packets: Packet) -> "FlowScript":
        """Feed packets, all at this time."""
        placed = []
        for packet in packets:
            self._frame_no += 1
            placed.append(dataclasses.replace(packet, ts_ns=self._now_ns, frame_no=self._frame_no))
        self._take(self.stage.step(packet_batch(placed)))
        return self

    def passes(self) -> "FlowScript":
        """Let time go by without packets, as live capture does."""
        self._take(self.stage.advance(self._now_ns))
        return self

    def ends(self, *wanted: FlowRow) -> "FlowScript":
        """Want these records next, in this order; time goes by first."""
        self.passes()
        got = self.ended[: len(wanted)]
        assert [
            {name: row[name] for name in want} for row, want in zip(got, wanted, strict=False)
        ] == list(wanted)
        del self.ended[: len(wanted)]
        return self

    def finishes(self, *wanted: FlowRow) -> "FlowScript":
        """End the input, and want these records."""
        for step in self.stage.finish():
            self._take(step)
        return self.ends(*wanted)

    def talk(self) -> Talk:
        """Return the next conversation."""
        return self.talks.pop(0)

    def nothing_else(self) -> None:
        """Fail when a record was not asked for, or when counts do not add up."""
        assert self.ended == []
        check_counts(self.stage.counts)

    def _take(self, step: FlowStep) -> None:
        self.ended += flow_rows(step)
        self.talks += talks(step)
        self.messages += len(step.message_row)
        check_counts(self.stage.counts)
