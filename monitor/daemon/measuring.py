"""From what the keeper knows to the snapshot that a scrape shows."""

import ipaddress
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from monitor import __version__
from monitor.daemon.covering import Covering
from monitor.daemon.delivery import Counts
from monitor.metrics.snapshot import CameraLabels, EgressKey, InterfaceCounts, Snapshot
from monitor.model.addresses import V4_PREFIX, Networks
from monitor.model.inventory import Inventory
from monitor.model.records import Device
from monitor.model.rows import SCOPES, RecordBatch
from monitor.model.words import OUTCOMES, DeviceKind, EndReason, Outcome, Scope, Stop
from monitor.report.summary import UNADDRESSED

MOST_CAMERAS = 2000
"""Names in labels where there is no inventory; further cameras count under ``_other``."""

_KINDS = (DeviceKind.CAMERA, DeviceKind.RECORDER)
_OUTSIDE = SCOPES.index(Scope.OUTSIDE)
_ANSWERED = OUTCOMES.index(Outcome.ANSWERED)


class Measuring:
    """Adds up what metrics need of flows and devices. Bounded by cameras, purposes, countries."""

    def __init__(self, inventory: Inventory, cameras: Networks) -> None:
        """Begin at nothing.

        Args:
            inventory: The cameras that are listed; with some, only they have a label.
            cameras: Addresses that are said to be cameras: they have a label before they show it.
        """
        self._inventory = inventory
        self._cameras = cameras
        self._listed = {one.name for one in inventory.cameras}
        self._devices: dict[str, Device] = {}
        self._bytes: Counter[EgressKey] = Counter()
        self._flows: Counter[EgressKey] = Counter()
        self._countries: Counter[tuple[str, Any]] = Counter()

    def name_cameras(self, cameras: Networks) -> None:
        """Take up other addresses that are said to be cameras; labels that there are stay."""
        self._cameras = cameras

    def learn(self, devices: Iterable[Device]) -> None:
        """Note what is known of cameras now."""
        for device in devices:
            if device.ip in UNADDRESSED:
                continue
            is_one = device.kind in _KINDS or self._is_named(device.ip)
            if device.ip in self._devices or (is_one and len(self._devices) < MOST_CAMERAS):
                self._devices[device.ip] = device

    def _is_named(self, ip: str) -> bool:
        if not self._cameras:
            return False
        address = ipaddress.ip_address(ip)
        return (int(address) | V4_PREFIX if address.version == 4 else int(address)) in self._cameras

    def add(self, batch: RecordBatch) -> None:
        """Add flow records."""
        rows = np.flatnonzero(batch.scope == _OUTSIDE)
        if not len(rows):
            return
        words = batch.words
        sent = np.where(batch.is_ours, batch.orig_bytes, batch.resp_bytes)[rows]
        answered = batch.outcome[rows] == _ANSWERED
        kinds = np.stack(
            [batch.camera[rows], batch.verdict[rows], batch.party[rows], answered.astype(np.uint32)]
        )
        distinct, which = np.unique(kinds, axis=1, return_inverse=True)
        which = which.reshape(-1)
        flows = np.bincount(which)
        total = np.bincount(which, weights=sent.astype(np.float64))
        for (camera, verdict, party, is_answered), many, size in zip(
            distinct.T.tolist(), flows.tolist(), total.tolist(), strict=True
        ):
            purpose = words.verdicts[verdict].purpose
            key = EgressKey(self._label(words.cameras[camera]), purpose, bool(is_answered))
            self._bytes[key] += int(size)
            self._flows[key] += many
            self._countries[words.parties[party].country, purpose] += int(size)

    def _label(self, device: Device) -> str:
        if len(self._inventory):
            name = self._inventory.name_of(device.ip, device.mac)
            return name if name in self._listed else "_other"
        return device.ip if device.ip in self._devices else "_other"

    def cameras(self) -> list[CameraLabels]:
        """Return the closed set of the label ``camera``."""
        if not len(self._inventory):
            return [
                CameraLabels(ip, None, one.maker, one.brand, one.firmware)
                for ip, one in sorted(self._devices.items())
            ]
        by_name: dict[str, Device] = {}
        for one in self._devices.values():
            by_name.setdefault(self._inventory.name_of(one.ip, one.mac), one)
        made = []
        for listed in self._inventory.cameras:
            device = by_name.get(listed.name, Device(listed.ip))
            made.append(
                CameraLabels(
                    listed.name,
                    listed.vlan,
                    device.maker,
                    device.brand or listed.brand,
                    device.firmware,
                )
            )
        return made

    def snapshot(
        self,
        status: Mapping[str, Any],
        covering: Covering,
        *,
        alerts: Mapping[tuple[str, str], int],
        alerts_open: Mapping[str, int],
        rules: Sequence[tuple[str, str]],
        deliveries: Mapping[str, Counts],
        store_last_ns: int,
    ) -> Snapshot:
        """Return the moment."""
        decode = status["counters"].get("decode", {})
        flow = status["counters"].get("flow", {})
        store = status["store"]
        lost = sum(worker["flows_lost"] for worker in status["workers"])
        ended: dict[EndReason, int] = {
            reason: flow.get(f"ended_{reason.name.lower()}", 0)
            for reason in EndReason
            if reason is not EndReason.ACTIVE
        }
        # Flows that were open in a worker that died were ended by force.
        ended[EndReason.FORCED] += lost
        verdict = covering.verdict
        vlans = [] if verdict is None else [one.vlan for one in verdict.vlans]
        return Snapshot(
            version=__version__,
            catalog=status["versions"].get("catalog", ""),
            started_ns=status["started_ns"],
            interfaces={item["interface"]: _interface(item) for item in status["interfaces"]},
            packets=decode.get("packets", 0),
            stopped={
                reason: decode.get(f"stopped_{reason.name.lower()}", 0)
                for reason in Stop
                if reason is not Stop.NONE
            },
            flows_active=max(flow.get("opened", 0) - sum(ended.values()), 0),
            flows_opened=flow.get("opened", 0),
            flows_ended=ended,
            pressure_steps=flow.get("pressure_steps", 0),
            conversations_cut=flow.get("windows_cut", 0),
            records=store["flows_put"],
            cameras=self.cameras(),
            last_seen_ns=self._seen(covering),
            egress_bytes=dict(self._bytes),
            egress_flows=dict(self._flows),
            country_bytes=dict(self._countries),
            vlans=vlans,
            vlan_last_ns=dict(covering.last_ns),
            vlan_coverage={}
            if verdict is None
            else {one.vlan: str(one.state) for one in verdict.vlans},
            vlan_lost_segments=dict(covering.lost_segments),
            vlan_isolation={one.vlan: str(one.verdict) for one in covering.isolation},
            coverage=str(covering.state),
            canaries_sent=dict(covering.sent),
            canaries_returned=dict(covering.returned),
            canaries_forged=covering.forged,
            alerts=dict(alerts),
            alerts_open=dict(alerts_open),
            rules=rules,
            targets=list(deliveries),
            deliveries={
                (name, result): getattr(counts, result)
                for name, counts in deliveries.items()
                for result in ("delivered", "failed", "dead")
            },
            geo_build_ns={
                kind: _ns(database["date"])
                for database in status["databases"]
                for kind in database["kinds"]
            },
            store_rows=store["flows_written"] + store["flows_duplicate"],
            store_backlog=store["flows_waiting"],
            store_lost=store["flows_dropped"] + store["flows_refused"],
            store_last_ns=store_last_ns,
            worker_restarts=sum(worker["restarts"] for worker in status["workers"]),
        )

    def _seen(self, covering: Covering) -> dict[str, int]:
        found: dict[str, int] = {}
        for ip, seen_ns in covering.seen_ns.items():
            device = self._devices.get(ip, Device(ip))
            name = self._label(device)
            if name != "_other":
                found[name] = max(found.get(name, 0), seen_ns)
        return found


def _interface(item: Mapping[str, Any]) -> InterfaceCounts:
    """Return the counters of an interface; frames that wait in its ring are in none of them yet."""
    lost = item["lost_with_worker"]
    return InterfaceCounts(
        received=item["frames"] + item["dropped"] + lost,
        processed=item["frames"],
        dropped_kernel=item["dropped"],
        dropped_queue=lost,
        freezes=item["freezes"],
        filtered=max(item["passed"] - item["received"], 0),
    )


def _ns(date: str) -> int:
    return int(datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp()) * 10**9
