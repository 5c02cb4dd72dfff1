"""Which device is behind an address, and who made it."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from monitor.enrich.announcements import dhcp_facts, mdns_facts
from monitor.enrich.contacts import Contacts
from monitor.enrich.identity import Thresholds, resolve
from monitor.enrich.interfaces import UNSET, Interface, interfaces, is_own
from monitor.enrich.makers import Makers
from monitor.enrich.oui import LOCAL_BIT, OuiTable
from monitor.enrich.rules import SILENT, Rules, Sides
from monitor.enrich.signs import MAX_DEVICES, MAX_SIGNALS, Pair, Signs, by_strength
from monitor.model.addresses import Address, mac_text
from monitor.model.arrays import MAC_NONE
from monitor.model.facts import DhcpMessage, Dissection, DnsMessage
from monitor.model.inventory import NO_INVENTORY, Inventory
from monitor.model.records import Device, Signal

__all__ = ["MAX_DEVICES", "Devices", "Readers", "Signs"]

MAX_MEMO: Final = 65_536
"""What was taken and contacted, remembered to be quick; when full, all is forgotten and learnt
again, which changes nothing."""

MAX_HEARD: Final = 1 << 14
"""Dissections remembered: as many as the dissectors do. Of messages a quarter, they are longer."""

_DHCP: Final = frozenset({67, 68})
_MDNS: Final = 5353


class Readers(NamedTuple):
    """How messages are read: parsers of another stage, which never raise."""

    dhcp: Callable[[bytes], DhcpMessage | None] = lambda _: None
    dns: Callable[[bytes], DnsMessage | None] = lambda _: None


class _Heard(NamedTuple):
    """What a dissection says, remembered with the object so that its id stays taken."""

    dissection: Dissection
    sides: Sides
    """Where the responder took part."""

    asked: tuple[str, ...]
    """Names looked up by the originator."""


class Devices:
    """Gathers signs of identity for each site address and the MAC behind it.

    Every sign is kept with the pair of address and MAC that showed it; only `final` concludes, so
    that the order of what is seen does not matter.
    """

    def __init__(
        self,
        ouis: OuiTable,
        readers: Readers | None = None,
        inventory: Inventory = NO_INVENTORY,
    ) -> None:
        self._ouis = ouis
        self._inventory = inventory
        self._readers = readers or Readers()
        self._limits = Thresholds.load()
        self._makers = Makers.load(self._limits.weights)
        self._rules = Rules.load(self._makers)
        self._contacts = Contacts.load(self._makers)
        self._signs = Signs()
        self._now: dict[str, Device] = {}
        self._heard: dict[int, _Heard] = {}
        self._silent: set[int] = set()
        self._taken: set[tuple[int | str, ...]] = set()
        self._contacted: set[tuple[str, int, str]] = set()
        self._messages: set[tuple[str, int, bytes]] = set()
        self._ranks: dict[int, int] = {}
        self._final: dict[str, Device] = {}

    @property
    def overflow(self) -> int:
        """Things of new addresses that found no room."""
        return self._signs.overflow

    def saw(self, address: Address, mac: int, spoke: bool) -> None:
        """Note that an address was seen behind a MAC; a MAC that sends for outside is a router's."""
        if not spoke or (address.text, mac) in self._signs.pairs:
            return
        if not address.is_site:
            self._signs.add_router(mac)
            return
        self._signs.add_pair((address.text, mac))
        if address.text not in self._now and len(self._now) < MAX_DEVICES:
            self._now[address.text] = self._named(self._first(address.text, mac), mac)

    def take_message(
        self, address: Address, mac: int, src_port: int, dst_port: int, payload: bytes
    ) -> None:
        """Learn from a DHCP, mDNS or other announcement that `address` sent."""
        key = (address.text, mac, payload)
        if not address.is_site or key in self._messages:
            return
        if len(self._messages) >= MAX_HEARD >> 2:
            self._messages.clear()
        self._messages.add(key)
        if src_port in _DHCP or dst_port in _DHCP:
            message = self._readers.dhcp(payload)
            if message is not None:
                self._take_dhcp(address.text, mac, message)
        elif src_port == _MDNS:
            announced = self._readers.dns(payload)
            if announced is not None and announced.is_response:
                facts = mdns_facts(announced)
                self._signs.add_signals((address.text, mac), self._rules.own(facts))

    def take_facts(
        self,
        orig: Address,
        orig_mac: int,
        resp: Address,
        resp_mac: int,
        dissection: Dissection,
        answered: bool = True,
    ) -> None:
        """Learn from what a conversation showed of either side.

        Args:
            orig: Originator.
            orig_mac: MAC that its packets came from.
            resp: Responder.
            resp_mac: MAC that its packets came from.
            dissection: What was recognised; one object for equal ones.
            answered: Whether the responder took part: it answered, or took the connection.
        """
        number = id(dissection)
        if number in self._silent:
            return
        key: tuple[int | str, ...]
        if resp.is_site:
            key = (number, answered, orig.text, orig_mac, resp.text, resp_mac)
        else:
            key = (number, answered, orig.text, orig_mac)
        if key in self._taken:
            return
        sides, asked = self._hear(dissection, answered=answered)
        if orig.is_site:
            self._signs.add_signals((orig.text, orig_mac), sides.orig)
            for name in asked:
                self._take_name((orig.text, orig_mac), name, is_contacted=False)
        if resp.is_site:
            self._signs.add_signals((resp.text, resp_mac), sides.resp)
        if number not in self._silent:
            if len(self._taken) >= MAX_MEMO:
                self._taken.clear()
            self._taken.add(key)

    def contacted(self, address: Address, mac: int, name: str) -> None:
        """Learn from the name of a host that `address` opened a flow to."""
        key = (address.text, mac, name)
        if key in self._contacted:
            return
        if len(self._contacted) >= MAX_MEMO:
            self._contacted.clear()
        self._contacted.add(key)
        if address.is_site:
            self._take_name((address.text, mac), name, is_contacted=True)

    def prefers(self, mac: int, other_mac: int) -> bool:
        """Return whether, of two site addresses that talk, the first is rather the camera.

        Only the MACs' prefixes count, so that the answer is the same at any time.
        """
        rank, other_rank = self._ranks.get(mac), self._ranks.get(other_mac)
        if rank is None:
            rank = self._rank(mac)
        if other_rank is None:
            other_rank = self._rank(other_mac)
        return rank > other_rank

    def current(self, ip: str) -> Device:
        """Return what is known of an address without waiting: its MAC's maker at most."""
        known = self._now.get(ip)
        return self._named(Device(ip)) if known is None else known

    def signs(self) -> Signs:
        """Return what was gathered, to be merged elsewhere."""
        return self._signs

    def merge(self, signs: Signs) -> None:
        """Add what another process gathered."""
        self._signs.merge(signs)

    def final(self) -> Mapping[str, Device]:
        """Return what all signs together say of each address that sent packets."""
        if self._signs.is_changed:
            known: dict[Interface, Device] = {}
            self._final = {}
            for ip, interface in interfaces(self._signs).items():
                device = known.get(interface)
                if device is None:
                    device = known[interface] = self._conclude(ip, interface)
                self._final[ip] = self._named(device._replace(ip=ip))
            self._signs.is_changed = False
        return self._final

    def _named(self, device: Device, mac: int = MAC_NONE) -> Device:
        """Return a device with the name that the inventory has for it."""
        if not len(self._inventory):
            return device
        name = self._inventory.name_of(device.ip, device.mac or mac_text(mac))
        return device._replace(name=name) if name else device

    def _first(self, ip: str, mac: int) -> Device:
        """Return what the prefix alone says, where it is that of a maker of cameras."""
        if ip in UNSET or not is_own(mac):
            return Device(ip)
        signals = self._prefix(mac)
        if not any(signal.says == "kind=camera" for signal in signals):
            return Device(ip, mac_text(mac), self._ouis.lookup(mac).organisation)
        return self._device(ip, mac, signals)

    def _take_dhcp(self, ip: str, mac: int, message: DhcpMessage) -> None:
        # A relay's frame carries the relay's MAC; the message names the client's.
        client = int(message.client_mac.replace(":", ""), 16) if message.client_mac else mac
        if message.is_reply:
            if message.kind == "ack":
                self._lease(message.your_address, client)
            return
        self._lease(message.client_address, client)
        pair = ("", client) if is_own(client) else (ip, mac)
        self._signs.add_signals(pair, self._rules.own(dhcp_facts(message)))

    def _lease(self, ip: str, mac: int) -> None:
        if ip and ip not in UNSET and is_own(mac):
            self._signs.add_lease(ip, mac)

    def _take_name(self, pair: Pair, name: str, *, is_contacted: bool) -> None:
        told = self._contacts.told(name)
        self._signs.add_signals(pair, told.contacted if is_contacted else told.asked)
        if told.unrelated:
            self._signs.add_unrelated(pair, told.unrelated, int(self._limits.unrelated_names))

    def _hear(self, dissection: Dissection, *, answered: bool) -> tuple[Sides, tuple[str, ...]]:
        """Return what a dissection says of its ends, and the names that the originator asks for."""
        number = id(dissection)
        heard = self._heard.get(number)
        if heard is None:
            if len(self._heard) >= MAX_HEARD:
                # What was taken is known by the ids of what is forgotten here.
                self._heard.clear()
                self._silent.clear()
                self._taken.clear()
            both = self._rules.sides(dissection, answered=True)
            asked = dissection.all("dns.query") if dissection.service == "dns" else ()
            heard = self._heard[number] = _Heard(dissection, both, asked)
            # Without an answer a conversation says less, so what is silent with one always is.
            if both is SILENT and not asked:
                self._silent.add(number)
        sides = heard.sides if answered else self._rules.sides(dissection, answered=False)
        return sides, heard.asked

    def _prefix(self, mac: int) -> tuple[Signal, ...]:
        """Return what the prefix of a MAC says."""
        organisation = self._ouis.lookup(mac).organisation
        return tuple(
            Signal("oui", organisation[:96], claim.says, round(claim.weight, 4), claim.source)
            for claim in self._makers.of_organisation(organisation)
        )

    def _rank(self, mac: int) -> int:
        """Return how much a MAC's prefix looks like a camera's."""
        says = {signal.says for signal in self._prefix(mac)}
        if "kind=camera" in says:
            rank = 3
        elif "kind=other" in says:
            rank = 0
        else:
            # Telephones make up their addresses; few cameras do.
            rank = 1 if mac & LOCAL_BIT and mac != MAC_NONE else 2
        if len(self._ranks) >= MAX_MEMO:
            self._ranks.clear()
        self._ranks[mac] = rank
        return rank

    def _conclude(self, ip: str, interface: Interface) -> Device:
        """Return the device of some MACs and of the signs of some pairs."""
        gathered = self._signs.evidence
        signals = dict.fromkeys(signal for mac in interface.macs for signal in self._prefix(mac))
        unrelated: set[str] = set()
        for pair in interface.pairs:
            signals |= gathered.get(pair, {})
        for pair in interface.shared:
            # Routers repeat the mDNS announcements of others in their own name.
            said = gathered.get(pair, {})
            signals |= dict.fromkeys(signal for signal in said if signal.kind != "mdns")
        for pair in (*interface.pairs, *interface.shared):
            unrelated |= self._signs.unrelated.get(pair, set())
        limits = self._limits
        if len(unrelated) >= limits.unrelated_names:
            shown = f"{limits.unrelated_names:g} or more domains"
            signals[
                Signal("unrelated", shown, "kind=other", limits.unrelated_weight, "own choice")
            ] = None
        mac = interface.macs[0] if len(interface.macs) == 1 else MAC_NONE
        return self._device(ip, mac, tuple(signals))

    def _device(self, ip: str, mac: int, signals: tuple[Signal, ...]) -> Device:
        told = resolve(signals, self._limits)
        kept = tuple(sorted(signals, key=by_strength)[:MAX_SIGNALS])
        organisation = self._ouis.lookup(mac).organisation
        return Device(
            ip, mac_text(mac), organisation, told.maker, told.brand, told.model, told.firmware,
            told.kind, told.confidence, kept,
        )  # fmt: skip
