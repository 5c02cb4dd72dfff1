"""Address blocks that a geolocation database must not be asked about."""

import ipaddress
from pathlib import Path
from socket import AF_INET, AF_INET6, inet_pton
from typing import Final, NamedTuple, TypeAlias

from monitor.data import data_path
from monitor.data.yaml_file import load_entries, text_of
from monitor.errors import ConfigError

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

ANYCAST_FILE: Final = "anycast.yaml"

NOWHERE_BLOCKS: Final = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/3",
    "::/127",
    "64:ff9b:1::/48",
    "100::/64",
    "2001:db8::/32",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "ff00::/8",
)
"""Private, link-local, documentation, multicast and reserved blocks.

Source: the IANA IPv4 and IPv6 special-purpose address registries (RFC 6890).
"""


ORDINARY: Final = 0
NOWHERE: Final = 1
"""Private, reserved or multicast: no database can say anything of it."""

ANYCAST: Final = 2
"""Announced from many places at once: no country is true of it."""


class Anycast(NamedTuple):
    """A block that is announced from many places at once."""

    network: Network
    name: str
    source: str


_MAPPED: Final = bytes(10) + b"\xff\xff"
"""::ffff:0:0/96: IPv4 written as IPv6."""

_Rule: TypeAlias = tuple[int, int, int]


class SpecialBlocks:
    """Tells special blocks apart in a fraction of a microsecond."""

    def __init__(self, anycast: tuple[Anycast, ...]) -> None:
        self.anycast = anycast
        # By first octet: most octets have no rule, so most addresses cost one index.
        self._v4: list[tuple[_Rule, ...]] = [()] * 256
        self._v6: list[tuple[_Rule, ...]] = [()] * 256
        for text in NOWHERE_BLOCKS:
            self._add(ipaddress.ip_network(text), NOWHERE)
        for block in anycast:
            self._add(block.network, ANYCAST)

    def of(self, ip: str) -> int:
        """Return `ORDINARY`, `NOWHERE` or `ANYCAST` for the block of `ip`.

        Raises:
            OSError: `ip` is not the text of an address.
            ValueError: It holds a NUL character.
        """
        if ":" not in ip:
            raw = inet_pton(AF_INET, ip)
            rules = self._v4[raw[0]]
        else:
            raw = inet_pton(AF_INET6, ip)
            rules = self._v6[raw[0]]
            if raw.startswith(_MAPPED):
                raw = raw[12:]
                rules = self._v4[raw[0]]
        if rules:
            number = int.from_bytes(raw, "big")
            for mask, wanted, special in rules:
                if number & mask == wanted:
                    return special
        return ORDINARY

    def _add(self, network: Network, special: int) -> None:
        octets = self._v4 if network.version == 4 else self._v6
        first = network.network_address.packed[0]
        last = network.broadcast_address.packed[0]
        rule = (int(network.netmask), int(network.network_address), special)
        for octet in range(first, last + 1):
            octets[octet] = (*octets[octet], rule)


def load_special(path: Path | None = None) -> SpecialBlocks:
    """Load the anycast blocks that are shipped, or those of another file.

    Raises:
        ConfigError: The file is missing, or an entry is not a block with a name and a source.
    """
    where = path or data_path(ANYCAST_FILE)
    found: list[Anycast] = []
    for label, entry in load_entries(where, "blocks", {"networks", "name", "source"}):
        name, source = text_of(where, label, entry, "name"), text_of(where, label, entry, "source")
        networks = entry.get("networks")
        if not isinstance(networks, list) or not networks:
            raise ConfigError(f"{where}: {label}: networks is not a list; write [1.1.1.0/24]")
        for text in networks:
            try:
                network = ipaddress.ip_network(str(text))
            except ValueError as error:
                raise ConfigError(f"{where}: {label}: {error}; write 1.1.1.0/24") from error
            found.append(Anycast(network, name, source))
    return SpecialBlocks(tuple(found))
