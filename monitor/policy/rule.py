"""What a rule is, and what can be set in one."""

import dataclasses
from collections.abc import Mapping
from typing import Final, NamedTuple

from monitor.language import Expression, Unit
from monitor.model.words import Severity

HOUR_NS: Final = 3600 * 10**9
DAY_NS: Final = 24 * HOUR_NS

GROUPS: Final = ("camera", "maker", "operator", "operator_country", "country", "name", "purpose")
"""What a rule may group by: one alert for each combination."""


class Setting(NamedTuple):
    """One setting of a watch."""

    default: str
    text: str
    unit: Unit = Unit.NONE
    words: tuple[str, ...] = ()
    """The choices of a setting that is no number."""


class Watch(NamedTuple):
    """Something that is special over time, or that the sensor or a camera shows; not one flow alone."""

    text: str
    looks_at_flows: bool
    learns: bool
    """Whether it compares with what was learnt in days, so that a replay has nothing to say."""

    settings: Mapping[str, Setting] = {}


_LEARN = Setting("7d", "how long a camera is only watched", Unit.NANOSECONDS)

WATCHES: Final[Mapping[str, Watch]] = {
    "many-hosts": Watch(
        "one camera calls many hosts in a short time",
        looks_at_flows=True,
        learns=False,
        settings={
            "hosts": Setting("10", "different hosts"),
            "within": Setting("10min", "how short the time is", Unit.NANOSECONDS),
        },
    ),
    "many-names": Watch(
        "one camera looks up many long names under one domain in a short time",
        looks_at_flows=True,
        learns=False,
        settings={
            "names": Setting("60", "different names"),
            "length": Setting("24", "characters that they have on average below the domain"),
            "within": Setting("10min", "how short the time is", Unit.NANOSECONDS),
        },
    ),
    "first-contact": Watch(
        "a camera has to do with a company or country for the first time after learning",
        looks_at_flows=True,
        learns=True,
        settings={
            "of": Setting("operator", "what is new", words=("operator", "country")),
            "learn": _LEARN,
        },
    ),
    "changed-purpose": Watch(
        "a name and port that served one purpose for long serves another",
        looks_at_flows=True,
        learns=True,
        settings={
            "learn": _LEARN,
            "flows": Setting("3", "flows that must show it"),
        },
    ),
    "drift": Watch(
        "bytes, number or size of flows rise above the camera's own past and its siblings",
        looks_at_flows=True,
        learns=True,
        settings={
            "learn": _LEARN,
            "factor": Setting("3", "times the usual"),
            "least": Setting("50kB", "bytes of a day below which nothing is said", Unit.BYTES),
        },
    ),
    "unlisted": Watch(
        "a camera or recorder is not in the inventory", looks_at_flows=False, learns=False
    ),
    "restricted": Watch(
        "a camera's maker is on the list of restrictions", looks_at_flows=False, learns=False
    ),
    "differs": Watch(
        "label or inventory name another maker than the wire", looks_at_flows=False, learns=False
    ),
    "coverage": Watch(
        "a camera is not seen, or in one direction only", looks_at_flows=False, learns=False
    ),
    "loss": Watch(
        "packets are lost before they are read",
        looks_at_flows=False,
        learns=False,
        settings={"share": Setting("1000", "one lost in so many is too much")},
    ),
    "old-geo": Watch(
        "a database of address blocks is old",
        looks_at_flows=False,
        learns=False,
        settings={"age": Setting("90d", "how old", Unit.NANOSECONDS)},
    ),
}
"""Every watch by the name that rules use."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A flow that a rule must hold for, or must not."""

    holds: bool
    values: Mapping[str, str]
    """Field -> value, as text; the rest is an answered flow of a camera to the outside."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: what it holds for, and the words for whoever has to act."""

    id: str
    severity: Severity
    title: str
    explanation: str
    """What it means, for a network operator."""

    action: str
    """What to do."""

    when: Expression | None
    """None: every flow, or no flow at all where a watch looks at something else."""

    watch: str = ""
    """Name in `WATCHES`; empty: each flow by itself."""

    settings: Mapping[str, int | str] = dataclasses.field(default_factory=dict)
    """Of the watch, complete, numbers in the base unit."""

    group: tuple[str, ...] = ()
    resolve_after_ns: int = DAY_NS
    examples: tuple[Example, ...] = ()
    runbook: str = ""
    """Where more is said: path or URL; empty: nowhere."""

    is_shipped: bool = True

    @property
    def text(self) -> str:
        """What it means and what to do, in one."""
        return f"{self.explanation} {self.action}".strip()

    @property
    def is_live_only(self) -> bool:
        """Whether a replay cannot evaluate it: it learns for days, or is about the sensor."""
        watch = WATCHES.get(self.watch)
        return watch is not None and (watch.learns or not watch.looks_at_flows)
