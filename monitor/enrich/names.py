"""Names of addresses, learnt from the DNS answers that each camera got."""

import dataclasses
from collections import OrderedDict
from typing import Final, NamedTuple

from monitor.model.facts import DnsMessage, DnsRecord
from monitor.model.words import NameSource

TYPE_A: Final = 1
TYPE_CNAME: Final = 5
TYPE_AAAA: Final = 28

MAX_NAME: Final = 255
"""Longest name that is kept: a DNS name has at most 255 octets (RFC 1035 section 2.3.4)."""

MAX_CHAIN: Final = 16
"""Most aliases that are followed. Resolvers give up at 8 to 17; a longer chain is a trick."""

MAX_TTL_S: Final = 7 * 86400
"""Longer lives are cut to a week, the ceiling that RFC 8767 section 4 recommends."""

MAX_RUNS: Final = 16
"""Names, or interrupted uses of a name, that one address keeps: the oldest goes."""

SECOND: Final = 1_000_000_000

DNS: Final = NameSource.DNS.value
"""Name source of an answer that the camera itself got."""

DNS_OTHER: Final = "dns-other"
"""Name source of an answer that another client of the site got."""


class Name(NamedTuple):
    """The name behind an address, as a client asked for it."""

    name: str
    source: str
    """``dns``, or ``dns-other`` where only another client of the site asked for it."""

    age_ns: int
    """Time since the answer. Inside an unbroken run of answers: since the first of the run."""

    is_expired: bool
    """The answer's TTL had run out. Cameras go on using such addresses for days."""

    via: tuple[str, ...]
    """Aliases between the name and the address, in order; empty when there were none."""


class _Run(NamedTuple):
    """One name of an address, from its first answer to the last before anything changed."""

    name: str
    via: tuple[str, ...]
    first_ns: int
    last_ns: int
    until_ns: int


@dataclasses.dataclass(slots=True, kw_only=True)
class NameCounts:
    """Running totals of a name table."""

    messages: int = 0
    """Answers that were read."""

    ignored: int = 0
    """Messages that are queries, errors, or have no question."""

    learnt: int = 0
    """Pairs of address and name that were taken in, repeats included."""

    unrelated: int = 0
    """Address records that do not belong to the name asked for: not believed."""

    too_long: int = 0
    """Names longer than `MAX_NAME`, or chains longer than `MAX_CHAIN`."""

    evicted: int = 0
    """Addresses forgotten because a bound was reached."""


