"""What the facts of a conversation say of the devices at its ends."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from monitor.data import data_path
from monitor.data.yaml_file import load_document, load_entries, text_of
from monitor.enrich.makers import Claim, Makers, compiled, kind_of, number
from monitor.errors import ConfigError
from monitor.model.facts import Dissection, Fact
from monitor.model.records import Signal

SIGNALS_FILE: Final = "signals.yaml"
MAX_CACHED: Final = 16_384
"""Facts remembered with what they say; when full, all are forgotten."""

MAX_VALUE: Final = 96
"""Characters of a value that are kept in a signal."""

ORIGINATOR: Final = "originator"
RESPONDER: Final = "responder"
ANSWERER: Final = "answerer"

_FIELDS: Final = {
    *("fact", "match", "with", "without", "who", "asked", "first", "says", "kind", "beside"),
    "source",
}
_FREE: Final = ("model", "firmware")
_NAMED: Final = ("maker", "brand")


class Rule(NamedTuple):
    """One entry of the data file."""

    fact: str
    match: re.Pattern[str] | None
    having: tuple[tuple[str, re.Pattern[str]], ...]
    """Facts that the conversation must show as well."""

    lacking: tuple[tuple[str, re.Pattern[str]], ...]
    who: str
    asked: tuple[str, re.Pattern[str]] | None
    """The first such fact shows that the originator asked; see `ANSWERER`."""

    is_first: bool
    """Only the first fact of its name counts: that of the originator."""

    says: tuple[Claim, ...]
    """``maker=X``, ``brand=X``, ``kind=X``; ``text``, ``model``, ``firmware``, ``maker``,
    ``brand`` take what they say from the value."""

    kind: str
    """Kind of sign."""

    beside: str
    source: str


class Sides(NamedTuple):
    """What a conversation says of its ends."""

    orig: tuple[Signal, ...] = ()
    resp: tuple[Signal, ...] = ()


SILENT: Final = Sides()


class Rules:
    """Reads facts by the rules of the data file."""

    def __init__(self, rules: Sequence[Rule], makers: Makers) -> None:
        self.rules = tuple(rules)
        self._makers = makers
        by_fact: dict[str, list[Rule]] = {}
        for rule in rules:
            by_fact.setdefault(rule.fact, []).append(rule)
        self._by_fact = {fact: tuple(found) for fact, found in by_fact.items()}
        self._known: dict[Fact, tuple[tuple[Rule, tuple[Signal, ...]], ...]] = {}

    @classmethod
    def load(cls, makers: Makers, path: Path | None = None) -> Self:
        """Load the rules that are shipped, or those of another file.

        Raises:
            ConfigError: The file is missing, or a rule is wrong: one line says which and why.
        """
        where = path or data_path(SIGNALS_FILE)
        entries = load_entries(where, "rules", _FIELDS, load_document(where))
        return cls([_rule(where, label, entry, makers) for label, entry in entries], makers)

    def sides(self, dissection: Dissection, *, answered: bool) -> Sides:
        """Return what a conversation says of its originator and of its responder.

        Args:
            dissection: What was recognised in it.
            answered: Whether the responder took part: only then it can have said something.
        """
        ends: tuple[dict[Signal, None], dict[Signal, None]] = ({}, {})
        # A connection that was under way when the capture began starts with the server's answer.
        is_reversed = bool(dissection.facts) and dissection.facts[0].kind == "http.status"
        for fact in dissection.facts:
            if fact.kind not in self._by_fact:
                continue
            for rule, signals in self._matched(fact):
                if rule.is_first and dissection.first(fact.kind) != fact.value:
                    continue
                end = _end(rule, dissection, answered=answered) ^ is_reversed
                if (end and not answered) or not _holds(rule, dissection):
                    continue
                ends[end].update(dict.fromkeys(signals))
        return Sides(tuple(ends[0]), tuple(ends[1])) if ends[0] or ends[1] else SILENT

    def own(self, facts: Iterable[Fact]) -> tuple[Signal, ...]:
        """Return what a host's own announcement says of it."""
        return self.sides(Dissection("", tuple(facts)), answered=False).orig

    def _matched(self, fact: Fact) -> tuple[tuple[Rule, tuple[Signal, ...]], ...]:
        """Return the rules that a fact fits, whatever else is shown, and what they say."""
        known = self._known.get(fact)
        if known is None:
            if len(self._known) >= MAX_CACHED:
                self._known.clear()
            found = ((rule, self._signals(rule, fact.value)) for rule in self._by_fact[fact.kind])
            known = self._known[fact] = tuple(one for one in found if one[1])
        return known

    def _signals(self, rule: Rule, value: str) -> tuple[Signal, ...]:
        match = rule.match.search(value) if rule.match else None
        if rule.match and match is None:
            return ()
        groups: Mapping[str, str | None] = match.groupdict() if match else {}
        shown = value[:MAX_VALUE]
        return tuple(
            Signal(rule.kind, shown, claim.says + rule.beside, round(claim.weight, 4), rule.source)
            for said in rule.says
            for claim in self._claims(said, value, groups)
        )

    def _claims(self, said: Claim, value: str, groups: Mapping[str, str | None]) -> Iterable[Claim]:
        if "=" in said.says:
            return (said,)
        if said.says == "text":
            return (Claim(c.says, c.weight * said.weight) for c in self._makers.in_text(value))
        text = (groups.get(said.says) or value).strip()[:48]
        if said.says in _FREE:
            return (Claim(f"{said.says}={text}", said.weight),) if text else ()
        is_brand = said.says == "brand"
        if not self._makers.has(text, is_brand=is_brand):
            return ()
        claims = self._makers.of_name(text, is_brand=is_brand)
        return (Claim(c.says, c.weight * said.weight) for c in claims)


