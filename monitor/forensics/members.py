"""Which of the packets with a flow's key are in its record: its time, fragments, mirror copies."""

import dataclasses
from typing import Final

import numpy as np

from monitor.flow.settings import FlowSettings
from monitor.forensics.gathered import Columns, Role
from monitor.model.arrays import I64, Bool
from monitor.model.records import FlowRecord
from monitor.model.words import Fragment

FRAGMENT_NS: Final = 30_000_000_000
"""How long the flow stage waits for the fragments of a datagram."""

NOT_A_COPY: Final = -1
_FOREIGN: Final = -2
"""Stands for the row of a packet of another flow: one in another VLAN, where VLANs keep flows apart."""

_LATER: Final = Fragment.LATER.value
_FIN, _SYN, _RST = 1, 2, 4


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Members:
    """The packets of a record."""

    row: I64
    """Rows of the columns, in capture order."""

    copy_of: I64
    """For each of `row`: the row of the packet that a mirror showed a second time, or -1."""

    doubt: str
    """Empty, or how the packets differ from what the record counted."""

    @property
    def is_copy(self) -> Bool:
        """Which of `row` are copies."""
        found: Bool = self.copy_of != NOT_A_COPY
        return found


def members(
    columns: Columns,
    record: FlowRecord,
    *,
    vlan: int,
    settings: FlowSettings,
    next_ns: int,
) -> Members:
    """Return the packets of a record among those with its key.

    Args:
        columns: Packets between both ends, in capture order, from before its start to after its
            end, later fragments of any datagram between them, and ICMP errors that quote them.
        record: The flow as recorded.
        vlan: VLAN of its first packet.
        settings: Those of the flow table. Equal packets within the copy window are copies, as far
            as the record agrees.
        next_ns: When the next flow with this key begins: errors after it are not ours.
    """
    follower = _Follower(columns, record, vlan, settings, next_ns)
    return follower.settle(follower.walk())


