"""Is a VLAN closed? What cameras tried, what got through, and whether one can tell."""

import dataclasses
import math
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np

from monitor.coverage.account import Account, VlanAccount
from monitor.coverage.judge import Reason
from monitor.coverage.parts import vlan_text
from monitor.model.arrays import I64, VLAN_NONE
from monitor.model.clock import utc_text
from monitor.model.rows import SCOPES, RecordBatch
from monitor.model.words import OUTCOMES, Outcome, Purpose, Scope

MOST_EXAMPLES = 8
"""Ways out that are told of a VLAN; further ones are in the flows."""

_OUTSIDE, _SITE = SCOPES.index(Scope.OUTSIDE), SCOPES.index(Scope.SITE)
_ANSWERED = OUTCOMES.index(Outcome.ANSWERED)
_REFUSED = OUTCOMES.index(Outcome.REFUSED)


class Verdict(StrEnum):
    """What can be said of a VLAN's isolation."""

    CLOSED = "closed"
    """Cameras were seen, wholly and both ways, and nobody outside answered."""

    OPEN = "open"
    """Somebody outside answered a camera, or reached one."""

    CANNOT_TELL = "cannot-tell"
    """Nothing was seen to get through, by a sensor that may have missed it."""


class Through(NamedTuple):
    """One way out that was answered."""

    camera: str
    party: str
    purpose: str
    first_ns: int


@dataclasses.dataclass(slots=True)
class Attempts:
    """Flows between the cameras of one VLAN and the outside."""

    attempts: int = 0
    """Flows that a camera opened towards the outside."""

    answered: int = 0
    refused: int = 0
    inbound: int = 0
    """Flows that somebody outside opened."""

    inbound_answered: int = 0
    unanswered_bytes: int = 0
    """Bytes of cameras in flows that nobody answered: they may have arrived all the same."""

    site_dns: int = 0
    """DNS questions that a resolver of the site answered: what it passed on is not seen here."""

    first_ns: int = 0
    last_ns: int = 0
    through: dict[tuple[str, str, str], int] = dataclasses.field(default_factory=dict)
    """First time by camera, party and purpose; bounded."""

    def add(self, other: "Attempts") -> None:
        """Add what another share of the flows shows."""
        for name in _SUMS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for key, first_ns in other.through.items():
            self._note(key, first_ns)

    def _note(self, key: tuple[str, str, str], first_ns: int) -> None:
        if key in self.through:
            self.through[key] = min(self.through[key], first_ns)
        elif len(self.through) < MOST_EXAMPLES:
            self.through[key] = first_ns


_SUMS = (
    "attempts",
    "answered",
    "refused",
    "inbound",
    "inbound_answered",
    "unanswered_bytes",
    "site_dns",
)


class IsolationTally:
    """Adds up flow records by VLAN. At most 4097 VLANs with a few examples each."""

    def __init__(self) -> None:
        self.vlans: dict[int | None, Attempts] = {}

    def add(self, batch: RecordBatch) -> None:
        """Add flow records."""
        if not len(batch):
            return
        outside, ours = batch.scope == _OUTSIDE, batch.is_ours
        answered = batch.outcome == _ANSWERED
        sent = np.where(ours, batch.orig_bytes, batch.resp_bytes)
        purposes = [verdict.purpose for verdict in batch.words.verdicts]
        is_dns = np.array([purpose is Purpose.DNS for purpose in purposes], np.bool_)
        asked = (batch.scope == _SITE) & ours & answered & is_dns[batch.verdict]
        for vlan in np.unique(batch.vlan[outside | asked]).tolist():
            here = batch.vlan == vlan
            out = here & outside
            row = self.vlans.setdefault(None if vlan == VLAN_NONE else vlan, Attempts())
            row.attempts += int((out & ours).sum())
            row.answered += int((out & ours & answered).sum())
            row.refused += int((out & ours & (batch.outcome == _REFUSED)).sum())
            row.inbound += int((out & ~ours).sum())
            row.inbound_answered += int((out & ~ours & answered).sum())
            row.unanswered_bytes += int(sent[out & ours & ~answered].sum())
            row.site_dns += int((here & asked).sum())
            self._examples(row, batch, np.flatnonzero(out & answered))

    def _examples(self, row: Attempts, batch: RecordBatch, rows: I64) -> None:
        words = batch.words
        if len(row.through) >= MOST_EXAMPLES:
            # No further one is kept: only those that are may turn out to have begun earlier.
            known = {camera for camera, _, _ in row.through}
            is_known = np.array([device.ip in known for device in words.cameras], np.bool_)
            rows = rows[is_known[batch.camera[rows]]]
        columns = (batch.camera[rows], batch.party[rows], batch.verdict[rows])
        # What is the same three times is one example; they stand in order of appearance.
        firsts: dict[tuple[int, int, int], int] = {}
        for camera, party, verdict, start_ns in zip(
            *(column.tolist() for column in columns), batch.start_ns[rows].tolist(), strict=True
        ):
            same = camera, party, verdict
            first_ns = firsts.get(same)
            if first_ns is None or start_ns < first_ns:
                firsts[same] = start_ns
        for (camera, at, verdict), first_ns in firsts.items():
            party = words.parties[at]
            key = (
                words.cameras[camera].ip,
                party.name or party.operator or party.as_org or "an address without a name",
                str(words.verdicts[verdict].purpose),
            )
            row._note(key, first_ns)  # noqa: SLF001  # of this file

    def merge(self, other: "IsolationTally") -> None:
        """Add another share."""
        for vlan, attempts in other.vlans.items():
            self.vlans.setdefault(vlan, Attempts()).add(attempts)