def _holds(rule: Rule, dissection: Dissection) -> bool:
    """Return whether the rest of a conversation is as the rule wants it."""
    return all(_shows(dissection, *one) for one in rule.having) and not any(
        _shows(dissection, *one) for one in rule.lacking
    )


def _shows(dissection: Dissection, kind: str, pattern: re.Pattern[str]) -> bool:
    return any(fact.kind == kind and pattern.search(fact.value) for fact in dissection.facts)


def _end(rule: Rule, dissection: Dissection, *, answered: bool) -> int:
    """Return 0 when a rule speaks for the originator, 1 for the responder."""
    if rule.who != ANSWERER:
        return int(rule.who == RESPONDER)
    if rule.asked is None:
        return int(answered)
    kind, pattern = rule.asked
    return int(answered and pattern.search(dissection.first(kind)) is not None)


def _rule(path: Path, label: str, entry: Mapping[str, Any], makers: Makers) -> Rule:
    fact = text_of(path, label, entry, "fact")
    label = f"{label} ({fact})"
    who = text_of(path, label, entry, "who")
    if who not in (ORIGINATOR, RESPONDER, ANSWERER):
        raise ConfigError(f"{path}: {label}: who is '{who}'; write originator, responder, answerer")
    match = text_of(path, label, entry, "match", default="")
    asked = _conditions(path, label, entry, "asked")
    beside = text_of(path, label, entry, "beside", default="")
    service = fact.partition(".")[0]
    return Rule(
        fact,
        compiled(path, label, match) if match else None,
        _conditions(path, label, entry, "with"),
        _conditions(path, label, entry, "without"),
        who,
        asked[0] if asked else None,
        bool(entry.get("first", False)),
        _says(path, label, entry, makers),
        text_of(path, label, entry, "kind", default=service.removeprefix("own-")),
        f" if {kind_of(path, label, beside)}" if beside else "",
        text_of(path, label, entry, "source"),
    )


def _conditions(
    path: Path, label: str, entry: Mapping[str, Any], field: str
) -> tuple[tuple[str, re.Pattern[str]], ...]:
    value = entry.get(field, {})
    if not isinstance(value, dict) or not all(
        isinstance(item, str) for pair in value.items() for item in pair
    ):
        raise ConfigError(f"{path}: {label}: {field} is no mapping; write {{fact: pattern}}")
    return tuple((kind, compiled(path, label, pattern)) for kind, pattern in value.items())


def _says(path: Path, label: str, entry: Mapping[str, Any], makers: Makers) -> tuple[Claim, ...]:
    value = entry.get("says")
    if not isinstance(value, dict) or not value:
        raise ConfigError(f"{path}: {label}: says nothing; write {{kind=camera: 0.5}}")
    claims: list[Claim] = []
    for says in value:
        attribute, equals, name = str(says).partition("=")
        weight = number(path, label, value, says)
        if weight > 1:
            raise ConfigError(f"{path}: {label}: weight of {says} is {weight}; write 0 to 1")
        if not equals and attribute in ("text", *_FREE, *_NAMED):
            claims.append(Claim(attribute, weight))
        elif attribute == "kind":
            claims.append(Claim(f"kind={kind_of(path, label, name)}", weight))
        elif attribute in _NAMED and makers.has(name, is_brand=attribute == "brand"):
            named = makers.of_name(name, is_brand=attribute == "brand")
            claims += [Claim(claim.says, claim.weight * weight) for claim in named]
        else:
            raise ConfigError(f"{path}: {label}: '{says}' names no known maker, brand or kind")
    return tuple(claims)
