"""A run, or a span of a live sensor, added up: what was seen, and when it was not."""

import dataclasses
import math
from collections.abc import Iterable
from typing import Any

from monitor.coverage.judge import (
    CaptureLoss,
    IntervalVerdict,
    Kind,
    Reason,
    State,
    lost_share,
    reasons_dict,
    worst,
)
from monitor.coverage.parts import IntervalPart, Station, VlanCounts, vlan_label
from monitor.model.clock import utc_text

MOST_STATIONS = 1 << 15
"""Stations of a run; frames of further ones are counted."""

Z_95 = 1.645
"""One-sided 95 % of the normal distribution."""


@dataclasses.dataclass(slots=True)
class Trouble:
    """One kind of reason over all intervals in which it held."""

    first: Reason
    """As it was told first, with the numbers of that interval."""

    intervals: int = 0
    total_ns: int = 0
    first_ns: int = 0
    last_ns: int = 0


@dataclasses.dataclass(slots=True)
class VlanAccount:
    """One VLAN over all intervals."""

    counts: VlanCounts = dataclasses.field(default_factory=VlanCounts)
    time_ns: dict[State, int] = dataclasses.field(default_factory=lambda: dict.fromkeys(State, 0))
    two_sided: bool | None = None
    """False once an interval showed one side only; True when one showed both and none one only."""

    troubles: dict[Kind, Trouble] = dataclasses.field(default_factory=dict)
    last_state: State = State.BLIND

    @property
    def state(self) -> State:
        """Worst state of any interval."""
        return worst(state for state, time in self.time_ns.items() if time)

    def reasons(self, *, breaking: bool = False) -> list[Reason]:
        """Return the reasons of all intervals, with how long each held."""
        return [
            trouble.first._replace(text=_lasting(trouble))
            for trouble in self.troubles.values()
            if trouble.first.breaks_claim or not breaking
        ]


