"""Adds up sums of flows for people: by VLAN, purpose, camera, country and operator."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, Final, TypeVar

from monitor.api.coverage import UNKNOWN
from monitor.api.shapes.common import CameraName, PurposeSum, group_of
from monitor.api.shapes.overview import (
    Country,
    Coverage,
    Operator,
    Talker,
    Totals,
    Vlan,
    VlanVerdict,
)
from monitor.model.clock import utc_text
from monitor.store.reading.sums import UNTAGGED, Sum

K = TypeVar("K", bound=Hashable)

TOP: Final = 10
WORDS: Final = {
    VlanVerdict.EXPOSED: "Somebody outside opened a connection to a camera here, and it answered.",
    VlanVerdict.TALKS_OUTSIDE: "Cameras here exchange data with services outside the site.",
    VlanVerdict.INFRASTRUCTURE_ONLY: "Cameras here reach outside, for names, time and the like only.",
    VlanVerdict.STOPPED: "Cameras here try to reach outside, and nobody answered them.",
    VlanVerdict.CLOSED: "No flow of a camera here went outside the site.",
}

ABSENCE: Final = frozenset(
    {VlanVerdict.CLOSED, VlanVerdict.STOPPED, VlanVerdict.INFRASTRUCTURE_ONLY}
)
"""Verdicts that rest on what was not seen."""


def outside(sums: Iterable[Sum]) -> list[Sum]:
    """Return the sums of flows that leave the site or come from outside it."""
    return [one for one in sums if one.scope == "outside"]


def groups(sums: Iterable[Sum], key: Callable[[Sum], K]) -> dict[K, list[Sum]]:
    """Return sums by key, in the order in which keys appear."""
    found: dict[K, list[Sum]] = {}
    for one in sums:
        found.setdefault(key(one), []).append(one)
    return found


def amounts(sums: Iterable[Sum]) -> dict[str, Any]:
    """Return the members that most shapes share."""
    listed = list(sums)
    return {
        "flows": sum(one.flows for one in listed),
        "bytes_out": sum(one.out_bytes for one in listed),
        "bytes_in": sum(one.in_bytes for one in listed),
    }


def answered(sums: Iterable[Sum]) -> int:
    """Return how many flows were answered."""
    return sum(one.flows for one in sums if one.outcome == "answered")


def cameras(sums: Iterable[Sum]) -> int:
    """Return how many cameras there are."""
    return len({one.camera_ip for one in sums})


def most(sums: Iterable[Sum], key: Callable[[Sum], str], limit: int = 18) -> list[str]:
    """Return the values of a key, most bytes first, without those that are not known."""
    count: Counter[str] = Counter()
    for one in sums:
        count[key(one)] += one.out_bytes + one.in_bytes
    count.pop("", None)
    return [value for value, _ in sorted(count.items(), key=lambda item: (-item[1], item[0]))][
        :limit
    ]


def last(sums: Iterable[Sum]) -> str:
    """Return the last packet."""
    return utc_text(max(one.last_ns for one in sums))


def totals(sums: list[Sum]) -> Totals:
    """Return everything together."""
    out = outside(sums)
    told = amounts(out)
    return Totals(
        cameras=cameras(sums),
        cameras_outside=cameras(out),
        flows=sum(one.flows for one in sums),
        flows_outside=told["flows"],
        answered_outside=answered(out),
        bytes_out=told["bytes_out"],
        bytes_in=told["bytes_in"],
    )


def vlans(sums: list[Sum], coverage: Mapping[int | None, Coverage]) -> list[Vlan]:
    """Return each VLAN that has flows or that a sensor judges, by number, untagged last."""
    found = groups(sums, lambda one: None if one.vlan == UNTAGGED else one.vlan)
    for vlan in coverage:
        found.setdefault(vlan, [])
    return [
        _vlan(number, found[number], coverage)
        for number in sorted(found, key=lambda number: (number is None, number))
    ]


def _vlan(number: int | None, sums: list[Sum], coverage: Mapping[int | None, Coverage]) -> Vlan:
    out = outside(sums)
    verdict = verdict_of(out)
    told = amounts(out)
    seen = coverage.get(number, UNKNOWN)
    return Vlan(
        vlan=number,
        verdict=verdict,
        text=_text(verdict, seen),
        coverage=seen,
        cameras=cameras(sums),
        cameras_outside=cameras(out),
        flows=sum(one.flows for one in sums),
        flows_outside=told["flows"],
        answered_outside=answered(out),
        bytes_out=told["bytes_out"],
        bytes_in=told["bytes_in"],
        purposes=most(out, lambda one: one.purpose),
    )


def _text(verdict: VlanVerdict, seen: Coverage) -> str:
    """Return the verdict in a sentence. What was not seen says nothing where it may be missed."""
    text = WORDS[verdict]
    if verdict not in ABSENCE or seen.breaks_claim is False:
        return text
    if seen.breaks_claim is None:
        return f"{text} Whether more would have been seen is not known."
    return f"{text} More may have been missed: {seen.text or seen.verdict}."


def verdict_of(out: list[Sum]) -> VlanVerdict:
    """Return what flows outside the site say: the worst that holds."""
    good = [one for one in out if one.outcome == "answered"]
    if any(one.initiated_by == "destination" for one in good):
        return VlanVerdict.EXPOSED
    if any(group_of(one.purpose) != "infrastructure" for one in good):
        return VlanVerdict.TALKS_OUTSIDE
    if good:
        return VlanVerdict.INFRASTRUCTURE_ONLY
    return VlanVerdict.STOPPED if out else VlanVerdict.CLOSED


def purposes(out: list[Sum]) -> list[PurposeSum]:
    """Return purposes outside the site, most bytes first."""
    made = [
        PurposeSum(
            purpose=purpose, group=group_of(purpose), answered=answered(sums),
            cameras=cameras(sums), last=last(sums), **amounts(sums),
        )
        for purpose, sums in groups(out, lambda one: one.purpose).items()
    ]  # fmt: skip
    return sorted(made, key=lambda one: (-one.bytes_out - one.bytes_in, one.purpose))


def talkers(out: list[Sum], name: Callable[[list[str]], dict[str, CameraName]]) -> list[Talker]:
    """Return the cameras that sent most outside; `name` tells who they are."""
    by_camera = groups(out, lambda one: one.camera_ip)
    top = sorted(by_camera, key=lambda ip: (-sum(o.out_bytes for o in by_camera[ip]), ip))[:TOP]
    names = name(top)
    return [
        Talker(
            camera=names[ip],
            purposes=most(by_camera[ip], lambda one: one.purpose),
            operator_countries=most(by_camera[ip], lambda one: one.operator_country),
            last=last(by_camera[ip]),
            **amounts(by_camera[ip]),
        )
        for ip in top
    ]


def countries(out: list[Sum]) -> list[Country]:
    """Return pairs of countries, most bytes first."""
    made = [
        Country(
            country=country or None, operator_country=home or None, answered=answered(sums),
            cameras=cameras(sums), operators=most(sums, lambda one: one.operator, 5),
            purposes=most(sums, lambda one: one.purpose), **amounts(sums),
        )
        for (country, home), sums in groups(
            out, lambda one: (one.country, one.operator_country)
        ).items()
    ]  # fmt: skip
    return sorted(made, key=lambda one: _most_bytes(one, one.country))


def operators(out: list[Sum]) -> list[Operator]:
    """Return operators, most bytes first; all that are not known are one."""
    made = [
        Operator(
            operator=name or None, operator_country=home or None,
            countries=most(sums, lambda one: one.country),
            purposes=most(sums, lambda one: one.purpose),
            answered=answered(sums), cameras=cameras(sums), last=last(sums), **amounts(sums),
        )
        for (name, home), sums in groups(
            out, lambda one: (one.operator, one.operator_country)
        ).items()
    ]  # fmt: skip
    return sorted(made, key=lambda one: _most_bytes(one, one.operator))


def _most_bytes(one: Country | Operator, name: str | None) -> tuple[int, str, str]:
    """Return what puts most bytes first, and equal ones by name."""
    return (-one.bytes_out - one.bytes_in, name or "", one.operator_country or "")
