"""The list of cameras that somebody keeps: who ought to be there, and what it is called."""

import ipaddress
from collections.abc import Sequence
from typing import NamedTuple


class ListedCamera(NamedTuple):
    """One line of the inventory."""

    name: str
    """Unique; stands in records, labels and messages."""

    mac: str = ""
    """``aa:bb:cc:dd:ee:ff``; empty when not listed. What identifies a camera where it is known."""

    ip: str = ""
    """Usual text of an address; empty when not listed."""

    vlan: int | None = None
    """VLAN that it belongs in; None: not listed."""

    location: str = ""
    brand: str = ""
    """What the label on the case says."""


class Inventory:
    """All listed cameras. A MAC says more than an address: DHCP moves a camera, its MAC stays."""

    def __init__(self, cameras: Sequence[ListedCamera] = (), source: str = "") -> None:
        """Keep the list.

        Args:
            cameras: Names, MACs and addresses each stand once at most.
            source: File that it was read from.
        """
        self.cameras = tuple(cameras)
        self.source = source
        self._by_mac = {one.mac: one for one in self.cameras if one.mac}
        self._by_ip = {one.ip: one for one in self.cameras if one.ip}

    def __len__(self) -> int:
        return len(self.cameras)

    def match(self, ip: str, mac: str = "") -> ListedCamera | None:
        """Return the camera behind an address and a MAC, or None.

        The MAC decides. Where it is listed for nobody, the address does, unless its line names
        another MAC: then some other device has taken the address.

        Args:
            ip: Address; empty: none.
            mac: MAC of the device itself; empty where it is not known, as behind a router.
        """
        found = self._by_mac.get(mac) if mac else None
        if found is not None:
            return found
        found = self._by_ip.get(ip)
        if found is not None and mac and found.mac and found.mac != mac:
            return None
        return found

    def name_of(self, ip: str, mac: str = "") -> str:
        """Return the name of the camera behind an address and a MAC; empty: it is not listed."""
        found = self.match(ip, mac)
        return "" if found is None else found.name

    def at(self, ip: str) -> ListedCamera | None:
        """Return the camera that is listed with this address, whoever has it now."""
        return self._by_ip.get(ip)

    @property
    def macs(self) -> tuple[int, ...]:
        """Listed MACs as numbers."""
        return tuple(int(mac.replace(":", ""), 16) for mac in self._by_mac)

    @property
    def networks(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """Listed addresses as networks of one address."""
        return tuple(ipaddress.ip_network(ip) for ip in self._by_ip)

    @property
    def vlans(self) -> tuple[int, ...]:
        """Listed VLANs."""
        return tuple(sorted({one.vlan for one in self.cameras if one.vlan is not None}))


NO_INVENTORY = Inventory()
