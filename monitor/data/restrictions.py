"""Makers that a public body names in a rule, as dated data with its source."""

import re
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from monitor.data import data_path
from monitor.data.yaml_file import load_entries, text_of
from monitor.errors import ConfigError

RESTRICTIONS_FILE: Final = "restrictions.yaml"

_FIELDS: Final = {"maker", "covers", "rule", "text", "scope", "since", "confidence", "source"}
CONFIDENCES: Final = ("high", "medium", "low")

_DATE: Final = re.compile(r"\d{4}-\d{2}(-\d{2})?")


class Restriction(NamedTuple):
    """What one rule says of one maker. It is for the reader to judge whether it binds him."""

    maker: str
    """The maker that the rule names."""

    covers: tuple[str, ...]
    """Brands and subsidiaries that it reaches."""

    rule: str
    text: str
    scope: str
    since: str
    """``YYYY-MM-DD``, or ``YYYY-MM`` where the source gives no day."""

    confidence: str
    """One of `CONFIDENCES`: how well the entry is evidenced."""

    source: str


def load_restrictions(path: Path | None = None) -> dict[str, tuple[Restriction, ...]]:
    """Return the restrictions by maker and covered brand, in lower case.

    Raises:
        ConfigError: The file is missing, or an entry is wrong: one line says which and why.
    """
    where = path or data_path(RESTRICTIONS_FILE)
    found: dict[str, tuple[Restriction, ...]] = {}
    for label, entry in load_entries(where, "entries", _FIELDS):
        covers = entry.get("covers", [])
        if not isinstance(covers, list) or not all(isinstance(name, str) for name in covers):
            raise ConfigError(f"{where}: {label}: covers is not a list of names; write [EZVIZ]")
        since = text_of(where, label, entry, "since")
        if not _DATE.fullmatch(since):
            raise ConfigError(f"{where}: {label}: since is {since!r}; write '2021-03-12'")
        confidence = text_of(where, label, entry, "confidence")
        if confidence not in CONFIDENCES:
            raise ConfigError(f"{where}: {label}: confidence is {confidence!r}; write high or low")
        restriction = Restriction(
            text_of(where, label, entry, "maker"),
            tuple(covers),
            text_of(where, label, entry, "rule"),
            text_of(where, label, entry, "text"),
            text_of(where, label, entry, "scope"),
            since,
            confidence,
            text_of(where, label, entry, "source"),
        )
        for name in (restriction.maker, *covers):
            found[name.lower()] = (*found.get(name.lower(), ()), restriction)
    return found


@lru_cache(maxsize=1)
def _shipped() -> dict[str, tuple[Restriction, ...]]:
    return load_restrictions()


def restrictions(maker: str) -> tuple[Restriction, ...]:
    """Return the rules that name `maker`, or a company that it belongs to; none for an unknown."""
    return _shipped().get(maker.strip().lower(), ())
