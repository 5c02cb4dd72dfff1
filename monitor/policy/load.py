"""Reads rules: the shipped ones, and the user's own file laid over them."""

import dataclasses
import difflib
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from monitor.data.yaml_file import load_document, load_entries, text_of
from monitor.errors import ConfigError
from monitor.language import Expression, ExpressionError, Unit, Where, parse, write
from monitor.language.tokens import is_plain
from monitor.language.values import ValueFault, read_number
from monitor.model.words import Severity
from monitor.policy.rule import GROUPS, WATCHES, Example, Rule, Watch

SHIPPED: Final = Path(__file__).with_name("shipped.yaml")
RUNBOOKS: Final = "docs/rules/"

_FIELDS: Final = {
    "id", "enabled", "severity", "title", "when", "watch", "settings", "group", "resolve_after",
    "explanation", "action", "examples", "runbook",
}  # fmt: skip
_ID: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LIST: Final = re.compile(r"\$(\w+)")

Entry = Mapping[str, Any]


def load_rules(
    own: Path | None = None, *, runbooks: str = RUNBOOKS, shipped: Path = SHIPPED
) -> tuple[Rule, ...]:
    """Return the rules in force: ours, with those of `own` laid over by id and added.

    Args:
        own: The user's file.
        runbooks: What stands before ``<id>.md`` in the runbook of a shipped rule.
        shipped: Our file.

    Raises:
        ConfigError: A file cannot be read, or an entry is wrong: one line says which and why.
    """
    lists, entries = _read(shipped)
    made = {label: (shipped, entry) for label, entry in entries.items()}
    if own is not None:
        own_lists, own_entries = _read(own)
        lists |= own_lists
        for name, entry in own_entries.items():
            made[name] = (own, {**made[name][1], **entry} if name in made else entry)
    rules = []
    for name, (where, entry) in made.items():
        enabled = entry.get("enabled", True)
        if not isinstance(enabled, bool):
            raise ConfigError(f"{where}: {name}: enabled is {enabled!r}; write true or false")
        if enabled:
            is_shipped = name in entries
            rule = _rule(where, name, entry, lists)
            page = f"{runbooks}{name}.md" if is_shipped and not rule.runbook else rule.runbook
            rules.append(dataclasses.replace(rule, runbook=page, is_shipped=is_shipped))
    return tuple(rules)


@lru_cache(maxsize=1)
def shipped_rules() -> tuple[Rule, ...]:
    """Return the rules as shipped."""
    return load_rules()


def _read(path: Path) -> tuple[dict[str, str], dict[str, Entry]]:
    document = load_document(path)
    known = {"version", "lists", "rules"}
    if unknown := sorted(str(key) for key in document if key not in known):
        raise ConfigError(f"{path}: unknown key '{unknown[0]}'; known are lists, rules, version")
    lists = document.get("lists") or {}
    if not isinstance(lists, dict):
        raise ConfigError(f"{path}: lists is no mapping; write 'jurisdictions: [CN, RU]' below it")
    found: dict[str, str] = {}
    for name, values in lists.items():
        if (
            not isinstance(values, list)
            or not values
            or not all(
                isinstance(value, str | int) and not isinstance(value, bool) for value in values
            )
        ):
            raise ConfigError(
                f"{path}: list {name}: not a list of texts; put what YAML reads as something "
                "else, such as NO, in quotes"
            )
        found[str(name)] = f"({', '.join(_value(str(value)) for value in values)})"
    entries: dict[str, Entry] = {}
    for label, entry in load_entries(path, "rules", _FIELDS, document):
        name = text_of(path, label, entry, "id")
        if not _ID.fullmatch(name):
            raise ConfigError(f"{path}: {label}: id is '{name}'; write small-words-with-hyphens")
        if name in entries:
            raise ConfigError(f"{path}: {label}: '{name}' is there twice; give one another id")
        entries[name] = entry
    return found, entries