class Isolation(NamedTuple):
    """The verdict on one VLAN, fit to be quoted."""

    vlan: int | None
    verdict: Verdict
    sentence: str
    """What was seen, from when to when, in numbers."""

    because: tuple[str, ...]
    """Why one cannot tell."""

    caveats: tuple[str, ...]
    """What the verdict does not say."""

    attempts: Attempts
    through: tuple[Through, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        counts = self.attempts
        return {
            "verdict": str(self.verdict),
            "sentence": self.sentence,
            "because": list(self.because),
            "caveats": list(self.caveats),
            **{name: getattr(counts, name) for name in _SUMS},
            "through": [
                {
                    "camera": one.camera,
                    "party": one.party,
                    "purpose": one.purpose,
                    "first": utc_text(one.first_ns),
                }
                for one in self.through
            ],
        }


class Cover(NamedTuple):
    """What must be known of coverage to say closed."""

    start_ns: int
    end_ns: int
    frames: int
    cameras: int
    loss_bound: float | None
    two_sided: bool | None
    broken: tuple[Reason, ...]
    """Reasons under which "nothing left" cannot be said."""


def cover_of(account: Account, vlan: int | None, faults: tuple[Reason, ...] = ()) -> Cover:
    """Return what an account says of one VLAN.

    Args:
        account: Of the time in question.
        vlan: The VLAN.
        faults: Further reasons that hold for all, such as a capture that is cut.
    """
    of = account.vlans.get(vlan) or VlanAccount()
    return Cover(
        account.start_ns,
        account.end_ns,
        of.counts.frames,
        account.cameras_in(vlan),
        account.loss_bound(vlan),
        of.two_sided,
        (*of.reasons(breaking=True), *faults),
    )


def isolation(vlan: int | None, attempts: Attempts, cover: Cover, *, whom: str) -> Isolation:
    """Return whether a VLAN is closed.

    What got through is proof, whatever was missed beside it; an absence is proof only when nothing
    could be missed: so open comes first, and cannot-tell wins over closed.

    Args:
        vlan: The VLAN.
        attempts: Flows between its cameras and the outside.
        cover: What the sensor could see of it.
        whom: What its cameras are called: ``camera``, or ``address`` when none were named.
    """
    because = [reason.text for reason in cover.broken]
    if not cover.frames:
        because.append(f"not one frame was seen: {vlan_text(vlan)}")
    elif not cover.cameras:
        because.append(f"no {whom} sent an IP packet")
    elif cover.two_sided is None:
        because.append(
            f"nothing showed that the mirror carries both directions: no {whom} was answered"
        )
    if attempts.answered or attempts.inbound_answered:
        verdict = Verdict.OPEN
    elif because:
        verdict = Verdict.CANNOT_TELL
    else:
        verdict = Verdict.CLOSED
    return Isolation(
        vlan,
        verdict,
        _sentence(vlan, attempts, cover, whom),
        tuple(because),
        tuple(_caveats(attempts)) if verdict is not Verdict.OPEN else (),
        attempts,
        tuple(Through(*key, first) for key, first in sorted(attempts.through.items())),
    )


def _sentence(vlan: int | None, attempts: Attempts, cover: Cover, whom: str) -> str:
    start, end = (utc_text(ns)[:19].replace("T", " ") for ns in (cover.start_ns, cover.end_ns))
    if cover.loss_bound is None:
        loss = "capture loss not measured (no TCP stream)"
    else:
        loss = f"capture loss at most {percent_text(cover.loss_bound)}"
    sides = {
        True: "mirror proved two-sided",
        False: "mirror seen one-sided",
        None: "mirror not proved two-sided",
    }[cover.two_sided]
    where = "without a VLAN tag" if vlan is None else f"in {vlan_text(vlan)}"
    text = (
        f"From {start} to {end} UTC, {_count(cover.frames, 'frame')} of "
        f"{_count(cover.cameras, whom)} were seen {where}, {loss}, {sides}, "
        f"{_count(attempts.attempts, 'attempt')} to leave, {attempts.answered} answered"
    )
    if attempts.inbound:
        text += (
            f", {_count(attempts.inbound, 'attempt')} from outside, "
            f"{attempts.inbound_answered} answered"
        )
    return text + "."


def _caveats(attempts: Attempts) -> list[str]:
    found = []
    if attempts.site_dns:
        found.append(
            f"{_count(attempts.site_dns, 'DNS question')} went to resolvers of the site: names "
            "can carry data, and what a resolver passed on is not seen here"
        )
    if attempts.unanswered_bytes:
        found.append(
            f"{attempts.unanswered_bytes} bytes were sent towards the outside without an answer: "
            "whether a firewall stopped them is seen only behind it"
        )
    return found


def _count(count: int, what: str) -> str:
    many = what + ("es" if what.endswith("s") else "s")
    return f"{count} {what if count == 1 else many}"


def percent_text(share: float) -> str:
    """Return a share in percent, rounded up to two digits that count."""
    percent = share * 100
    digits = 0 if percent >= 10 else 1 if percent >= 1 else 2 if percent >= 0.1 else 3
    scale = 10**digits
    return f"{math.ceil(percent * scale) / scale:.{digits}f} %"