class Account:
    """Adds up verdicts and parts. Bounded: VLANs by their ids, stations by `MOST_STATIONS`."""

    def __init__(self) -> None:
        self.vlans: dict[int | None, VlanAccount] = {}
        self.sensor = VlanAccount()
        self.losses = CaptureLoss()
        self.start_ns = 0
        """First frame; 0: none yet."""

        self.end_ns = 0
        self.intervals = 0
        self.stations_left_out = 0
        self.conversations_left_out = 0
        self.canary_frames = 0
        """Marked frames seen, of whichever sensor."""

        self._stations: dict[tuple[str, str, int | None], Station] = {}

    @property
    def stations(self) -> list[Station]:
        """Every station, merged over intervals."""
        return list(self._stations.values())

    def add(
        self,
        part: IntervalPart,
        verdicts: Iterable[IntervalVerdict],
        losses: CaptureLoss | None = None,
    ) -> None:
        """Add an interval, and what the judge said of it and of the silence before."""
        seen = [counts for counts in part.vlans.values() if counts.frames]
        if seen:
            first = min(counts.first_ns for counts in seen)
            self.start_ns = min(self.start_ns, first) if self.start_ns else first
            self.end_ns = max(self.end_ns, *(counts.last_ns for counts in seen))
        self.intervals += 1
        self.stations_left_out += part.stations_left_out
        self.conversations_left_out += part.conversations_left_out
        self.canary_frames += len(part.canaries) + part.canaries_left_out
        if losses is not None:
            self.losses = CaptureLoss(
                received=self.losses.received + losses.received,
                dropped=self.losses.dropped + losses.dropped,
            )
        for station in part.stations:
            known = self._stations.get(station.key)
            if known is not None:
                self._stations[station.key] = known.merged(station)
            elif len(self._stations) < MOST_STATIONS:
                self._stations[station.key] = station
            else:
                self.stations_left_out += station.sent + station.received
        for verdict in verdicts:
            self._take(verdict)

    def _take(self, verdict: IntervalVerdict) -> None:
        _note(self.sensor, verdict, verdict.state, verdict.reasons)
        for one in verdict.vlans:
            account = self.vlans.setdefault(one.vlan, VlanAccount())
            account.counts.add(one.counts)
            if one.two_sided is not None:
                account.two_sided = one.two_sided and account.two_sided is not False
            _note(account, verdict, one.state, (*one.reasons, *verdict.reasons))

    def cameras_in(self, vlan: int | None) -> int:
        """Return how many addresses of cameras sent in a VLAN."""
        return len(
            {
                one.ip
                for one in self._stations.values()
                if one.vlan == vlan and one.is_camera and one.sent and one.ip
            }
        )

    def loss_bound(self, vlan: int | None) -> float | None:
        """Return the share of frames that may have been missed at most, with 95 % confidence.

        From the holes that receivers acknowledged and from what the capture dropped; None when no
        TCP segment was seen: then nothing measures what the mirror lost.
        """
        account = self.vlans.get(vlan)
        if account is None or not account.counts.segments:
            return None
        lost = account.counts.lost_segments
        mirror = upper_bound(lost, account.counts.segments + lost)
        everything = self.losses.received + self.losses.dropped
        capture = self.losses.dropped / everything if everything else 0.0
        return 1 - (1 - mirror) * (1 - capture)

    def as_dict(self) -> dict[str, Any]:
        """Return the account as plain data, for report, manifest and status."""
        return {
            "state": str(worst(one.state for one in (self.sensor, *self.vlans.values()))),
            "intervals": self.intervals,
            "vlans": {
                vlan_label(vlan): self._vlan(vlan, self.vlans[vlan])
                for vlan in sorted(self.vlans, key=lambda one: -1 if one is None else one)
            },
            "dropped": self.losses.dropped,
            "stations_left_out": self.stations_left_out,
            "conversations_left_out": self.conversations_left_out,
            "canary_frames": self.canary_frames,
        }

    def _vlan(self, vlan: int | None, account: VlanAccount) -> dict[str, Any]:
        bound = self.loss_bound(vlan)
        counts = account.counts
        return {
            "state": str(account.state),
            "seconds": {str(state): time / 1e9 for state, time in account.time_ns.items()},
            "two_sided": account.two_sided,
            "cameras": self.cameras_in(vlan),
            "first_frame": utc_text(counts.first_ns) if counts.frames else None,
            "last_frame": utc_text(counts.last_ns) if counts.frames else None,
            "lost_share": round(lost_share(counts), 6),
            "lost_share_at_most": None if bound is None else round(bound, 6),
            **{
                field.name: getattr(counts, field.name)
                for field in dataclasses.fields(counts)
                if not field.name.endswith("_ns")
            },
            "reasons": reasons_dict(account.reasons()),
        }


def _note(
    account: VlanAccount, verdict: IntervalVerdict, state: State, reasons: Iterable[Reason]
) -> None:
    length = verdict.end_ns - verdict.start_ns
    account.time_ns[state] += length
    account.last_state = state
    for reason in reasons:
        trouble = account.troubles.get(reason.kind)
        if trouble is None:
            trouble = account.troubles[reason.kind] = Trouble(reason, first_ns=verdict.start_ns)
        trouble.intervals += 1
        trouble.total_ns += length
        trouble.last_ns = verdict.end_ns


def _lasting(trouble: Trouble) -> str:
    """Return the text of a reason with when it held: at once, or in how many intervals."""
    since = utc_text(trouble.first_ns)[:19].replace("T", " ")
    if trouble.intervals == 1:
        return f"{trouble.first.text} (from {since} UTC)"
    until = utc_text(trouble.last_ns)[:19].replace("T", " ")
    return (
        f"{trouble.first.text} (and so in {trouble.intervals} intervals, {trouble.total_ns / 1e9:.0f}"
        f" s in all, from {since} to {until} UTC)"
    )


def upper_bound(hits: int, of: int) -> float:
    """Return the share below which the true one lies with 95 % confidence (Wilson's score)."""
    if not of:
        return 1.0
    share, square = hits / of, Z_95 * Z_95
    middle = share + square / (2 * of)
    spread = Z_95 * math.sqrt(share * (1 - share) / of + square / (4 * of * of))
    return min(1.0, (middle + spread) / (1 + square / of))