class _Follower:
    """Goes through the packets once, as the flow stage did."""

    def __init__(
        self,
        columns: Columns,
        record: FlowRecord,
        vlan: int,
        settings: FlowSettings,
        next_ns: int,
    ) -> None:
        self._columns = columns
        self._record = record
        self._vlan = vlan
        self._vlans = {vlan}
        self._use_vlan = settings.use_vlan
        self._window_ns = settings.copy_window_ns
        self._next_ns = next_ns
        self._settings = settings
        self._seen_ns = record.start_ns
        self._flags = {True: 0, False: 0}
        """TCP flags of each side, or-ed."""

        self._recent: dict[int, tuple[int, int]] = {}
        """Copy key -> time and row."""

        later = (columns.fragment == _LATER) & (columns.role == Role.FLOW)
        self._later: dict[tuple[int, bool], list[int]] = {}
        for row in np.flatnonzero(later).tolist():
            self._later.setdefault(self._datagram(row), []).append(row)
        self._taken_later: set[int] = set()

    def walk(self) -> dict[int, int]:
        """Return the rows that belong to the record, each with the row it is a copy of, or -1."""
        columns, record = self._columns, self._record
        found: dict[int, int] = {}
        has_begun = False
        rows = zip(
            columns.ts_ns.tolist(),
            columns.vlan.tolist(),
            columns.role.tolist(),
            columns.fragment.tolist(),
            columns.copy_key.tolist(),
            strict=True,
        )
        for row, (ts_ns, vlan, role, fragment, key) in enumerate(rows):
            if fragment == _LATER and role == Role.FLOW:
                continue
            is_at_home = not self._use_vlan or vlan in self._vlans
            if not has_begun:
                has_begun = ts_ns == record.start_ns and is_at_home and role == Role.FLOW
                if not has_begun:
                    if role == Role.FLOW and not is_at_home:
                        self._recent[key] = (ts_ns, _FOREIGN)
                    continue
            if role == Role.ERROR:
                # The flow stage has forgotten a flow that was silent for too long.
                is_known = ts_ns - self._seen_ns <= self._idle_ns()
                if is_at_home and is_known and record.start_ns <= ts_ns <= self._next_ns:
                    found[row] = NOT_A_COPY
                continue
            twin = self._twin(key, ts_ns)
            if twin == _FOREIGN:
                # The flow stage saw it as a copy of that packet, and no packet of this flow.
                continue
            if twin == NOT_A_COPY:
                if not is_at_home:
                    self._recent[key] = (ts_ns, _FOREIGN)
                    continue
                if ts_ns > record.end_ns:
                    continue
                self._recent[key] = (ts_ns, row)
                self._seen_ns = max(self._seen_ns, ts_ns)
                way = bool(columns.is_from_orig[row])
                self._flags[way] |= int(columns.tcp_flags[row])
            elif not is_at_home and len(self._vlans) == 1:
                # What the mirror shows of this flow on the far side of a router has that VLAN.
                self._vlans.add(vlan)
            found[row] = twin
            if fragment:
                self._join(row, found)
        return found

    def settle(self, found: dict[int, int]) -> Members:
        """Decide with the record's own counts whether what looks like copies are copies."""
        columns, record = self._columns, self._record
        row = np.array(sorted(found), dtype=np.int64)
        copy_of = np.array([found[one] for one in row.tolist()], dtype=np.int64)
        is_flow = columns.role[row] == Role.FLOW
        expected = record.orig.packets + record.resp.packets
        copies = (copy_of != NOT_A_COPY) & is_flow
        if int(is_flow.sum()) == expected:
            # Honest repeats, such as duplicate ACKs: the record counts each.
            copy_of[is_flow] = NOT_A_COPY
            copies[:] = False
        counted = row[is_flow & ~copies]
        doubt = _doubt(columns, counted, record)
        return Members(row=row, copy_of=copy_of, doubt=doubt)

    def _idle_ns(self) -> float:
        """Return how long the flow stage remembers the flow as it stands."""
        settings, protocol = self._settings, self._record.protocol
        if protocol == "tcp":
            ours, theirs = self._flags[True], self._flags[False]
            if (ours | theirs) & _RST or ours & theirs & _FIN:
                return settings.tcp_closed_s * 1e9
            is_half_open = ours & _SYN and not theirs and not ours & ~_SYN
            return (settings.tcp_half_open_s if is_half_open else settings.tcp_idle_s) * 1e9
        if protocol == "udp":
            return settings.udp_idle_s * 1e9
        is_icmp = protocol in ("icmp", "icmpv6")
        return (settings.icmp_idle_s if is_icmp else settings.other_idle_s) * 1e9

    def _twin(self, key: int, ts_ns: int) -> int:
        known = self._recent.get(key)
        if known is None or abs(ts_ns - known[0]) > self._window_ns:
            return NOT_A_COPY
        return known[1]

    def _datagram(self, row: int) -> tuple[int, bool]:
        return int(self._columns.fragment_id[row]), bool(self._columns.is_from_orig[row])

    def _join(self, first: int, found: dict[int, int]) -> None:
        """Add the later fragments of a datagram whose first one is in the flow."""
        columns = self._columns
        near_ns = int(columns.ts_ns[first])
        for row in self._later.get(self._datagram(first), ()):
            ts_ns, vlan = int(columns.ts_ns[row]), int(columns.vlan[row])
            if row in self._taken_later or abs(ts_ns - near_ns) > FRAGMENT_NS:
                continue
            key = int(columns.copy_key[row])
            twin = self._twin(key, ts_ns)
            if twin == NOT_A_COPY:
                if self._use_vlan and vlan not in self._vlans:
                    continue
                self._recent[key] = (ts_ns, row)
            self._taken_later.add(row)
            found[row] = twin


def _doubt(columns: Columns, counted: I64, record: FlowRecord) -> str:
    packets, length = len(counted), int(columns.counted_len[counted].sum(dtype=np.int64))
    expected = record.orig.packets + record.resp.packets
    expected_bytes = record.orig.bytes + record.resp.bytes
    if packets == expected and length == expected_bytes:
        return ""
    return (
        f"the record counts {expected} packets of {expected_bytes} bytes, "
        f"found were {packets} of {length} bytes"
    )
