"""From what an interval showed to a verdict: ok, degraded or blind, with reasons in numbers."""

import dataclasses
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from monitor.coverage.canary import CanaryResult
from monitor.coverage.parts import IntervalPart, VlanCounts, vlan_label, vlan_text
from monitor.coverage.thresholds import Thresholds
from monitor.model.clock import utc_text


class State(StrEnum):
    """How far a mirror can be trusted, best first."""

    OK = "ok"
    DEGRADED = "degraded"
    """Seen in part, or more than once."""

    BLIND = "blind"
    """What cameras send cannot be seen."""


_ORDER = tuple(State)


class Kind(StrEnum):
    """Why a mirror is not simply ok; ids are stable."""

    SILENT = "silent"
    CANARY = "canary-missing"
    RETAGGED = "canary-retagged"
    ONE_SIDED = "one-sided"
    CAMERAS_UNSEEN = "cameras-unseen"
    TAGS = "tags-differ"
    DOUBLED = "doubled"
    MIRROR_LOSS = "mirror-loss"
    CAPTURE_LOSS = "capture-loss"
    UNDECODED = "undecoded"


class Reason(NamedTuple):
    """One reason."""

    kind: Kind
    text: str
    """Words and numbers, without a period."""

    state: State
    breaks_claim: bool
    """Whether "nothing left" cannot be said while this holds."""


