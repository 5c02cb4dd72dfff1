"""Watches ``many-hosts`` and ``many-names``: one camera, much of a kind, in a short time.

Both depend on one camera's flows alone, in the order in which they ended, so that the live sensor
and every share of a replay say the same.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from monitor.model.addresses import ip_text
from monitor.model.arrays import I64
from monitor.model.facts import Dissection
from monitor.model.records import Evidence
from monitor.model.rows import RecordBatch
from monitor.policy.rule import Rule
from monitor.policy.talks import domain_of

MOST_KEYS: Final = 4096
"""Cameras (and domains) that are watched at once. Beyond, the one met first is forgotten."""

MOST_KEPT: Final = 512
"""Hosts or names of each; more change nothing, the limits are far below."""


class Burst(NamedTuple):
    """A row at which a camera goes beyond the limit."""

    row: int
    evidence: Evidence


class _Recent:
    """Different things of each key, with the time at which each was last met."""

    def __init__(self, within_ns: int) -> None:
        self._within_ns = within_ns
        self._things: dict[str, dict[str, int]] = {}

    def met(self, key: str, thing: str, at_ns: int) -> dict[str, int]:
        """Note a thing, and return those of the time before it."""
        things = self._things.get(key)
        if things is None:
            if len(self._things) >= MOST_KEYS:
                del self._things[next(iter(self._things))]
            things = self._things[key] = {}
        things[thing] = max(at_ns, things.get(thing, at_ns))
        if len(things) > MOST_KEPT or len(things) % 16 == 0:
            kept = {t: ns for t, ns in things.items() if at_ns - ns < self._within_ns}
            things.clear()
            things.update(list(kept.items())[-MOST_KEPT:])
        return things

    def count(self, things: dict[str, int], at_ns: int) -> int:
        """Return how many of some things were met within the time."""
        return sum(abs(at_ns - ns) < self._within_ns for ns in things.values())


class ManyHosts:
    """Counts hosts."""

    def __init__(self, rule: Rule) -> None:
        self._hosts = int(rule.settings["hosts"])
        self._recent = _Recent(int(rule.settings["within"]))

    def take(self, batch: RecordBatch, rows: I64) -> Iterator[Burst]:
        """Yield the rows at which a camera called too many hosts."""
        hi = np.where(batch.is_ours, batch.resp_hi, batch.orig_hi)[rows]
        lo = np.where(batch.is_ours, batch.resp_lo, batch.orig_lo)[rows]
        port = np.where(batch.is_ours, batch.resp_port, batch.orig_port)[rows]
        for row, camera, high, low, to, at_ns in zip(
            rows.tolist(), batch.camera[rows].tolist(), hi.tolist(), lo.tolist(), port.tolist(),
            batch.start_ns[rows].tolist(), strict=True,
        ):  # fmt: skip
            device = batch.words.cameras[camera]
            host = ip_text(high, low)
            things = self._recent.met(device.mac or device.ip, host, at_ns)
            if len(things) >= self._hosts:
                count = self._recent.count(things, at_ns)
                if count >= self._hosts:
                    yield Burst(
                        row, Evidence("many-hosts", f"{host} port {to}, one of {count} hosts")
                    )


class ManyNames:
    """Counts long names below one domain."""

    def __init__(self, rule: Rule) -> None:
        self._names = int(rule.settings["names"])
        self._length = int(rule.settings["length"])
        self._recent = _Recent(int(rule.settings["within"]))

    def take(self, batch: RecordBatch, rows: I64) -> Iterator[Burst]:
        """Yield the rows at which a camera looked up too many names below one domain."""
        asked: dict[int, list[tuple[str, str]]] = {}
        for row, camera, number, at_ns in zip(
            rows.tolist(), batch.camera[rows].tolist(), batch.dissection[rows].tolist(),
            batch.start_ns[rows].tolist(), strict=True,
        ):  # fmt: skip
            names = asked.get(number)
            if names is None:
                names = asked[number] = self._long(batch.words.dissections[number])
            device = batch.words.cameras[camera]
            for domain, below in names:
                key = f"{device.mac or device.ip} {domain}"
                things = self._recent.met(key, below, at_ns)
                if len(things) < self._names:
                    continue
                count = self._recent.count(things, at_ns)
                if count >= self._names:
                    text = f"{below}.{domain}, one of {count} names"
                    yield Burst(row, Evidence("many-names", text))
                    break

    def _long(self, dissection: Dissection) -> list[tuple[str, str]]:
        found = []
        for name in dissection.all("dns.query"):
            domain = domain_of(name)
            below = name[: -len(domain) - 1]
            if len(below) >= self._length:
                found.append((domain, below))
        return found
