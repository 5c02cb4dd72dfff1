"""What the names of hosts that a device contacts say of the device."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from monitor.data import data_path
from monitor.data.yaml_file import load_document, load_entries, text_of
from monitor.enrich.makers import Claim, Makers, number, texts
from monitor.errors import ConfigError
from monitor.model.records import Signal

NAMES_FILE: Final = "signals_names.yaml"
MAX_CACHED: Final = 65_536
MAX_NAME: Final = 255
SIDES: Final = ("camera", "device", "any")

_NAME_FIELDS: Final = {"maker", "brand", "factor", "label", "source", *SIDES}
_OTHER_FIELDS: Final = {"names", "weight", "source"}
_WEIGHT_FIELDS: Final = {"name", "maker", "kind", "about"}
_PATTERN: Final = re.compile(r"\.?[a-z0-9*_-]+(\.[a-z0-9*_-]+)*")


class Weight(NamedTuple):
    """What a name of one sort weighs."""

    name: str
    maker: float
    kind: float
    about: str


class NameRule(NamedTuple):
    """What a group of names says."""

    patterns: tuple[str, ...]
    side: str
    """One of `SIDES`; ``other`` for names that no camera asks for, ``plain`` for common ones."""

    says: tuple[Claim, ...]
    source: str


class Told(NamedTuple):
    """What one name says."""

    contacted: tuple[Signal, ...]
    asked: tuple[Signal, ...]
    """The same, where the name was only looked up."""

    unrelated: str
    """Registered domain, by its last two labels, where no rule knows the name; else empty."""


_NOTHING: Final = Told((), (), "")


class Contacts:
    """Answers what a name says of who contacts it; the most exact rule counts."""

    def __init__(self, rules: Sequence[NameRule], asked: Weight) -> None:
        self.rules = tuple(rules)
        self._asked = asked
        self._exact: dict[str, NameRule] = {}
        self._suffix: dict[str, NameRule] = {}
        self._globs: dict[str, list[tuple[re.Pattern[str], NameRule]]] = {}
        self._known: dict[str, Told] = {}
        for rule in rules:
            for pattern in rule.patterns:
                if "*" in pattern:
                    body = re.escape(pattern.removeprefix(".")).replace(r"\*", "[a-z0-9._-]*")
                    before = r"(?:.*\.)?" if pattern[0] == "." else ""
                    end = _end(pattern)
                    one = (re.compile(before + body), rule)
                    self._globs.setdefault("" if "*" in end else end, []).append(one)
                elif pattern[0] == ".":
                    self._suffix[pattern[1:]] = rule
                else:
                    self._exact[pattern] = rule

    @classmethod
    def load(cls, makers: Makers, path: Path | None = None) -> Self:
        """Load the names that are shipped, or those of another file.

        Raises:
            ConfigError: The file is missing, or an entry is wrong: one line says which and why.
        """
        where = path or data_path(NAMES_FILE)
        document = load_document(where)
        weights = read_weights(where, document)
        rules: list[NameRule] = []
        for label, entry in load_entries(where, "names", _NAME_FIELDS, document):
            rules += _group(where, label, entry, makers, weights)
        for label, entry in load_entries(where, "others", _OTHER_FIELDS, document):
            says = (Claim("kind=other", number(where, label, entry, "weight")),)
            source = text_of(where, label, entry, "source")
            rules.append(NameRule(_names(where, label, entry, "names"), "other", says, source))
        plain = document.get("plain")
        if not isinstance(plain, dict):
            raise ConfigError(f"{where}: plain is missing; write 'plain:' with names")
        rules.append(NameRule(_names(where, "plain", plain, "names"), "plain", (), ""))
        return cls(rules, weights["asked"])

    def told(self, name: str) -> Told:
        """Return what a name says; nothing for an address or a name of one label."""
        known = self._known.get(name)
        if known is None:
            if len(self._known) >= MAX_CACHED:
                self._known.clear()
            known = self._known[name] = self._read(name)
        return known

    def _read(self, name: str) -> Told:
        plain = name.lower().rstrip(".")
        if len(plain) > MAX_NAME or "." not in plain or ":" in plain:
            return _NOTHING
        if plain.replace(".", "").isdigit():
            return _NOTHING
        rule = self._find(plain)
        if rule is None:
            return Told((), (), _end(plain))
        asked = self._asked
        factors = {"maker": asked.maker, "brand": asked.maker, "kind": asked.kind}
        signals = tuple(
            Signal("name", plain[:96], c.says, round(c.weight, 4), rule.source) for c in rule.says
        )
        weaker = tuple(
            s._replace(weight=round(s.weight * factors[s.says.partition("=")[0]], 4))
            for s in signals
        )
        return Told(signals, weaker, "")

    def _find(self, name: str) -> NameRule | None:
        found = self._exact.get(name)
        if found is not None:
            return found
        for end in (_end(name), ""):
            for pattern, rule in self._globs.get(end, ()):
                if pattern.fullmatch(name):
                    return rule
        rest = name
        while rest:
            found = self._suffix.get(rest)
            if found is not None:
                return found
            rest = rest.partition(".")[2]
        return None


def _end(name: str) -> str:
    """Return the last two labels."""
    return ".".join(name.rsplit(".", 2)[-2:])


def read_weights(path: Path, document: Mapping[str, Any]) -> dict[str, Weight]:
    """Return what names of each sort weigh.

    Raises:
        ConfigError: A sort is missing, or an entry is wrong.
    """
    found: dict[str, Weight] = {}
    for label, entry in load_entries(path, "weights", _WEIGHT_FIELDS, document):
        name = text_of(path, label, entry, "name")
        maker, kind = number(path, label, entry, "maker"), number(path, label, entry, "kind")
        found[name] = Weight(name, maker, kind, text_of(path, label, entry, "about"))
    missing = {*SIDES, "asked"} - found.keys()
    if missing:
        raise ConfigError(f"{path}: weights: '{min(missing)}' is missing; add it")
    return found


def _group(
    path: Path, label: str, entry: Mapping[str, Any], makers: Makers, weights: Mapping[str, Weight]
) -> Iterable[NameRule]:
    """Yield a rule for each side that an entry lists names of."""
    source = text_of(path, label, entry, "source")
    factor = number(path, label, entry, "factor", default=1.0)
    on_label = number(path, label, entry, "label", default=1.0)
    claims: list[Claim] = []
    for key in ("maker", "brand"):
        name = text_of(path, label, entry, key, default="")
        if name and not makers.has(name, is_brand=key == "brand"):
            raise ConfigError(f"{path}: {label}: {key} '{name}' is not in makers.yaml; add it")
        if name:
            claims += [
                Claim(c.says, c.weight * (on_label if c.says.startswith("brand") else 1.0))
                for c in makers.of_name(name, is_brand=key == "brand")
            ]
    for side in SIDES:
        names = _names(path, label, entry, side)
        weight = weights[side]
        says = [Claim(c.says, c.weight * weight.maker * factor) for c in claims]
        if weight.kind:
            says.append(Claim("kind=camera", weight.kind * factor))
        if names:
            yield NameRule(names, side, tuple(says), source)


def _names(path: Path, label: str, entry: Mapping[str, Any], field: str) -> tuple[str, ...]:
    names = texts(path, label, entry, field)
    for name in names:
        if not _PATTERN.fullmatch(name):
            raise ConfigError(
                f"{path}: {label}: '{name:.60}' is no name; write dev.example.com, .example.com or "
                "p2p*.example.com in lower case"
            )
    return names
