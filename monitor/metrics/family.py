"""What a metric family is, and the closed sets that its labels come from."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Final, NamedTuple

from monitor.metrics.snapshot import Snapshot

PREFIX: Final = "camwatch_"
OTHER: Final = "_other"
"""Where everything counts that is not in a closed set."""

UNTAGGED: Final = "untagged"
MOST_CAMERAS: Final = 2000
"""Cameras with series of their own; further ones count under `OTHER`."""

MOST_COUNTRIES: Final = 100
"""Countries with series of their own, by bytes; further ones count under `OTHER`."""

MOST_VLANS: Final = 256
MOST_RULES: Final = 200
MOST_TARGETS: Final = 50


class Type(StrEnum):
    """Prometheus types that are used."""

    COUNTER = "counter"
    GAUGE = "gauge"


Samples = Iterable[tuple[tuple[str, ...], float]]
"""Label values in the order of the family's labels, and the number."""


class Family(NamedTuple):
    """One metric family: a row of the table, of the docs page and of a scrape."""

    name: str
    """Without the prefix; with its suffix (``_total``, ``_seconds``, ``_info``)."""

    type: Type
    labels: tuple[str, ...]
    help: str
    """What it is, and what a rise means."""

    unit: str
    samples: Callable[[Snapshot], Samples]
    bound: str
    """How many series it has at most, in words an operator can compute with."""
