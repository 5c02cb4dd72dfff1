"""What learning watches look at: sums over flows that are alike, by minute, in order of time.

A flow is recorded when it ends, or when nothing came for some minutes, so a camera's start is known
some time after its first flows. Sums therefore wait: after `NOTED_NS` events are looked for in
them, after `JUDGED_NS` the watches see them, knowing what happened around. Order is that of ends:
so it does not depend on how flows were cut into batches. What waits is not kept over a restart.
"""

import dataclasses
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from monitor.model.arrays import U64, VLAN_NONE
from monitor.model.records import Device, Verdict
from monitor.model.rows import Party, RecordBatch

MINUTE_NS: Final = 60 * 10**9
NOTED_NS: Final = 10 * MINUTE_NS
"""Longer than any idle timeout by default (five minutes, TCP)."""

JUDGED_NS: Final = 15 * MINUTE_NS
MOST_WAITING: Final = 100_000
"""Sums that wait. Beyond, the oldest minute is judged early."""


@dataclasses.dataclass(slots=True)
class Talk:
    """Flows of one camera with one party, for one purpose, on one port, of the same minutes."""

    minute_ns: int
    """Minute in which they ended."""

    begin_ns: int
    """Minute in which they began."""

    device: Device
    vlan: int | None
    party: Party
    verdict: Verdict
    port: int
    rules: int
    """Bit i: rule i holds for them."""

    flows: int = 0
    out_bytes: int = 0
    in_bytes: int = 0
    biggest: int = 0
    """Most bytes that the camera sent in one of them."""

    last_ns: int = 0
    flow_id: int = 0
    other_hi: int = 0
    """Address of the other side of one of them, upper word."""

    other_lo: int = 0

    @property
    def who(self) -> str:
        """The camera, whatever its address: its MAC, else its address."""
        return self.device.mac or self.device.ip

    @property
    def kin(self) -> str:
        """What it has in common with cameras of its maker and model; empty where that is unknown."""
        return f"{self.device.maker} {self.device.model}".strip() if self.device.maker else ""

    @property
    def company(self) -> str:
        """Who is behind it, as far as anything tells: operator, else domain, else network."""
        party = self.party
        if party.operator:
            return party.operator
        if party.name:
            return domain_of(party.name)
        return party.as_org or f"a network of {party.country or 'unknown place'}"


def domain_of(name: str) -> str:
    """Return the part of a name that one owner has, by its look: two labels, or three below co.uk."""
    labels = name.rstrip(".").split(".")
    is_long = len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3
    return ".".join(labels[-3:] if is_long else labels[-2:])


class _Key(NamedTuple):
    who: str
    ip: str
    party: Party
    verdict: Verdict
    port: int
    rules: int
    begin_ns: int


