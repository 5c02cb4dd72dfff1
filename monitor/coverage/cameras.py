"""The inventory against what was seen: silent, moved, exchanged, and not listed at all."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any, NamedTuple

from monitor.coverage.parts import Station, vlan_label
from monitor.model.clock import utc_text
from monitor.model.inventory import Inventory, ListedCamera

ROUTER_ADDRESSES = 4
"""Addresses behind one MAC in a VLAN from which it is taken for a router's: cameras have one or
two, with IPv6 three. Raising it takes a small router for a camera with many addresses."""

MOST_UNLISTED = 1000
"""Addresses that are told of those that are not listed; further ones are counted."""


class Change(StrEnum):
    """How a camera is elsewhere than the inventory says."""

    ADDRESS = "address"
    """Its MAC has another address."""

    DEVICE = "device"
    """Its address is used by another MAC: another device, or a new network card."""

    VLAN = "vlan"
    """It was seen in another VLAN."""


class CameraSeen(NamedTuple):
    """One listed camera, and what was seen of it."""

    listed: ListedCamera
    ips: tuple[str, ...]
    """Addresses that its MAC sent from, or its listed one; in order of last use, latest first."""

    mac: str
    vlans: tuple[int | None, ...]
    last_ns: int
    """Last frame that it sent; 0: none."""

    sent: int
    received: int
    changes: tuple[Change, ...]

    @property
    def is_silent(self) -> bool:
        """Whether not one frame of it was seen."""
        return not self.sent


class InventoryResult(NamedTuple):
    """What the inventory and the stations say of each other."""

    cameras: tuple[CameraSeen, ...]
    """Every listed camera, in the order of the list."""

    unlisted: tuple[Station, ...]
    """Cameras that sent and are not listed, by address."""

    unlisted_left_out: int

    def as_dict(self, source: str) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "file": source,
            "listed": len(self.cameras),
            "seen": sum(not one.is_silent for one in self.cameras),
            "silent": [_listed(one.listed) for one in self.cameras if one.is_silent],
            "changed": [
                {
                    **_listed(one.listed),
                    "changes": [str(change) for change in one.changes],
                    "seen_ips": list(one.ips),
                    "seen_mac": one.mac or None,
                    "seen_vlans": [vlan_label(vlan) for vlan in one.vlans],
                    "last": utc_text(one.last_ns) if one.last_ns else None,
                }
                for one in self.cameras
                if one.changes
            ],
            "unlisted": [
                {
                    "ip": one.ip,
                    "mac": one.mac or None,
                    "vlan": one.vlan,
                    "first": utc_text(one.first_ns),
                    "last": utc_text(one.last_ns),
                }
                for one in self.unlisted
            ],
            "unlisted_left_out": self.unlisted_left_out,
        }


def _listed(one: ListedCamera) -> dict[str, Any]:
    return {
        "name": one.name,
        "mac": one.mac or None,
        "ip": one.ip or None,
        "vlan": one.vlan,
        "location": one.location or None,
        "brand": one.brand or None,
    }


def compare(
    inventory: Inventory,
    stations: Iterable[Station],
    is_camera: Callable[[Station], bool] = lambda station: station.is_camera,
) -> InventoryResult:
    """Compare the inventory with the stations of an interval or a run.

    Args:
        inventory: The list.
        stations: What was seen.
        is_camera: Whether a station that is not listed is one that ought to be: in the camera
            networks, or of a kind that is known for a camera.
    """
    every = list(stations)
    routers = _routers(every)
    seen: dict[str, list[Station]] = {one.name: [] for one in inventory.cameras}
    taken: dict[str, list[Station]] = {}
    unlisted: dict[str, Station] = {}
    left_out = 0
    for station in every:
        mac = "" if (station.mac, station.vlan) in routers else station.mac
        found = inventory.match(station.ip, mac)
        if found is not None:
            seen[found.name].append(station if mac else station._replace(mac=""))
            continue
        if not station.sent or not station.ip:
            continue
        listed = inventory.at(station.ip)
        if listed is not None:
            taken.setdefault(listed.name, []).append(station)
        if not is_camera(station):
            continue
        known = unlisted.get(station.ip)
        if known is not None or len(unlisted) < MOST_UNLISTED:
            unlisted[station.ip] = station if known is None else known.merged(station)
        else:
            left_out += 1
    return InventoryResult(
        tuple(_seen(one, seen[one.name], taken.get(one.name, [])) for one in inventory.cameras),
        tuple(sorted(unlisted.values(), key=lambda one: (one.first_ns, one.ip))),
        left_out,
    )


def _routers(stations: Iterable[Station]) -> set[tuple[str, int | None]]:
    """Return MACs that send for so many addresses that they are a router's."""
    addresses: dict[tuple[str, int | None], set[str]] = {}
    for one in stations:
        if one.sent and one.ip and one.mac:
            addresses.setdefault((one.mac, one.vlan), set()).add(one.ip)
    return {key for key, ips in addresses.items() if len(ips) >= ROUTER_ADDRESSES}


def _seen(listed: ListedCamera, stations: list[Station], taken: list[Station]) -> CameraSeen:
    sent = sorted((one for one in stations if one.sent), key=lambda one: -one.last_ns)
    ips = tuple(dict.fromkeys(one.ip for one in sent if one.ip))
    vlans = tuple(dict.fromkeys(one.vlan for one in sent))
    changes = []
    same_family = [ip for ip in ips if (":" in ip) == (":" in listed.ip)]
    if listed.ip and same_family and listed.ip not in ips:
        changes.append(Change.ADDRESS)
    if taken:
        changes.append(Change.DEVICE)
    if listed.vlan is not None and vlans and listed.vlan not in vlans:
        changes.append(Change.VLAN)
    macs = [one.mac for one in (*sent, *taken) if one.mac]
    return CameraSeen(
        listed,
        ips,
        macs[0] if macs else "",
        vlans,
        max((one.last_ns for one in sent), default=0),
        sum(one.sent for one in stations),
        sum(one.received for one in stations),
        tuple(changes),
    )