def _value(text: str) -> str:
    return text if is_plain(text) else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _rule(path: Path, name: str, entry: Entry, lists: Mapping[str, str]) -> Rule:
    severity = text_of(path, name, entry, "severity")
    if severity not in tuple(Severity):
        raise ConfigError(
            f"{path}: {name}: severity is '{severity}'; write one of {', '.join(Severity)}"
        )
    watch = text_of(path, name, entry, "watch", default="")
    if watch and watch not in WATCHES:
        near = difflib.get_close_matches(watch, WATCHES, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(WATCHES)}"
        raise ConfigError(f"{path}: {name}: no watch '{watch}'; {hint}")
    group = entry.get("group") or []
    if not isinstance(group, list) or any(part not in GROUPS for part in group):
        raise ConfigError(
            f"{path}: {name}: group is {group!r}; write a list of {', '.join(GROUPS)}"
        )
    when = _when(path, name, entry, lists)
    if when is None and (not watch or WATCHES[watch].looks_at_flows):
        raise ConfigError(f"{path}: {name}: has no 'when'; say which flows it holds for")
    if when is not None and watch and not WATCHES[watch].looks_at_flows:
        raise ConfigError(f"{path}: {name}: '{watch}' looks at no flows; leave 'when' out")
    resolve_after = text_of(path, name, entry, "resolve_after", default="24h")
    return Rule(
        id=name,
        severity=Severity(severity),
        title=text_of(path, name, entry, "title"),
        explanation=text_of(path, name, entry, "explanation"),
        action=text_of(path, name, entry, "action", default=""),
        when=when,
        watch=watch,
        settings=_settings(path, name, entry, WATCHES.get(watch)),
        group=tuple(dict.fromkeys(group)),
        resolve_after_ns=_number(path, name, "resolve_after", resolve_after, Unit.NANOSECONDS),
        examples=_examples(path, name, entry),
        runbook=text_of(path, name, entry, "runbook", default=""),
    )


def _when(path: Path, name: str, entry: Entry, lists: Mapping[str, str]) -> Expression | None:
    text = text_of(path, name, entry, "when", default="")
    if not text:
        return None
    for used in _LIST.findall(text):
        if used not in lists:
            known = ", ".join(lists) or "none"
            raise ConfigError(f"{path}: {name}: when: no list '{used}'; there are {known}")
    try:
        return parse(_LIST.sub(lambda match: lists[match[1]], text), Where.RULE)
    except ExpressionError as error:
        raise ConfigError(f"{path}: {name}: when: {error}") from error


def _settings(path: Path, name: str, entry: Entry, watch: Watch | None) -> dict[str, int | str]:
    given = entry.get("settings") or {}
    known = {} if watch is None else watch.settings
    if not isinstance(given, dict) or (unknown := [key for key in given if key not in known]):
        listed = ", ".join(known) or "none"
        wrong = f"unknown '{unknown[0]}'" if isinstance(given, dict) else "no mapping"
        raise ConfigError(f"{path}: {name}: settings: {wrong}; there are {listed}")
    made: dict[str, int | str] = {}
    for key, setting in known.items():
        text = str(given.get(key, setting.default))
        if setting.words:
            if text not in setting.words:
                listed = " or ".join(setting.words)
                raise ConfigError(f"{path}: {name}: settings: {key} is '{text}'; write {listed}")
            made[key] = text
        else:
            made[key] = _number(path, name, key, text, setting.unit)
    return made


def _number(path: Path, name: str, key: str, text: str, unit: Unit) -> int:
    try:
        return read_number(text, unit, key, "7d" if unit is Unit.NANOSECONDS else "50")
    except ValueFault as fault:
        reason, hint = fault.args
        raise ConfigError(f"{path}: {name}: {key}: {reason}; {hint or 'give another'}") from None


def _examples(path: Path, name: str, entry: Entry) -> tuple[Example, ...]:
    given = entry.get("examples") or []
    if not isinstance(given, list):
        raise ConfigError(f"{path}: {name}: examples is no list; write '- {{holds: true, ...}}'")
    made = []
    for example in given:
        holds = example.get("holds") if isinstance(example, dict) else None
        if not isinstance(example, dict) or not isinstance(holds, bool):
            raise ConfigError(
                f"{path}: {name}: examples: {example!r:.60} does not say 'holds: true' or false"
            )
        values = {str(key): _plain(value) for key, value in example.items() if key != "holds"}
        made.append(Example(holds=holds, values=values))
    return tuple(made)


def _plain(value: object) -> str:
    """Return what YAML made of a value as text again."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def condition_text(rule: Rule) -> str:
    """Return the condition of a rule as text; empty where it has none."""
    return "" if rule.when is None else write(rule.when)
