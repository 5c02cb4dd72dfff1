"""What an interval showed, as plain values: they cross from worker to keeper, and add up."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Self

UNTAGGED_TEXT = "untagged"

MOST_CANARIES = 256
"""Canary frames kept of an interval; the latest stay, since a flood would come in front."""


@dataclasses.dataclass(slots=True, kw_only=True)
class VlanCounts:
    """What the mirror showed of one VLAN in one interval. Sums of several sensors' parts are sums."""

    frames: int = 0
    """Frames of any kind, mirror copies too."""

    bytes: int = 0
    not_ip: int = 0
    """Frames that are no IP packet, such as ARP, or that could not be decoded."""

    first_ns: int = 0
    last_ns: int = 0
    """Time of the last frame."""

    from_camera: int = 0
    """Frames that a camera sent, mirror copies left out."""

    from_camera_bytes: int = 0
    to_camera: int = 0
    """Frames to a camera alone, mirror copies left out. Between two cameras a frame is both."""

    to_camera_bytes: int = 0
    sure: int = 0
    """Packets whose mirror copies would be certain."""

    copies: int = 0
    """Of these the copies."""

    conversations: int = 0
    """TCP conversations in which a side went on while it was looked at."""

    one_way: int = 0
    """Of these the ones of whose other side nothing was seen."""

    outside_one_way: int = 0
    """Of these the ones with the outside: somebody there answers unseen."""

    tags_compared: int = 0
    """TCP conversations of which both sides were seen."""

    tags_differ: int = 0
    """Of these the ones whose sides came with different VLAN tags."""

    segments: int = 0
    """TCP segments with payload."""

    lost_segments: int = 0
    """Segments that the receiver had and the mirror did not show, by the size of the holes."""

    gapped: int = 0
    """Sides of TCP conversations with such holes."""

    def add(self, other: "VlanCounts") -> None:
        """Add what was seen elsewhere or later."""
        if not other.frames:
            return
        first = min(self.first_ns, other.first_ns) if self.frames else other.first_ns
        last = max(self.last_ns, other.last_ns) if self.frames else other.last_ns
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.first_ns, self.last_ns = first, last


COUNTS = tuple(
    field.name
    for field in dataclasses.fields(VlanCounts)
    if field.name not in ("first_ns", "last_ns")
)


class Station(NamedTuple):
    """An address behind a MAC in a VLAN, as an interval or a run saw it."""

    ip: str
    """Empty: frames without IP, known by MAC alone."""

    mac: str
    vlan: int | None
    is_camera: bool
    """In the camera networks, of the inventory, or a candidate because none were named."""

    first_ns: int
    last_ns: int
    """Last frame that it sent, or first that was sent to it where it sent none."""

    sent: int
    sent_bytes: int
    received: int
    received_bytes: int

    def merged(self, other: "Station") -> "Station":
        """Return both as one; they have the same key."""
        mine, theirs = self, other
        heard = [one.last_ns for one in (mine, theirs) if one.sent]
        return mine._replace(
            is_camera=mine.is_camera or theirs.is_camera,
            first_ns=min(mine.first_ns, theirs.first_ns),
            last_ns=max(heard) if heard else max(mine.last_ns, theirs.last_ns),
            sent=mine.sent + theirs.sent,
            sent_bytes=mine.sent_bytes + theirs.sent_bytes,
            received=mine.received + theirs.received,
            received_bytes=mine.received_bytes + theirs.received_bytes,
        )

    @property
    def key(self) -> tuple[str, str, int | None]:
        """What tells stations apart."""
        return self.ip, self.mac, self.vlan


class CanarySighting(NamedTuple):
    """A frame that says it is a canary, as it came in. Whether it is one only its maker can tell."""

    ts_ns: int
    vlan: int | None
    content: bytes
    """From the magic word on; see `canary`."""


