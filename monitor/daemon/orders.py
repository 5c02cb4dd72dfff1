"""What the keeper tells a worker when it starts, and what both agree on."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Self

from monitor import config
from monitor.config import Settings
from monitor.daemon.wire import WireError

_FOR_WORKERS = ("site", "flow", "geo", "catalog", "sensor", "coverage")
"""Sections that a worker is told: no store, no targets, no secrets."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """A worker's task."""

    number: int
    """Of the worker, from 0."""

    keeper: int
    """Process id of the keeper."""

    sockets: Sequence[tuple[str, int]]
    """Interface and descriptor of its packet socket."""

    settings: Settings

    def plain(self) -> dict[str, Any]:
        """Return them as plain data."""
        return {
            "number": self.number,
            "keeper": self.keeper,
            "sockets": [list(pair) for pair in self.sockets],
            "settings": for_workers(self.settings),
        }

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """Return the orders of plain data.

        Raises:
            WireError: They are none.
        """
        try:
            return cls(
                number=int(told["number"]),
                keeper=int(told["keeper"]),
                sockets=[(str(name), int(descriptor)) for name, descriptor in told["sockets"]],
                settings=config.validate(told["settings"], "orders"),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise WireError(f"not orders: {error}") from error


def for_workers(settings: Settings) -> dict[str, Any]:
    """Return the settings that workers are told, as plain data."""
    told = config.as_dict(settings)
    return {name: told[name] for name in _FOR_WORKERS}