class VlanVerdict(NamedTuple):
    """What can be said of one VLAN, or of the whole sensor, in an interval."""

    vlan: int | None
    state: State
    reasons: tuple[Reason, ...]
    counts: VlanCounts
    """Zeros where nothing was seen."""

    two_sided: bool | None
    """Both directions of a conversation were seen; None: no conversation showed it."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CaptureLoss:
    """What the capture counted in an interval: both count frames."""

    received: int = 0
    dropped: int = 0
    """By the kernel, the interface or our own queues, together."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class IntervalVerdict:
    """The verdicts of one interval, or of a time without any frame."""

    start_ns: int
    end_ns: int
    state: State
    """Of the sensor: the worst of its VLANs with cameras."""

    reasons: tuple[Reason, ...]
    """Of the sensor as a whole; those of a VLAN stand there."""

    vlans: tuple[VlanVerdict, ...]
    """VLANs with cameras, those that were known before and are silent too; by id."""

    other_vlans: int
    """VLANs in which no camera was seen: not judged."""

    def of(self, vlan: int | None) -> VlanVerdict | None:
        """Return the verdict of one VLAN."""
        return next((one for one in self.vlans if one.vlan == vlan), None)

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data, for status, API and report."""
        return {
            "start": utc_text(self.start_ns),
            "end": utc_text(self.end_ns),
            "state": str(self.state),
            "reasons": reasons_dict(self.reasons),
            "vlans": {
                vlan_label(one.vlan): {
                    "state": str(one.state),
                    "reasons": reasons_dict(one.reasons),
                    "two_sided": one.two_sided,
                    "last_frame": utc_text(one.counts.last_ns) if one.counts.frames else None,
                    **{
                        field.name: getattr(one.counts, field.name)
                        for field in dataclasses.fields(one.counts)
                        if not field.name.endswith("_ns")
                    },
                }
                for one in self.vlans
            },
            "other_vlans": self.other_vlans,
        }


def reasons_dict(reasons: Iterable[Reason]) -> list[dict[str, Any]]:
    """Return reasons as plain data."""
    return [
        {
            "kind": str(one.kind),
            "text": one.text,
            "state": str(one.state),
            "breaks_claim": one.breaks_claim,
        }
        for one in reasons
    ]


def worst(states: Iterable[State]) -> State:
    """Return the worst of some states; ok of none."""
    return max(states, key=_ORDER.index, default=State.OK)


class Judge:
    """Judges interval after interval. Knows which VLANs had cameras: these must not fall silent."""

    def __init__(
        self,
        thresholds: Thresholds | None = None,
        *,
        vlans: Collection[int | None] = (),
    ) -> None:
        """Begin.

        Args:
            thresholds: The limits; the defaults where left out.
            vlans: VLANs that must be seen from the start: those of the inventory.
        """
        self._limits = thresholds or Thresholds()
        self._known: set[int | None] = set(vlans)
        self._end_ns = 0

    @property
    def vlans(self) -> frozenset[int | None]:
        """VLANs in which cameras were seen, or are expected."""
        return frozenset(self._known)

    def take(
        self,
        part: IntervalPart,
        losses: CaptureLoss | None = None,
        canaries: Iterable[CanaryResult] = (),
    ) -> list[IntervalVerdict]:
        """Judge the next interval.

        Args:
            part: What was seen, of all workers together.
            losses: What the capture counted in it.
            canaries: What became of the canaries that were due in it.

        Returns:
            The verdict; before it one for the time since the last interval, where nothing came.
        """
        verdicts = []
        if self._end_ns and part.start_ns > self._end_ns:
            silence = IntervalPart(start_ns=self._end_ns, end_ns=part.start_ns)
            verdicts.append(self._judge(silence, CaptureLoss(), {}))
        self._end_ns = max(self._end_ns, part.end_ns)
        by_vlan = {one.vlan: one for one in canaries}
        verdicts.append(self._judge(part, losses or CaptureLoss(), by_vlan))
        return verdicts

    def _judge(
        self,
        part: IntervalPart,
        losses: CaptureLoss,
        canaries: Mapping[int | None, CanaryResult],
    ) -> IntervalVerdict:
        for vlan, counts in part.vlans.items():
            if counts.from_camera or counts.to_camera:
                self._known.add(vlan)
        self._known |= canaries.keys()
        everywhere = _capture_reasons(losses, self._limits)
        seconds = (part.end_ns - part.start_ns) / 1e9
        met = _met(part)
        vlans = []
        for vlan in sorted(self._known, key=lambda one: -1 if one is None else one):
            counts = part.vlans.get(vlan, VlanCounts())
            reasons = vlan_reasons(vlan, counts, canaries.get(vlan), seconds, self._limits)
            state = worst(one.state for one in (*reasons, *everywhere))
            vlans.append(
                VlanVerdict(vlan, state, reasons, counts, two_sided(counts, met.get(vlan, 0)))
            )
        if not self._known and not part.frames:
            text = f"not one frame in {seconds:.0f} s"
            everywhere = (*everywhere, Reason(Kind.SILENT, text, State.BLIND, breaks_claim=True))
        state = worst((*(one.state for one in vlans), *(one.state for one in everywhere)))
        return IntervalVerdict(
            start_ns=part.start_ns,
            end_ns=part.end_ns,
            state=state,
            reasons=everywhere,
            vlans=tuple(vlans),
            other_vlans=len(part.vlans.keys() - self._known),
        )


def two_sided(counts: VlanCounts, met: int = 0) -> bool | None:
    """Return whether the mirror shows both directions; None when nothing tells.

    Args:
        counts: What was seen of a VLAN.
        met: Cameras that sent and were sent to, each alone.
    """
    if counts.outside_one_way:
        return False
    if counts.conversations:
        return counts.one_way * 2 <= counts.conversations
    return True if counts.tags_compared or met else None


def _met(part: IntervalPart) -> dict[int | None, int]:
    """Return how many cameras of each VLAN were seen from both sides."""
    sent: set[tuple[int | None, str]] = set()
    received: set[tuple[int | None, str]] = set()
    for one in part.stations:
        if one.is_camera and one.ip:
            if one.sent:
                sent.add((one.vlan, one.ip))
            if one.received:
                received.add((one.vlan, one.ip))
    return Counter(vlan for vlan, _ in sent & received)


def vlan_reasons(
    vlan: int | None,
    counts: VlanCounts,
    canary: CanaryResult | None,
    seconds: float,
    limits: Thresholds,
) -> tuple[Reason, ...]:
    """Return what is wrong with one VLAN in one interval, worst first."""
    found = []
    where = vlan_text(vlan)
    if canary is not None and canary.returned < canary.sent and not canary.returned:
        found.append(
            Reason(
                Kind.CANARY,
                f"{canary.sent} marked frames were sent into {where} and none came back",
                State.BLIND,
                breaks_claim=True,
            )
        )
    elif canary is not None and canary.seen_as:
        seen = ", ".join(vlan_text(one) for one in canary.seen_as)
        found.append(
            Reason(
                Kind.RETAGGED,
                f"marked frames for {where} came back as {seen}: the mirror changes tags",
                State.DEGRADED,
                breaks_claim=True,
            )
        )
    if not counts.frames and not (canary is not None and canary.returned):
        text = f"{where}: not one frame in {seconds:.0f} s"
        found.append(Reason(Kind.SILENT, text, State.BLIND, breaks_claim=True))
    if counts.tags_differ > limits.tags_share * counts.tags_compared:
        text = (
            f"{counts.tags_differ} of {counts.tags_compared} TCP conversations carry another VLAN "
            "tag in each direction: the mirror strips or changes tags one way"
        )
        found.append(Reason(Kind.TAGS, text, State.DEGRADED, breaks_claim=True))
    elif counts.to_camera >= limits.least_frames and not counts.from_camera:
        text = f"{counts.to_camera} frames to cameras, none from one: the mirror shows one side"
        found.append(Reason(Kind.CAMERAS_UNSEEN, text, State.BLIND, breaks_claim=True))
    elif counts.outside_one_way:
        text = (
            f"{counts.outside_one_way} TCP conversations with the outside go on and only one side "
            "of them is seen: the answers come in past the mirror"
        )
        found.append(Reason(Kind.ONE_SIDED, text, State.DEGRADED, breaks_claim=True))
    elif (
        counts.conversations >= limits.least_conversations
        and counts.one_way > limits.one_way_share * counts.conversations
    ):
        text = (
            f"{counts.one_way} of {counts.conversations} TCP conversations that go on were seen "
            "from one side only"
        )
        found.append(Reason(Kind.ONE_SIDED, text, State.DEGRADED, breaks_claim=True))
    share = lost_share(counts)
    if counts.lost_segments >= limits.least_lost and share > limits.loss_share:
        text = (
            f"{counts.lost_segments} of {counts.segments + counts.lost_segments} TCP segments "
            f"({share:.1%}) reached their receiver and not the sensor"
        )
        found.append(Reason(Kind.MIRROR_LOSS, text, State.DEGRADED, breaks_claim=True))
    if counts.sure >= limits.least_sure and counts.copies > limits.copies_share * counts.sure:
        text = (
            f"{counts.copies} of {counts.sure} packets came twice: the mirror copies both ports "
            "of a path; they are counted once, but take up its capacity"
        )
        found.append(Reason(Kind.DOUBLED, text, State.DEGRADED, breaks_claim=False))
    return tuple(sorted(found, key=lambda one: -_ORDER.index(one.state)))


def lost_share(counts: VlanCounts) -> float:
    """Return the share of TCP segments that the mirror did not show."""
    everything = counts.segments + counts.lost_segments
    return counts.lost_segments / everything if everything else 0.0


def _capture_reasons(losses: CaptureLoss, limits: Thresholds) -> tuple[Reason, ...]:
    everything = losses.received + losses.dropped
    if not everything or losses.dropped <= limits.loss_share * everything:
        return ()
    text = (
        f"{losses.dropped} of {everything} frames ({losses.dropped / everything:.1%}) were "
        "dropped before they were read: the sensor is too slow or its ring too small"
    )
    return (Reason(Kind.CAPTURE_LOSS, text, State.DEGRADED, breaks_claim=True),)