@dataclasses.dataclass(slots=True, kw_only=True)
class IntervalPart:
    """What one worker saw in one interval."""

    start_ns: int
    end_ns: int
    """Exclusive; a last interval may end early, at its last frame."""

    vlans: dict[int | None, VlanCounts] = dataclasses.field(default_factory=dict)
    """By VLAN id; None: untagged."""

    stations: list[Station] = dataclasses.field(default_factory=list)
    canaries: list[CanarySighting] = dataclasses.field(default_factory=list)
    stations_left_out: int = 0
    """Frames whose station found no room."""

    conversations_left_out: int = 0
    """Segments whose conversation found no room: it is not judged."""

    holes_undecided: int = 0
    """Holes in a sequence that were too young to decide when the interval ended."""

    canaries_left_out: int = 0

    @property
    def frames(self) -> int:
        """Frames in all VLANs."""
        return sum(counts.frames for counts in self.vlans.values())

    def merge(self, other: "IntervalPart") -> None:
        """Add what another worker saw in the same interval."""
        self.end_ns = max(self.end_ns, other.end_ns)
        for vlan, counts in other.vlans.items():
            self.vlans.setdefault(vlan, VlanCounts()).add(counts)
        self.stations = merge_stations((*self.stations, *other.stations))
        self.canaries += other.canaries
        self.canaries_left_out += max(0, len(self.canaries) - MOST_CANARIES)
        del self.canaries[:-MOST_CANARIES]
        self.canaries_left_out += other.canaries_left_out
        self.stations_left_out += other.stations_left_out
        self.conversations_left_out += other.conversations_left_out
        self.holes_undecided += other.holes_undecided

    def as_plain(self) -> dict[str, Any]:
        """Return it as JSON-ready data, for a message between processes."""
        return {
            "start_ns": self.start_ns,
            "end_ns": self.end_ns,
            "vlans": [
                [vlan, *(getattr(counts, name) for name in _FIELDS)]
                for vlan, counts in self.vlans.items()
            ],
            "stations": [list(station) for station in self.stations],
            "canaries": [[one.ts_ns, one.vlan, one.content.hex()] for one in self.canaries],
            **{name: getattr(self, name) for name in _LEFT_OUT},
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """Return what `as_plain` wrote.

        Raises:
            ValueError: The message is not of that shape: its sender is broken.
        """
        try:
            return cls(
                start_ns=int(plain["start_ns"]),
                end_ns=int(plain["end_ns"]),
                vlans={
                    _vlan(vlan): VlanCounts(**dict(zip(_FIELDS, map(int, numbers), strict=True)))
                    for vlan, *numbers in plain["vlans"]
                },
                stations=[
                    Station(str(ip), str(mac), _vlan(vlan), bool(camera), *map(int, numbers))
                    for ip, mac, vlan, camera, *numbers in plain["stations"]
                ],
                canaries=[
                    CanarySighting(int(ts_ns), _vlan(vlan), bytes.fromhex(content))
                    for ts_ns, vlan, content in plain["canaries"]
                ],
                **{name: int(plain[name]) for name in _LEFT_OUT},
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"not an interval of coverage: {error!r}") from error


_FIELDS = tuple(field.name for field in dataclasses.fields(VlanCounts))
_LEFT_OUT = (
    "stations_left_out",
    "conversations_left_out",
    "holes_undecided",
    "canaries_left_out",
)


def _vlan(value: Any) -> int | None:
    return None if value is None else int(value)


def merge_stations(stations: Iterable[Station]) -> list[Station]:
    """Return stations with those of one key as one, in the order in which keys came."""
    merged: dict[tuple[str, str, int | None], Station] = {}
    for station in stations:
        known = merged.get(station.key)
        merged[station.key] = station if known is None else known.merged(station)
    return list(merged.values())


def vlan_text(vlan: int | None) -> str:
    """Return a VLAN as it is called in sentences: ``VLAN 20`` or ``untagged frames``."""
    return "untagged frames" if vlan is None else f"VLAN {vlan}"


def vlan_label(vlan: int | None) -> str:
    """Return a VLAN as a key or label: ``20`` or ``untagged``."""
    return UNTAGGED_TEXT if vlan is None else str(vlan)
