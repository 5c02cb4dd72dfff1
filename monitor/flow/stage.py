"""The flow stage's one door: packets in, ended flows and first payload out."""

import operator
import secrets
from collections.abc import Iterator
from typing import Any

import numpy as np

from monitor.flow.kernel import PacketColumns, follow
from monitor.flow.kernel_errors import QuoteColumns
from monitor.flow.kernel_table import flush, ring
from monitor.flow.outbox import Gathered, empty_step
from monitor.flow.settings import FlowSettings
from monitor.flow.tables import make_outbox, make_tables
from monitor.model.arrays import I64
from monitor.model.flows import FlowCounts, FlowStep
from monitor.model.packets import PacketBatch

_packet_columns = operator.attrgetter(*PacketColumns._fields)
_quote_columns = operator.attrgetter(*QuoteColumns._fields)
_TOTALS = (
    "packets",
    "in_flows",
    "copies",
    "icmp_errors",
    "fragments_joined",
    "fragments_lost",
    "fragments_pending",
    "opened",
    "active",
    "parts",
    "pressure_steps",
    "windows_cut",
    "messages_skipped",
    "packets_late",
)


class FlowStage:
    """Follows flows through batches of packets.

    The answers do not depend on how the packets are cut into batches. Time is packet time: the
    latest that was seen. Memory grows with the flows held, up to the bounds of the settings.
    """

    def __init__(self, settings: FlowSettings | None = None) -> None:
        """Make empty tables.

        Args:
            settings: Bounds and timeouts; the defaults where left out.
        """
        self.settings = settings or FlowSettings()
        self._tables = make_tables(self.settings, secrets.randbits(64))
        self._out = make_outbox()
        self._control = self._tables.control
        self._messages = np.zeros(0, np.int64)
        # Views of fields: taking one from a record anew costs as much as following some packets.
        self._out_messages = self._control["out_messages"]
        self._out_ended = self._control["out_ended"]
        self._out_talks = self._control["out_talks"]

    @property
    def counts(self) -> FlowCounts:
        """Running totals, as a value that does not change with later steps."""
        control = self._control[0]
        totals = {name: int(control[name]) for name in _TOTALS}
        return FlowCounts(**totals, ended=self._tables.ended.copy())

    def step(self, packets: PacketBatch) -> FlowStep:
        """Follow the packets of a batch, in its order.

        Args:
            packets: The batch. Nothing of it is kept: its buffers may be used again.

        Returns:
            What ended, and what is to be read. `message_row` are rows of this batch.
        """
        count = len(packets)
        if count > len(self._messages):
            self._messages = np.zeros(count, np.int64)
        columns = PacketColumns(*map(_fixed, _packet_columns(packets)))
        quotes = QuoteColumns(*map(_fixed, _quote_columns(packets.quotes)))
        gathered = None
        row = follow(columns, quotes, self._tables, self._out, self._messages, 0)
        while row < count:
            gathered = gathered or Gathered()
            gathered.take(self._out, self._control[0])
            row = follow(columns, quotes, self._tables, self._out, self._messages, row)
        messages = self._messages[: self._out_messages[0]].copy()
        self._out_messages[0] = 0
        return self._answer(gathered, messages)

    def advance(self, now_ns: int) -> FlowStep:
        """Move packet time on to `now_ns`: for live input whose wire is quiet.

        Args:
            now_ns: Time since 1970 UTC in ns; one before the packet clock changes nothing.
        """
        control = self._control[0]
        control["clock_ns"] = max(int(control["clock_ns"]), now_ns)
        gathered = None
        while not ring(self._tables, self._out):
            gathered = gathered or Gathered()
            gathered.take(self._out, control)
        return self._answer(gathered, np.zeros(0, np.int64))

    def finish(self) -> Iterator[FlowStep]:
        """End all flows, some thousands in each step; afterwards the table is empty.

        A flow that is still open ends with the reason FORCED; one whose timeout had passed, or
        that was closed, as if it had been found out in time.
        """
        slot = 0
        while slot >= 0:
            slot = int(flush(self._tables, self._out, slot))
            step = self._answer(None, np.zeros(0, np.int64))
            if len(step.ended) or len(step.conversations):
                yield step

    def _answer(self, gathered: Gathered | None, messages: I64) -> FlowStep:
        if gathered is None:
            if not self._out_ended[0] and not self._out_talks[0]:
                return empty_step(messages)
            gathered = Gathered()
        gathered.take(self._out, self._control[0])
        return gathered.step(messages)


def _fixed(array: Any) -> Any:
    """Return an array as read-only and contiguous: one machine-code version serves all callers."""
    flags = array.flags
    if flags.writeable or not flags.c_contiguous:
        array = np.ascontiguousarray(array).view()
        array.flags.writeable = False
    return array
