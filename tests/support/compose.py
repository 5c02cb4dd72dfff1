"""The compose files, merged as Compose does it where the demo needs it."""

import os
import re
from pathlib import Path
from typing import Any

import yaml

from tests.support.shared import ROOT

DEPLOY = ROOT / "deploy"


class _Reset:
    """What ``!reset`` leaves: nothing."""


class _Override(list[Any]):
    """A list that takes the place of the other, not its end."""


class _Loader(yaml.SafeLoader):
    """Knows the two tags of Compose."""


def _override(loader: yaml.SafeLoader, node: yaml.SequenceNode) -> _Override:
    return _Override(loader.construct_sequence(node, deep=True))


_Loader.add_constructor("!reset", lambda _loader, _node: _Reset())
_Loader.add_constructor("!override", _override)


def environment() -> dict[str, str]:
    """Return what .env.example sets."""
    lines = (DEPLOY / ".env.example").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def load(*names: str, env: dict[str, str] | None = None) -> dict[str, Any]:
    """Return the files as one, variables filled in."""
    values = environment() if env is None else env
    merged: dict[str, Any] = {}
    for name in names:
        text = _filled((DEPLOY / name).read_text(encoding="utf-8"), values)
        made = yaml.load(text, _Loader)  # noqa: S506  # a safe loader with two more tags
        merged = _merged(merged, made)
    return merged


def _filled(text: str, values: dict[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        name, kind, rest = found[1], found[2], found[3] or ""
        if values.get(name):
            return values[name]
        assert kind != ":?", f"{name} is needed: {rest}"
        return rest

    return re.sub(r"\$\{(\w+)(:-|:\?)?([^}]*)\}", value, text)


def _merged(base: Any, other: Any) -> Any:
    if isinstance(base, dict) and isinstance(other, dict):
        made = dict(base)
        for key, value in other.items():
            if isinstance(value, _Reset):
                made.pop(key, None)
            else:
                made[key] = _merged(made[key], value) if key in made else value
        return made
    if isinstance(base, list) and isinstance(other, list) and not isinstance(other, _Override):
        return base + other
    return list(other) if isinstance(other, _Override) else other


def mounted(volume: str) -> Path | None:
    """Return the file of this repository that a service's volume shows; None for a named volume."""
    source = volume.split(":", maxsplit=1)[0]
    return Path(os.path.normpath(DEPLOY / source)) if source.startswith(".") else None
