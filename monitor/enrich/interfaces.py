"""Which MACs are a device's own, and which addresses are one device."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from monitor.enrich.oui import LOCAL_BIT, MULTICAST_BIT
from monitor.enrich.signs import Pair, Signs

ROUTER_ADDRESSES: Final = 3
"""IPv4 addresses of the site behind one MAC from which it is a router's. Raising it takes more
routers for devices; 2 would split a camera that changes its address."""

UNSET: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104  # seen on the wire, nothing is bound
"""Source addresses of hosts that have none yet."""

_PASSING: Final = ("169.254.", "127.")
"""Addresses that a host gives itself: they do not count for `ROUTER_ADDRESSES`."""

_VIRTUAL_ROUTERS: Final = frozenset({0x00005E0001, 0x00005E0002, 0x00000C07AC})
"""First 40 bits of shared MACs: VRRP for IPv4 and IPv6 (RFC 9568 §7.3), HSRP."""


class Interface(NamedTuple):
    """What belongs to the device behind an address."""

    macs: tuple[int, ...]
    """Its own MACs: none where a router stands before it, several where the address moved."""

    pairs: tuple[Pair, ...]
    """Pairs of its own MACs."""

    shared: tuple[Pair, ...]
    """Pairs of the address with a router's MAC, or with none."""


def is_own(mac: int) -> bool:
    """Return whether a MAC can be one device's own: given, of one host, no virtual router's."""
    return 0 < mac < 1 << 48 and not mac & MULTICAST_BIT and mac >> 8 not in _VIRTUAL_ROUTERS


def eui64(ip: str) -> int:
    """Return the MAC that an IPv6 address was made of (RFC 4291 Appendix A), else 0.

    Examples:
        >>> hex(eui64("fe80::aecc:8eff:fe22:91b0"))
        '0xaccc8e2291b0'
    """
    groups = ip.split(":")
    if len(groups) < 4 or "." in ip or "" in groups[-4:]:
        return 0
    low = int("".join(group.zfill(4) for group in groups[-4:]), 16)
    if low >> 24 & 0xFFFF != 0xFFFE:
        return 0
    mac = ((low >> 40) << 24 | low & 0xFF_FFFF) ^ LOCAL_BIT
    return 0 if mac & LOCAL_BIT else mac


def interfaces(signs: Signs) -> dict[str, Interface]:
    """Return what belongs to the device behind each address that sent packets.

    Addresses of one MAC are one device. A MAC that sends for outside addresses, or stands for
    `ROUTER_ADDRESSES` of the site, is a router's: it says nothing of the device behind it. Where
    a router stands before a device, its MAC is the one that DHCP gave the address to, or the one
    that the IPv6 address was made of.
    """
    addresses: dict[int, set[str]] = {}
    macs: dict[str, list[int]] = {}
    for ip, mac in signs.pairs:
        macs.setdefault(ip, []).append(mac)
        addresses.setdefault(mac, set()).add(ip)
    routers = signs.routers | {mac for mac, ips in addresses.items() if _is_crowd(ips)}
    return {ip: _interface(ip, seen, addresses, routers, signs.leases) for ip, seen in macs.items()}


def _interface(
    ip: str,
    seen: Iterable[int],
    addresses: Mapping[int, set[str]],
    routers: set[int],
    leases: Mapping[str, set[int]],
) -> Interface:
    own = sorted(mac for mac in seen if is_own(mac) and mac not in routers)
    if ip in UNSET:
        # Many hosts start as 0.0.0.0: only where there is one is it that one.
        own = own if len(own) == 1 else []
        shared = []
    else:
        shared = [(ip, mac) for mac in seen if mac not in own]
        own = own or _behind_router(ip, routers, leases)
    # What several MACs say elsewhere may be of other devices: the address moved between them.
    texts = sorted({ip, *addresses.get(own[0], ())}) if len(own) == 1 else [ip]
    pairs = [(text, mac) for mac in own for text in ("", *texts)]
    return Interface(tuple(own), tuple(pairs), tuple(shared))


def _behind_router(ip: str, routers: set[int], leases: Mapping[str, set[int]]) -> list[int]:
    leased = [mac for mac in leases.get(ip, ()) if mac not in routers]
    if leased:
        return leased if len(leased) == 1 else []
    embedded = eui64(ip)
    return [embedded] if embedded and embedded not in routers else []


def _is_crowd(ips: set[str]) -> bool:
    """Return whether a MAC stands for so many IPv4 addresses that it must be a router's."""
    if len(ips) < ROUTER_ADDRESSES:
        return False
    hosts = [ip for ip in ips if "." in ip and ip not in UNSET and not ip.startswith(_PASSING)]
    return len(hosts) >= ROUTER_ADDRESSES
