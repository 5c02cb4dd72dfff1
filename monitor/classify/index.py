"""The catalogue in memory: entries by id, and indexes that answer per flow."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeVar

from monitor.classify.entry import WORD, Entry
from monitor.classify.names import NameHit, NameIndex, WordHit, WordIndex
from monitor.model.facts import Dissection
from monitor.model.records import FlowView
from monitor.model.words import Protocol

TRANSPORT: Mapping[int, str] = {
    Protocol.TCP: "tcp",
    Protocol.UDP: "udp",
    Protocol.ICMP: "icmp",
    Protocol.ICMPV6: "icmp",
}

FIRST_REGISTERED = 1024
FIRST_DYNAMIC = 32768
SERVICE_PORTS = frozenset((1883, 3478, 5222, 5228, 8080, 8443, 8883, 9443))
"""Ports of servers above 1023 that a camera's own flows often go to."""

_WORDS = re.compile(r"[a-z0-9]+")
K = TypeVar("K")


class FactHit(NamedTuple):
    """An entry whose test fits a fact."""

    entry: Entry
    kind: str
    value: str
    is_word: bool
    """Only a word of the value was asked for."""


class _Test(NamedTuple):
    literal: str
    expression: re.Pattern[str]
    entry: Entry


class FactIndex:
    """Tests of facts by kind: whole values and words in dictionaries, patterns behind a literal."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._whole: dict[tuple[str, str], list[Entry]] = {}
        self._word: dict[tuple[str, str], list[Entry]] = {}
        self._pattern: dict[str, list[_Test]] = {}
        self._kinds: set[str] = set()
        for entry in entries:
            kind, tests = entry.match.fact[0]
            self._kinds.add(kind)
            for test in tests:
                if test.startswith(WORD):
                    self._word.setdefault((kind, test.removeprefix(WORD)), []).append(entry)
                elif "*" in test:
                    literal = max(test.split("*"), key=len)
                    row = _Test(literal, pattern_of(test), entry)
                    self._pattern.setdefault(kind, []).append(row)
                else:
                    self._whole.setdefault((kind, test), []).append(entry)

    def find(self, dissection: Dissection) -> Iterator[FactHit]:
        """Yield entries whose first fact test fits a fact of the dissection."""
        for kind, value in dissection.facts:
            if kind not in self._kinds:
                continue
            text = value.lower()
            for entry in self._whole.get((kind, text), ()):
                yield FactHit(entry, kind, value, is_word=False)
            for test in self._pattern.get(kind, ()):
                if test.literal in text and test.expression.fullmatch(text):
                    yield FactHit(test.entry, kind, value, is_word=False)
            for word in words_of(text):
                for entry in self._word.get((kind, word), ()):
                    yield FactHit(entry, kind, value, is_word=True)


def words_of(text: str) -> set[str]:
    """Return the words of a value; of a path, those before its query.

    A query carries values of any kind: ``/register?fw=1.0`` does not ask for firmware.
    """
    return set(_WORDS.findall(text.partition("?")[0]))


def pattern_of(test: str) -> re.Pattern[str]:
    """Return the expression for a test with ``*``, which stands for any characters."""
    return re.compile(".*".join(map(re.escape, test.split("*"))), re.DOTALL)


def _is_fact_there(dissection: Dissection, kind: str, tests: tuple[str, ...]) -> bool:
    for value in dissection.all(kind):
        text = value.lower()
        for test in tests:
            if test.startswith(WORD):
                if test.removeprefix(WORD) in words_of(text):
                    return True
            elif "*" in test:
                if pattern_of(test).fullmatch(text):
                    return True
            elif test == text:
                return True
    return False


def is_tail(view: FlowView) -> bool:
    """Tell whether a flow that came from outside is the rest of an older one.

    Its first packet seen then came from the server: from a port below 1024 or of a service to a
    dynamic one (RFC 6335 section 6; Linux takes ports from 32768 on), or TCP without its start
    from the lower port.
    """
    if view.initiated_by != "destination":
        return False
    theirs, ours = view.orig_port, view.resp_port
    if view.protocol == Protocol.TCP and not view.is_handshake:
        return theirs < ours
    if theirs < FIRST_REGISTERED:
        return ours >= FIRST_REGISTERED
    return ours >= FIRST_DYNAMIC and theirs in SERVICE_PORTS


def service_port(view: FlowView) -> int:
    """Return the port that stands for the service: the destination's for the camera's flows."""
    return view.orig_port if is_tail(view) else view.resp_port


def fits(entry: Entry, view: FlowView) -> bool:
    """Tell whether every condition of the entry but names, words and addresses holds."""
    match = entry.match
    if match.transport and TRANSPORT.get(view.protocol) != match.transport:
        return False
    if match.port:
        port = service_port(view)
        if not any(low <= port <= high for low, high in match.port):
            return False
    if match.service and view.dissection.service not in match.service:
        return False
    if match.scope and view.scope not in match.scope:
        return False
    if match.initiated_by:
        opener = "camera" if is_tail(view) else view.initiated_by
        if opener != match.initiated_by:
            return False
    if match.silent and (view.orig_data_pkts or view.resp_data_pkts):
        return False
    return all(_is_fact_there(view.dissection, kind, tests) for kind, tests in match.fact)


class Catalog:
    """All entries, by what they are found by.

    Each entry stands in one index: that of its name, else address, fact, service, word or port.
    """

    def __init__(self, entries: Iterable[Entry], digest: str = "") -> None:
        self.entries: Mapping[str, Entry] = {entry.id: entry for entry in entries}
        self.digest = digest
        """Hash of the files, for the manifest of a replay."""

        groups: dict[str, list[Entry]] = {}
        for entry in self.entries.values():
            groups.setdefault(keyed_by(entry), []).append(entry)
        self._names = NameIndex(groups.get("name", ()))
        self._words = WordIndex(groups.get("word", ()))
        self._facts = FactIndex(groups.get("fact", ()))
        self._services = _by_many(
            (service, entry)
            for entry in groups.get("service", ())
            for service in entry.match.service
        )
        self.addresses = _by_many(
            (one, entry) for entry in groups.get("address", ()) for one in entry.match.address
        )
        self._ports = _by_many(
            ((entry.match.transport, port), entry)
            for entry in groups.get("port", ())
            for low, high in entry.match.port
            for port in range(low, high + 1)
        )

        self.ports = frozenset(
            port
            for entry in self.entries.values()
            for low, high in entry.match.port
            for port in range(low, high + 1)
        )
        """Ports that an entry asks for; all others are one to the catalogue."""

    def by_name(self, name: str) -> list[NameHit]:
        """Return entries whose name pattern fits, the most specific first."""
        return self._names.find(name)

    def by_word(self, labels: Iterable[str]) -> list[WordHit]:
        """Return entries one of whose words stands in labels of a host, the leftmost first."""
        return self._words.find(labels)

    def by_fact(self, dissection: Dissection) -> Iterator[FactHit]:
        """Yield entries whose first fact test fits."""
        return self._facts.find(dissection)

    def by_service(self, service: str) -> tuple[Entry, ...]:
        """Return entries that speak of a service."""
        return self._services.get(service, ())

    def by_address(self, address: str) -> tuple[Entry, ...]:
        """Return entries that speak of an address."""
        return self.addresses.get(address, ())

    def by_port(self, transport: str, port: int) -> tuple[Entry, ...]:
        """Return entries that know no more than a port."""
        return self._ports.get((transport, port), ())


def keyed_by(entry: Entry) -> str:
    """Return the kind of index that an entry stands in."""
    match = entry.match
    for key in ("name", "address", "fact", "service", "word"):
        if getattr(match, key):
            return key
    return "port"


def _by_many(pairs: Iterable[tuple[K, Entry]]) -> dict[K, tuple[Entry, ...]]:
    found: dict[K, list[Entry]] = {}
    for key, entry in pairs:
        found.setdefault(key, []).append(entry)
    return {key: tuple(entries) for key, entries in found.items()}
