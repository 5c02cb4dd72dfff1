"""What the keeper knows at one moment, for the metrics: plain numbers, no library, no lock.

The keeper makes a new one when it has something new and puts it where the listener finds it; a
scrape reads one snapshot, so the laws of conservation hold within every scrape.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from monitor.model.words import EndReason, Purpose, Stop


class InterfaceCounts(NamedTuple):
    """What one interface gave since the start; ``received == processed + all drops``."""

    received: int = 0
    """Frames that were there for us to take, those that were lost included."""

    processed: int = 0
    """Frames that the decode stage was given."""

    dropped_kernel: int = 0
    """Frames that found the ring full (PACKET_STATISTICS tp_drops)."""

    dropped_interface: int = 0
    """Frames that the network card or its driver lost (rx_dropped, rx_missed_errors)."""

    dropped_queue: int = 0
    """Frames that were lost between the ring and decoding: a worker died or was restarted."""

    freezes: int = 0
    """Times that the ring was full (tp_freeze_q_cnt)."""

    filtered: int = 0
    """Frames that the kernel filter left out on purpose; in none of the numbers above."""


class CameraLabels(NamedTuple):
    """One camera of the closed set that may stand in labels."""

    camera: str
    """Name in the inventory."""

    vlan: int | None = None
    maker: str = ""
    brand: str = ""
    firmware: str = ""


class EgressKey(NamedTuple):
    """What bytes to the outside are added up by."""

    camera: str
    """Name in the inventory; one that is not in `Snapshot.cameras` counts under ``_other``."""

    purpose: Purpose
    is_answered: bool


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One moment of the sensor. Counters are totals since the process began; times ns since 1970."""

    version: str = ""
    catalog: str = ""
    """SHA-256 of the catalogue that decides purposes, in hex; empty until a worker has read it."""

    started_ns: int = 0
    interfaces: Mapping[str, InterfaceCounts] = dataclasses.field(default_factory=dict)
    """By interface name of the settings."""

    packets: int = 0
    """Frames that decoded to a packet; ``sum(processed) == packets + sum(stopped)``."""

    stopped: Mapping[Stop, int] = dataclasses.field(default_factory=dict)
    """Frames whose decoding stopped, by reason."""

    flows_active: int = 0
    flows_opened: int = 0
    """``flows_opened == flows_active + sum(flows_ended)``."""

    flows_ended: Mapping[EndReason, int] = dataclasses.field(default_factory=dict)
    """Ended flows by reason; ACTIVE cuts are no ends."""

    pressure_steps: int = 0
    """Times that the flow table passed its high-water mark."""

    conversations_cut: int = 0
    """Conversations read in part because the payload store was full."""

    records: int = 0
    """Flow records of cameras that were handed to policy and store."""

    cameras: Sequence[CameraLabels] = ()
    """The inventory, or what stands in its place: the closed set of the label ``camera``."""

    last_seen_ns: Mapping[str, int] = dataclasses.field(default_factory=dict)
    """Last frame that a camera sent, by inventory name; missing: never seen."""

    egress_bytes: Mapping[EgressKey, int] = dataclasses.field(default_factory=dict)
    """Bytes that cameras sent to the outside."""

    egress_flows: Mapping[EgressKey, int] = dataclasses.field(default_factory=dict)
    """Flows between cameras and the outside, whoever opened them."""

    country_bytes: Mapping[tuple[str, Purpose], int] = dataclasses.field(default_factory=dict)
    """Bytes that cameras sent to the outside by country of the address block (empty: unknown)."""

    vlans: Sequence[int | None] = ()
    """VLANs with cameras: the closed set of the label ``vlan``; None: untagged."""

    vlan_last_ns: Mapping[int | None, int] = dataclasses.field(default_factory=dict)
    """Last frame by VLAN."""

    vlan_coverage: Mapping[int | None, str] = dataclasses.field(default_factory=dict)
    """``ok``, ``degraded`` or ``blind`` of the last interval."""

    vlan_lost_segments: Mapping[int | None, int] = dataclasses.field(default_factory=dict)
    """TCP segments that reached their receiver and not the sensor."""

    vlan_isolation: Mapping[int | None, str] = dataclasses.field(default_factory=dict)
    """``closed``, ``open`` or ``cannot-tell``."""

    coverage: str = "blind"
    """Of the sensor: before the first interval ends it has seen nothing."""

    canaries_sent: Mapping[int | None, int] = dataclasses.field(default_factory=dict)
    canaries_returned: Mapping[int | None, int] = dataclasses.field(default_factory=dict)
    canaries_forged: int = 0
    alerts: Mapping[tuple[str, str], int] = dataclasses.field(default_factory=dict)
    """Alerts opened, by rule id and severity."""

    alerts_open: Mapping[str, int] = dataclasses.field(default_factory=dict)
    """Alerts that are open now, by severity."""

    rules: Sequence[tuple[str, str]] = ()
    """Rule id and severity of every rule that is loaded: exported as 0 until it speaks."""

    targets: Sequence[str] = ()
    """Names of the delivery targets."""

    deliveries: Mapping[tuple[str, str], int] = dataclasses.field(default_factory=dict)
    """Attempts by target and result: ``delivered``, ``failed`` or ``dead``."""

    oldest_pending_ns: Mapping[str, int] = dataclasses.field(default_factory=dict)
    """When the oldest message that waits was made, by target; missing: none waits."""

    geo_build_ns: Mapping[str, int] = dataclasses.field(default_factory=dict)
    """When each database of address blocks was made, by kind."""

    store_rows: int = 0
    """Flow records committed; ``records == store_rows + store_backlog + store_lost``."""

    store_backlog: int = 0
    """Flow records that wait for the store."""

    store_lost: int = 0
    """Flow records given up because the store was away for too long."""

    store_last_ns: int = 0
    """Last transaction that was committed."""

    worker_restarts: int = 0
    """Times that a worker process died and was started anew."""
