"""Which device is behind an address, and who made it."""

from collections.abc import Mapping

from monitor.enrich.oui import OuiTable
from monitor.model.addresses import Address, mac_text
from monitor.model.facts import Dissection
from monitor.model.records import Device

MAX_DEVICES = 65_536
"""Addresses kept; those beyond have no identity, and are counted."""


class Devices:
    """Gathers signs of identity for each site address."""

    def __init__(self, ouis: OuiTable) -> None:
        self._ouis = ouis
        self._now: dict[str, Device] = {}
        self._routers: set[int] = set()
        self.overflow = 0

    def saw(self, address: Address, mac: int, spoke: bool) -> None:
        """Note that an address was seen behind a MAC; a MAC that sends for outside is a router's."""
        if not address.is_site:
            if spoke:
                self._routers.add(mac)
            return
        if address.text not in self._now and spoke:
            if len(self._now) >= MAX_DEVICES:
                self.overflow += 1
                return
            oui = self._ouis.lookup(mac)
            self._now[address.text] = Device(address.text, mac_text(mac), oui.organisation)

    def take_message(
        self, address: Address, mac: int, src_port: int, dst_port: int, payload: bytes
    ) -> None:
        """Learn from a DHCP, mDNS or other announcement that `address` sent."""

    def take_facts(
        self, orig: Address, orig_mac: int, resp: Address, resp_mac: int, dissection: Dissection
    ) -> None:
        """Learn from what a conversation showed of either side."""

    def prefers(self, ip: str, mac: int, other_ip: str, other_mac: int) -> bool:
        """Return whether, of two site addresses that talk, the first is rather the camera."""
        return False

    def current(self, ip: str) -> Device:
        """Return what is known of an address without waiting: its MAC's maker at most."""
        known = self._now.get(ip)
        return Device(ip) if known is None else known

    def final(self) -> Mapping[str, Device]:
        """Return what all signs together say of each address."""
        return self._now