class Talks:
    """Sums that wait for their time."""

    def __init__(self) -> None:
        self.hurried = 0
        """Sums that were judged early, because too many waited."""

        self._minutes: dict[int, dict[_Key, Talk]] = {}
        self._waiting = 0
        self._noted_ns = 0

    def add(self, batch: RecordBatch, rules: U64) -> None:
        """Sum up flows.

        Args:
            batch: Flow records.
            rules: Bit i of a row: rule i holds for it; rows with none are left out. Shape (n,).
        """
        rows = np.flatnonzero(rules)
        if not len(rows):
            return
        port = np.where(batch.is_ours, batch.resp_port, batch.orig_port)[rows].astype(np.int64)
        minute = batch.end_ns[rows] // MINUTE_NS
        start = batch.start_ns[rows] // MINUTE_NS
        words = (
            batch.camera[rows].astype(np.int64) << 40
            | batch.party[rows].astype(np.int64) << 20
            | batch.verdict[rows].astype(np.int64)
        )
        when = minute << 16 | port
        order = np.lexsort((rules[rows], words, start, when))
        rows, words, start, when = rows[order], words[order], start[order], when[order]
        held = rules[rows]
        is_new = np.ones(len(rows), np.bool_)
        is_new[1:] = (words[1:] != words[:-1]) | (when[1:] != when[:-1]) | (held[1:] != held[:-1])
        begin = np.flatnonzero(is_new)
        hi = np.where(batch.is_ours, batch.resp_hi, batch.orig_hi)
        lo = np.where(batch.is_ours, batch.resp_lo, batch.orig_lo)
        out = np.where(batch.is_ours, batch.orig_bytes, batch.resp_bytes)[rows].astype(np.int64)
        into = np.where(batch.is_ours, batch.resp_bytes, batch.orig_bytes)[rows].astype(np.int64)
        for row, key, at, first, bits, flows, sent, got, most, last in zip(
            rows[begin].tolist(), words[begin].tolist(), when[begin].tolist(),
            start[begin].tolist(), held[begin].tolist(),
            np.diff(np.append(begin, len(rows))).tolist(), np.add.reduceat(out, begin).tolist(),
            np.add.reduceat(into, begin).tolist(), np.maximum.reduceat(out, begin).tolist(),
            np.maximum.reduceat(batch.end_ns[rows], begin).tolist(), strict=True,
        ):  # fmt: skip
            vlan = int(batch.vlan[row])
            talk = Talk(
                (at >> 16) * MINUTE_NS,
                first * MINUTE_NS,
                batch.words.cameras[key >> 40],
                None if vlan == VLAN_NONE else vlan,
                batch.words.parties[key >> 20 & 0xF_FFFF],
                batch.words.verdicts[key & 0xF_FFFF],
                at & 0xFFFF, bits, flows, sent, got, most, last, int(batch.flow_id[row]),
                int(hi[row]), int(lo[row]),
            )  # fmt: skip
            self._put(talk)

    def noted(self, now_ns: int) -> list[Talk]:
        """Return the sums that events can be looked for in, each once, in order of time."""
        made = []
        for minute in sorted(self._minutes):
            if minute + NOTED_NS > now_ns:
                break
            if minute >= self._noted_ns:
                made += _in_order(self._minutes[minute])
                self._noted_ns = minute + MINUTE_NS
        return made

    def judged(self, now_ns: int) -> list[Talk]:
        """Return and forget the sums whose time has come, in order of time."""
        made = []
        for minute in sorted(self._minutes):
            if minute + JUDGED_NS > now_ns:
                if self._waiting <= MOST_WAITING:
                    break
                self.hurried += len(self._minutes[minute])
            talks = self._minutes.pop(minute)
            self._waiting -= len(talks)
            made += _in_order(talks)
        return made

    def _put(self, talk: Talk) -> None:
        key = _Key(
            talk.who, talk.device.ip, talk.party, talk.verdict, talk.port, talk.rules, talk.begin_ns
        )  # fmt: skip
        talks = self._minutes.setdefault(talk.minute_ns, {})
        same = talks.get(key)
        if same is None:
            talks[key] = talk
            self._waiting += 1
            return
        same.flows += talk.flows
        same.out_bytes += talk.out_bytes
        same.in_bytes += talk.in_bytes
        same.biggest = max(same.biggest, talk.biggest)
        same.last_ns = max(same.last_ns, talk.last_ns)
        same.flow_id = min(same.flow_id, talk.flow_id)


def _in_order(talks: dict[_Key, Talk]) -> list[Talk]:
    """Return the sums of a minute in an order that does not depend on that of their flows."""
    return [talks[key] for key in sorted(talks, key=_sortable)]


def _sortable(key: _Key) -> tuple[str, ...]:
    return (
        key.who, key.ip, *map(str, key.party), str(key.verdict.purpose), f"{key.port:05}",
        str(key.rules), str(key.begin_ns),
    )  # fmt: skip


def bits_of(masks: Sequence[object], rows: int) -> U64:
    """Return masks as bits of one column, shape (rows,); the first mask is bit 0."""
    bits = np.zeros(rows, np.uint64)
    for number, mask in enumerate(masks):
        if mask is not None:
            bits |= np.asarray(mask, np.uint64) << np.uint64(number)
    return bits
