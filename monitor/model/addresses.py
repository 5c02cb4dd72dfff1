"""Addresses as two 64-bit words: to text, and into site, camera and scope."""

import ipaddress
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from monitor.model.arrays import U8, U64, Bool
from monitor.model.words import Scope

V4_PREFIX = 0xFFFF << 32
"""Lower word of ::ffff:0:0, where IPv4 addresses are mapped (upper word 0)."""

SITE_DEFAULT = (
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "169.254.0.0/16",
    "127.0.0.0/8",
    "fc00::/7",
    "fe80::/10",
    "::1/128",
)
"""What belongs to the site when nobody says: RFC 1918, RFC 6598 (carrier NAT), link-local,
loopback, RFC 4193 unique local."""

_UNSET = (ipaddress.ip_network("0.0.0.0/32"), ipaddress.ip_network("::/128"))
"""What a host calls itself before it has an address: a site's own, by definition."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def ip_text(hi: int, lo: int) -> str:
    """Return the usual text of an address given as two words."""
    if hi == 0 and lo >> 32 == 0xFFFF:
        return f"{lo >> 24 & 255}.{lo >> 16 & 255}.{lo >> 8 & 255}.{lo & 255}"
    return ipaddress.IPv6Address(hi << 64 | lo).compressed


def mac_text(mac: int) -> str:
    """Return ``aa:bb:cc:dd:ee:ff``, or an empty string where the link has no MAC."""
    if mac >> 48:
        return ""
    text = f"{mac:012x}"
    return ":".join((text[0:2], text[2:4], text[4:6], text[6:8], text[8:10], text[10:12]))


def _span(network: Network) -> tuple[int, int]:
    first, last = int(network.network_address), int(network.broadcast_address)
    if network.version == 4:
        return V4_PREFIX | first, V4_PREFIX | last
    return first, last


class Networks:
    """A set of networks, asked by number in O(log n)."""

    def __init__(self, networks: Iterable[Network]) -> None:
        spans: list[tuple[int, int]] = []
        for first, last in sorted(_span(network) for network in networks):
            if spans and first <= spans[-1][1] + 1:
                spans[-1] = (spans[-1][0], max(last, spans[-1][1]))
            else:
                spans.append((first, last))
        self._first = [first for first, _ in spans]
        self._last = [last for _, last in spans]
        low = [(first, last) for first, last in spans if last >> 64 == 0]
        self._low_first = np.array([first for first, _ in low], np.uint64)
        self._low_last = np.array([last for _, last in low], np.uint64)
        self._high = [(first, last) for first, last in spans if last >> 64]

    @property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """First and last address of each range, as 128-bit numbers, sorted, none touching another."""
        return tuple(zip(self._first, self._last, strict=True))

    def __bool__(self) -> bool:
        return bool(self._first)

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self._first, number) - 1
        return at >= 0 and number <= self._last[at]

    def holds(self, hi: U64, lo: U64) -> Bool:
        """Return which of some addresses are in the set.

        Args:
            hi: Upper words, shape (n,).
            lo: Lower words, shape (n,).
        """
        found = np.zeros(len(hi), np.bool_)
        if len(self._low_first):
            at = np.searchsorted(self._low_first, lo, side="right").astype(np.int64) - 1
            found |= (hi == 0) & (at >= 0) & (lo <= self._low_last[at])
        mask = (1 << 64) - 1
        for first, last in self._high:
            from_hi, from_lo = np.uint64(first >> 64), np.uint64(first & mask)
            to_hi, to_lo = np.uint64(last >> 64), np.uint64(last & mask)
            above = (hi > from_hi) | ((hi == from_hi) & (lo >= from_lo))
            below = (hi < to_hi) | ((hi == to_hi) & (lo <= to_lo))
            found |= above & below
        return found


SCOPE_NUMBERS = {scope: number for number, scope in enumerate(Scope)}
_OUTSIDE, _SITE = SCOPE_NUMBERS[Scope.OUTSIDE], SCOPE_NUMBERS[Scope.SITE]
_MULTICAST, _BROADCAST = SCOPE_NUMBERS[Scope.MULTICAST], SCOPE_NUMBERS[Scope.BROADCAST]


class Address(NamedTuple):
    """An address and where it stands."""

    text: str
    is_site: bool
    is_camera: bool
    """In the camera networks; where none are given, any site address that one host can have."""

    scope: Scope
    """The scope of a flow towards this address."""


class Roles:
    """Says of an address what it is at this site. Remembers at most `bound` addresses."""

    def __init__(
        self, cameras: Sequence[Network], site: Sequence[Network], *, bound: int = 1 << 16
    ) -> None:
        self._cameras = Networks(cameras)
        self.site = Networks((*site, *cameras, *_UNSET))
        self._subnet_broadcasts = {
            _span(network)[1]
            for network in (*site, *cameras)
            if network.version == 4 and network.prefixlen < 31
        }
        everywhere = V4_PREFIX | 0xFFFF_FFFF
        self._broadcasts = np.array([everywhere, *self._subnet_broadcasts], np.uint64)
        self._bound = bound
        self._known: dict[tuple[int, int], Address] = {}

    @property
    def assumes_cameras(self) -> bool:
        """Whether every site address counts as a candidate, because none were named."""
        return not self._cameras

    def scopes(self, hi: U64, lo: U64) -> U8:
        """Return the scope of flows towards some addresses, as `SCOPE_NUMBERS` has it.

        Args:
            hi: Upper words, shape (n,).
            lo: Lower words, shape (n,).
        """
        scope = np.where(self.site.holds(hi, lo), _SITE, _OUTSIDE).astype(np.uint8)
        is_v4 = (hi == 0) & (lo >> np.uint64(32) == 0xFFFF)
        is_group = is_v4 & (lo >> np.uint64(28) & np.uint64(15) == 14)
        scope[is_group | (hi >> np.uint64(56) == 0xFF)] = _MULTICAST
        scope[(hi == 0) & np.isin(lo, self._broadcasts)] = _BROADCAST
        return scope

    def cameras_among(self, hi: U64, lo: U64, scope: U8) -> Bool:
        """Return which of some addresses may be cameras; `scope` as `scopes` gives it."""
        if self._cameras:
            return self._cameras.holds(hi, lo)
        is_site: Bool = scope == _SITE
        return is_site

    def of(self, hi: int, lo: int) -> Address:
        """Return the address of two words."""
        key = (hi, lo)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= self._bound:
                self._known.clear()
            known = self._known[key] = self._place(hi, lo)
        return known

    def _place(self, hi: int, lo: int) -> Address:
        number = hi << 64 | lo
        scope = self._scope(number)
        is_site = scope is Scope.SITE
        is_camera = number in self._cameras if self._cameras else is_site
        return Address(ip_text(hi, lo), is_site, is_camera, scope)

    def _scope(self, number: int) -> Scope:
        if number >> 32 == 0xFFFF:
            v4 = number & 0xFFFF_FFFF
            if v4 >> 28 == 14:
                return Scope.MULTICAST
            if v4 == 0xFFFF_FFFF or number in self._subnet_broadcasts:
                return Scope.BROADCAST
        elif number >> 120 == 0xFF:
            return Scope.MULTICAST
        return Scope.SITE if number in self.site else Scope.OUTSIDE