class NameTable:
    """What each client was told about addresses, in its own words and at its own time.

    Bounds: `max_per_client` addresses a client; its oldest goes. `max_total` addresses in all;
    the oldest of the client that was told something longest ago goes. Names that other clients
    learnt are kept apart under the same bound `max_total`.
    """

    def __init__(self, *, max_per_client: int = 4096, max_total: int = 262_144) -> None:
        self.counts = NameCounts()
        self._max_per_client = max_per_client
        self._max_total = max_total
        self._clients: OrderedDict[str, OrderedDict[str, list[_Run]]] = OrderedDict()
        self._site: OrderedDict[str, list[_Run]] = OrderedDict()
        self._total = 0

    def __len__(self) -> int:
        """Return how many pairs of client and address are known."""
        return self._total

    def observe(self, client: str, ts_ns: int, message: DnsMessage) -> None:
        """Take in an answer that `client` got.

        Args:
            client: Address of who asked.
            ts_ns: Time of the answer, ns since 1970. Late answers are put where they belong.
            message: The message; what is not a usable answer is counted and left.
        """
        if not message.is_response or message.rcode or not message.questions:
            self.counts.ignored += 1
            return
        self.counts.messages += 1
        name = message.questions[0][0]
        if not 0 < len(name) <= MAX_NAME:
            self.counts.too_long += bool(name)
            return
        owners = self._chain(name, message.answers)
        for record in message.answers:
            if record.type not in (TYPE_A, TYPE_AAAA) or not record.value:
                continue
            reached = owners.get(record.name)
            if reached is None:
                self.counts.unrelated += 1
                continue
            via, ttl = reached
            until_ns = ts_ns + min(max(record.ttl, 0), ttl) * SECOND
            self._learn(client, record.value, _Run(name, via, ts_ns, ts_ns, until_ns))

    def lookup(self, client: str, ip: str, at_ns: int, *, others: bool = False) -> Name | None:
        """Return the name that `client` last asked for, at or before a time, and got `ip` for.

        Args:
            client: Address of the camera.
            ip: Address of the destination, as text.
            at_ns: Time of the packet that goes there, ns since 1970; may lie in the past.
            others: Whether a name that another client of the site learnt will do.

        Returns:
            The name, or None when nothing was said of the address by then.
        """
        known = self._clients.get(client)
        if known is not None:
            runs = known.get(ip)
            if runs is not None:
                found = _at(runs, at_ns, DNS)
                if found is not None:
                    return found
        if others:
            runs = self._site.get(ip)
            if runs is not None:
                return _at(runs, at_ns, DNS_OTHER)
        return None

    def _chain(
        self, name: str, answers: tuple[DnsRecord, ...]
    ) -> dict[str, tuple[tuple[str, ...], int]]:
        """Return the owner names that `name` leads to, each with the aliases and shortest TTL."""
        aliases = {record.name: record for record in answers if record.type == TYPE_CNAME}
        reached: dict[str, tuple[tuple[str, ...], int]] = {name: ((), MAX_TTL_S)}
        via: tuple[str, ...] = ()
        ttl = MAX_TTL_S
        at = name
        while at in aliases:
            alias = aliases[at]
            at = alias.value
            if at in reached:
                break
            if len(via) == MAX_CHAIN or not 0 < len(at) <= MAX_NAME:
                self.counts.too_long += 1
                break
            via = (*via, at)
            ttl = min(ttl, max(alias.ttl, 0))
            reached[at] = (via, ttl)
        return reached

    def _learn(self, client: str, ip: str, run: _Run) -> None:
        self.counts.learnt += 1
        known = self._clients.get(client)
        if known is None:
            known = self._clients[client] = OrderedDict()
        else:
            self._clients.move_to_end(client)
        self._total += _add(known, ip, run)
        if len(known) > self._max_per_client:
            known.popitem(last=False)
            self._forgot()
        if self._total > self._max_total:
            silent = next(iter(self._clients))
            self._clients[silent].popitem(last=False)
            self._forgot()
            if not self._clients[silent]:
                del self._clients[silent]
        _add(self._site, ip, run)
        if len(self._site) > self._max_total:
            self._site.popitem(last=False)

    def _forgot(self) -> None:
        self._total -= 1
        self.counts.evicted += 1


def _at(runs: list[_Run], at_ns: int, source: str) -> Name | None:
    """Return the newest of `runs` (in order of their start) that began by `at_ns`."""
    name, via, first_ns, last_ns, until_ns = runs[-1]
    if last_ns <= at_ns:
        return Name(name, source, at_ns - last_ns, at_ns > until_ns, via)
    for name, via, first_ns, last_ns, until_ns in reversed(runs):
        if first_ns <= at_ns:
            age_ns = at_ns - (last_ns if last_ns <= at_ns else first_ns)
            return Name(name, source, age_ns, at_ns > until_ns, via)
    return None


def _add(known: OrderedDict[str, list[_Run]], ip: str, run: _Run) -> int:
    """Put `run` among those of `ip`; return 1 when the address is new, else 0."""
    runs = known.get(ip)
    if runs is None:
        known[ip] = [run]
        return 1
    known.move_to_end(ip)
    _insert(runs, run)
    if len(runs) > MAX_RUNS:
        del runs[: len(runs) - MAX_RUNS]
    return 0


def _insert(runs: list[_Run], new: _Run) -> None:
    """Put an answer in its place, as part of the run before it where nothing changed between."""
    place = len(runs)
    while place and runs[place - 1].first_ns > new.first_ns:
        place -= 1
    if not place:
        runs.insert(0, new)
        return
    before = runs[place - 1]
    if before.name == new.name and new.first_ns <= before.until_ns:
        last_ns = max(before.last_ns, new.last_ns)
        until_ns = max(before.until_ns, new.until_ns)
        via = new.via if last_ns == new.last_ns else before.via
        runs[place - 1] = _Run(new.name, via, before.first_ns, last_ns, until_ns)
        return
    if new.first_ns < before.last_ns:
        # A late answer inside a run of another name: that name was asked for before and after.
        runs.insert(place, before._replace(first_ns=before.last_ns))
        runs[place - 1] = before._replace(last_ns=before.first_ns)
    runs.insert(place, new)
