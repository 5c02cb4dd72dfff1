"""What was gathered of the devices at a site, before anything is concluded from it."""

import dataclasses
from collections.abc import Iterable
from typing import Final

from monitor.model.records import Signal

MAX_DEVICES: Final = 65_536
"""Pairs of address and MAC kept; those beyond have no identity, and are counted."""

MAX_SIGNALS: Final = 64
"""Signals kept of a pair: the strongest, so that the order in which they come does not matter."""

HOLDERS_TOLD: Final = 2
"""MACs kept of the holders of an address: two leave it without one, so more need not be known."""

Pair = tuple[str, int]
"""Address as text and MAC; an empty text where a message named the MAC alone."""


@dataclasses.dataclass(slots=True)
class Signs:
    """Signs by the pair of address and MAC that showed them.

    Several processes gather each their share; `merge` puts shares together, in any order.
    """

    pairs: dict[Pair, None] = dataclasses.field(default_factory=dict)
    """Pairs that sent packets, first seen first."""

    routers: set[int] = dataclasses.field(default_factory=set)
    """MACs that sent for outside addresses."""

    evidence: dict[Pair, dict[Signal, None]] = dataclasses.field(default_factory=dict)
    leases: dict[str, set[int]] = dataclasses.field(default_factory=dict)
    """Address -> MACs that DHCP gave it to."""

    unrelated: dict[Pair, set[str]] = dataclasses.field(default_factory=dict)
    """Domains of no camera's cloud that a pair contacted; few are enough to tell."""

    overflow: int = 0
    """Things of a new pair that found no room."""

    is_changed: bool = True
    """Something came since this was last set to False."""

    def add_pair(self, pair: Pair) -> None:
        """Note that an address sent packets from a MAC."""
        if pair in self.pairs:
            return
        if len(self.pairs) >= MAX_DEVICES:
            self.overflow += 1
            return
        self.pairs[pair] = None
        self.is_changed = True

    def add_router(self, mac: int) -> None:
        """Note that a MAC sent for an outside address."""
        if mac not in self.routers and len(self.routers) < MAX_DEVICES:
            self.routers.add(mac)
            self.is_changed = True

    def add_signals(self, pair: Pair, signals: Iterable[Signal]) -> None:
        """Keep signals of a pair, the strongest where there are too many."""
        kept = self.evidence.get(pair)
        for signal in signals:
            if kept is None:
                if len(self.evidence) >= MAX_DEVICES:
                    self.overflow += 1
                    return
                kept = self.evidence[pair] = {}
            if signal in kept:
                continue
            self.is_changed = True
            kept[signal] = None
            if len(kept) > MAX_SIGNALS:
                del kept[max(kept, key=by_strength)]

    def add_lease(self, ip: str, mac: int) -> None:
        """Note that DHCP gave an address to a MAC."""
        macs = self.leases.get(ip)
        if macs is None:
            if len(self.leases) >= MAX_DEVICES:
                self.overflow += 1
                return
            macs = self.leases[ip] = set()
        if mac not in macs and len(macs) < HOLDERS_TOLD:
            macs.add(mac)
            self.is_changed = True

    def add_unrelated(self, pair: Pair, domain: str, enough: int) -> None:
        """Keep a domain of no camera's cloud, until there are `enough`."""
        found = self.unrelated.get(pair)
        if found is None:
            if len(self.unrelated) >= MAX_DEVICES:
                self.overflow += 1
                return
            found = self.unrelated[pair] = set()
        if len(found) < enough and domain not in found:
            found.add(domain)
            self.is_changed = True

    def merge(self, other: "Signs") -> None:
        """Add what another process gathered."""
        for pair in other.pairs:
            self.add_pair(pair)
        for mac in other.routers:
            self.add_router(mac)
        for pair, signals in other.evidence.items():
            self.add_signals(pair, signals)
        for ip, macs in other.leases.items():
            for mac in macs:
                self.add_lease(ip, mac)
        for pair, domains in other.unrelated.items():
            enough = len(domains | self.unrelated.get(pair, set()))
            for domain in domains:
                self.add_unrelated(pair, domain, enough)
        self.overflow += other.overflow


def by_strength(signal: Signal) -> tuple[float, str, str, str, str]:
    """Return what puts the strongest signal first, and all of them in one order."""
    return -signal.weight, signal.says, signal.kind, signal.value, signal.source
