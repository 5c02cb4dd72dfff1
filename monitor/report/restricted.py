"""What restriction lists say of makers and operators, for outputs; whether it binds is for readers."""

from collections.abc import Iterable, Mapping
from typing import Any

from monitor.data.restrictions import Restriction, restrictions


def named(*names: str) -> list[dict[str, str]]:
    """Return what lists name companies or those they belong to, each list and maker once.

    Args:
        names: Makers, brands or operators; empty text for an unknown.
    """
    found: dict[tuple[str, str], dict[str, str]] = {}
    for name in names:
        for one in restrictions(name) if name else ():
            key = one.rule, one.maker
            found.setdefault(
                key,
                {"list": one.rule, "names": one.maker, "because_of": name, "since": one.since},
            )
    return list(found.values())


def lists(cameras: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the entries that name a maker or operator of a report, and what of it they name.

    Args:
        cameras: Cameras of a summary, with ``restrictions`` of theirs and of their talks.
    """
    entries: dict[tuple[str, str], dict[str, Any]] = {}

    def entry(item: Mapping[str, str]) -> dict[str, Any]:
        key = item["list"], item["names"]
        if key not in entries:
            entries[key] = _entry(*key) | {"cameras": [], "operators": {}}
        return entries[key]

    for camera in cameras:
        for item in camera["restrictions"]:
            entry(item)["cameras"].append(camera["ip"])
        for talk in camera["talks"]:
            for item in talk["restrictions"]:
                operators = entry(item)["operators"]
                operators.setdefault(talk["operator"], []).append(camera["ip"])
    return [
        one
        | {
            "operators": [
                {"name": name, "asked_by": len(set(ips))} for name, ips in one["operators"].items()
            ]
        }
        for _, one in sorted(entries.items())
    ]


def _entry(rule: str, maker: str) -> dict[str, Any]:
    one: Restriction = next(one for one in restrictions(maker) if one.rule == rule)
    return {
        "list": one.rule,
        "names": one.maker,
        "says": one.text,
        "binds": one.scope,
        "since": one.since,
        "confidence": one.confidence,
        "source": one.source,
    }


def words(items: Iterable[Mapping[str, str]]) -> str:
    """Return one line: which lists name whom since when; empty where none does."""
    return ", ".join(
        f"{item['list']} names {item['names']} since {item['since']}" for item in items
    )
