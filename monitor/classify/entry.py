"""One entry of the catalogue: what it matches, what that means, and who says so."""

import dataclasses
import datetime as dt
import ipaddress
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, Final, TypeVar

from typing_extensions import override

from monitor.model.words import Confidence, Purpose, Scope

E = TypeVar("E", bound=StrEnum)

SIDES: Final = ("device", "app", "both", "unknown")
TRANSPORTS: Final = ("tcp", "udp", "icmp")
PLACES: Final = ("camera", "destination")
WORD: Final = "word:"
"""Prefix of a fact test that asks for a whole word instead of the whole value."""

_ID = re.compile(r"[a-z0-9-]+/[A-Za-z0-9*._/:+-]+")
_NAME = re.compile(r"\.?[a-z0-9*_-]+(\.[a-z0-9*_-]+)*")
_WORD = re.compile(r"\*?[a-z0-9]+\*?")
_KIND = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_]+)*")
_USUAL = re.compile(r"(tcp|udp|icmp|any)/(any|\d+(-\d+)?)")

MATCH_KEYS: Final = frozenset(
    (
        *("name", "word", "service", "fact", "address", "transport", "port", "scope"),
        *("initiated_by", "silent"),
    )
)
ENTRY_KEYS: Final = frozenset(
    (
        *("id", "match", "usual", "purpose", "also", "confidence", "side", "about", "source"),
        *("seen", "examples"),
    )
)
FILE_KEYS: Final = frozenset(("maker", "about", "seen", "sources", "entries"))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Conditions of an entry; all that are given must hold, one value of each is enough."""

    name: tuple[str, ...] = ()
    """Exact name, ``.x.y`` for x.y and every name under it, or ``*`` for any characters."""

    word: tuple[str, ...] = ()
    """Words of a host name, left of the domain that somebody registered; ``*`` at an end."""

    service: tuple[str, ...] = ()
    fact: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(kind, tests): a test is a whole value, has ``*``, or is ``word:`` and a word."""

    address: tuple[str, ...] = ()
    transport: str = ""
    port: tuple[tuple[int, int], ...] = ()
    """First and last responder port of each range."""

    scope: tuple[str, ...] = ()
    initiated_by: str = ""
    silent: bool = False
    """Only where no payload was seen. Otherwise an entry of a port alone needs payload that no
    dissector knows: bytes that are known speak for themselves."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One piece of knowledge."""

    id: str
    maker: str
    match: Match
    usual: tuple[str, ...] = ()
    """Where the source saw it, such as ``tcp/8555``: for people, and a reason for doubt when the
    transport is another."""

    purpose: Purpose
    also: tuple[Purpose, ...] = ()
    """Other purposes that the same signs are known to serve."""

    confidence: Confidence
    side: str = "unknown"
    """``device``, ``app`` or ``both``: who is known to use it."""

    about: str
    source: tuple[str, ...]
    seen: str
    """Day the source was last looked at, ISO 8601."""

    examples: tuple[Mapping[str, Any], ...] = ()
    """Flows, in words of `monitor.classify.check.example_view`, with the ``want`` purpose."""

    file: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in a catalogue file."""

    file: str
    entry: str
    what: str
    mend: str

    @override
    def __str__(self) -> str:
        return f"{self.file}: {self.entry}: {self.what}; {self.mend}"


class EntryReader:
    """Reads the entries of one file and collects every fault, instead of stopping at the first."""

    def __init__(self, file: str, faults: list[Fault]) -> None:
        self.file = file
        self._faults = faults
        self._entry = "(file)"

    def fault(self, what: str, mend: str) -> None:
        """Note a fault of the entry that is being read."""
        self._faults.append(Fault(self.file, self._entry, what, mend))

    def read(self, document: object) -> list[Entry]:
        """Return the sound entries of a file's document."""
        self._entry = "(file)"
        if not isinstance(document, Mapping):
            self.fault("is not a mapping", "start it with `maker:` and `entries:`")
            return []
        self._unknown(document, FILE_KEYS)
        maker = self._text(document, "maker")
        seen = self._day(document.get("seen"), "")
        sources = document.get("sources") or {}
        if not isinstance(sources, Mapping):
            self.fault("`sources` is not a mapping", "write `key: text`, one a source")
            sources = {}
        rows = document.get("entries")
        if not isinstance(rows, list):
            self.fault("`entries` is not a list", "start each entry with `- id:`")
            return []
        used: set[str] = set()
        found = [
            entry
            for number, row in enumerate(rows, 1)
            if (entry := self._entry_of(row, number, (maker, seen), sources, used)) is not None
        ]
        self._entry = "(file)"
        for key in sources.keys() - used:
            self.fault(f"source `{key}` is used by no entry", "remove it or name it in an entry")
        return found

    def _entry_of(
        self,
        row: object,
        number: int,
        defaults: tuple[str, str],
        sources: Mapping[str, object],
        used: set[str],
    ) -> Entry | None:
        before = len(self._faults)
        self._entry = f"entry {number}"
        if not isinstance(row, Mapping):
            self.fault("is not a mapping", "write `id:`, `match:`, `purpose:` and so on")
            return None
        ident = str(row.get("id", ""))
        if _ID.fullmatch(ident):
            self._entry = ident
        else:
            self.fault(f"id `{ident}` is not of the form maker/what", "use letters, digits, . - *")
        self._unknown(row, ENTRY_KEYS)
        entry = Entry(
            id=ident,
            maker=defaults[0],
            match=self._match(row.get("match")),
            usual=self._patterns(row, "usual", _USUAL, "tcp/443 or udp/6000-6003"),
            purpose=self._enum(row.get("purpose"), Purpose, Purpose.UNKNOWN),
            also=tuple(self._enum(one, Purpose, Purpose.UNKNOWN) for one in _list(row.get("also"))),
            confidence=self._enum(row.get("confidence"), Confidence, Confidence.LOW),
            side=self._choice(row.get("side", "unknown"), SIDES, "side"),
            about=self._text(row, "about"),
            source=self._sources(row, sources, used),
            seen=self._day(row.get("seen"), defaults[1]),
            examples=self._examples(row.get("examples")),
            file=self.file,
        )
        if entry.purpose in entry.also:
            self.fault("`also` repeats the purpose", "leave it out of `also`")
        if entry.confidence is Confidence.NONE:
            self.fault("confidence `none` says nothing", "use low, medium or high")
        if not entry.seen:
            self.fault("has no `seen`, nor has the file", "write the day as 2026-11-23")
        return entry if len(self._faults) == before else None

    def _match(self, row: object) -> Match:
        if not isinstance(row, Mapping) or not row:
            self.fault("`match` is missing", "say what it matches, such as `{name: .example.net}`")
            return Match()
        self._unknown(row, MATCH_KEYS)
        match = Match(
            name=self._patterns(row, "name", _NAME, "lower case, .suffix or with *"),
            word=self._patterns(row, "word", _WORD, "letters and digits, * at an end"),
            service=tuple(str(one) for one in _list(row.get("service"))),
            fact=tuple(self._facts(row.get("fact"))),
            address=tuple(self._addresses(row.get("address"))),
            transport=self._choice(row.get("transport", ""), ("", *TRANSPORTS), "transport"),
            port=tuple(self._ports(row.get("port"))),
            scope=tuple(self._enum(one, Scope, Scope.OUTSIDE) for one in _list(row.get("scope"))),
            initiated_by=self._choice(row.get("initiated_by", ""), ("", *PLACES), "initiated_by"),
            silent=self._choice(row.get("silent", False), (False, True), "silent") == "True",
        )
        keys = (match.name, match.word, match.service, match.fact, match.address, match.port)
        if not any(keys):
            self.fault("matches every flow", "name at least a name, word, service, fact or port")
        if match.port and not (match.transport or match.address):
            self.fault("a port without its transport", "add `transport: tcp` or `udp`")
        return match

    def _facts(self, row: object) -> Iterator[tuple[str, tuple[str, ...]]]:
        if row is None:
            return
        if not isinstance(row, Mapping):
            self.fault("`fact` is not a mapping", "write `fact: {http.path: /x}`")
            return
        for kind, tests in row.items():
            if not _KIND.fullmatch(str(kind)):
                self.fault(f"fact kind `{kind}` is no kind", "use a kind of docs/protocols.md")
            values = tuple(str(one).lower() for one in _list(tests))
            if not values or not all(value.removeprefix(WORD) for value in values):
                self.fault(f"fact `{kind}` has an empty test", "give a value, or `*` for any")
            yield str(kind), values

    def _addresses(self, row: object) -> Iterator[str]:
        for one in _list(row):
            try:
                yield str(ipaddress.ip_address(str(one)))
            except ValueError:
                self.fault(f"address `{one}` is none", "write an IPv4 or IPv6 address")

    def _ports(self, row: object) -> Iterator[tuple[int, int]]:
        for one in _list(row):
            low, _, high = str(one).partition("-")
            if not (low.isdigit() and (high.isdigit() or not high)):
                self.fault(f"port `{one}` is not a number", "write 443 or 6000-6010")
                continue
            first, last = int(low), int(high or low)
            if not 0 < first <= last <= 0xFFFF:
                self.fault(f"port `{one}` does not exist", "use 1 to 65535, the lower first")
            yield first, last

    def _sources(
        self, row: Mapping[str, object], sources: Mapping[str, object], used: set[str]
    ) -> tuple[str, ...]:
        given = [str(one) for one in _list(row.get("source"))]
        if not given or not all(given):
            self.fault("has no source", "say who shows it: a document, a capture, an RFC")
        used.update(given)
        return tuple(str(sources.get(one, one)) for one in given)

    def _examples(self, row: object) -> tuple[Mapping[str, Any], ...]:
        found = _list(row)
        if not all(isinstance(one, Mapping) and "want" in one for one in found):
            self.fault("an example has no `want`", "write `{name: ..., want: purpose}`")
            return ()
        return tuple(found)

    def _unknown(self, row: Mapping[Any, object], known: frozenset[str]) -> None:
        for key in row:
            if key not in known:
                self.fault(f"unknown key `{key}`", f"use one of {', '.join(sorted(known))}")

    def _text(self, row: Mapping[Any, object], key: str) -> str:
        value = row.get(key)
        if not isinstance(value, str) or not value.strip():
            self.fault(f"`{key}` is missing", "write it as text")
            return ""
        return value.strip()

    def _patterns(
        self, row: Mapping[Any, object], key: str, shape: re.Pattern[str], form: str
    ) -> tuple[str, ...]:
        values = tuple(str(one) for one in _list(row.get(key)))
        for value in values:
            if not shape.fullmatch(value):
                self.fault(f"{key} `{value}` cannot be read", f"write it as {form}")
        return values

    def _enum(self, value: object, kind: type[E], fallback: E) -> E:
        try:
            return kind(str(value))
        except ValueError:
            allowed = ", ".join(kind)
            self.fault(f"`{value}` is not one of its words", f"use one of {allowed}")
            return fallback

    def _choice(self, value: object, allowed: tuple[object, ...], key: str) -> str:
        if value not in allowed:
            words = ", ".join(str(word) for word in allowed if word != "")
            self.fault(f"{key} `{value}` is not known", f"use one of {words}")
        return str(value)

    def _day(self, value: object, fallback: str) -> str:
        if value is None:
            return fallback
        try:
            return dt.date.fromisoformat(str(value)).isoformat()
        except ValueError:
            self.fault(f"seen `{value}` is not a day", "write it as 2026-11-23")
            return fallback


def _list(value: object) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
