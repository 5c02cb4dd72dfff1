"""Scores answers against labels: which flows were labelled what, and what was said of them."""

import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import yaml

from monitor.model.words import Purpose
from tests.support.recorded import Answer, Replayed, replay, replayed
from tests.support.shared import ROOT, shared_path

EASY = frozenset((Purpose.DNS, Purpose.NTP, Purpose.DISCOVERY))
"""What every tool tells."""

MISSED = "(missed)"


class Scored(NamedTuple):
    """One label, and the commonest answer for the flows that it covers."""

    capture: str
    flows: str
    wanted: tuple[str, ...]
    """Purposes that a careful reader would accept, the likeliest first."""

    is_check: bool
    """The reader called it a connectivity check, and filed it under diagnostics."""

    answer: str
    """A purpose, or `MISSED`."""

    @property
    def is_right(self) -> bool:
        """Tell whether the answer is one that the label allows."""
        return self.answer in self.wanted

    @property
    def truth(self) -> str:
        """The purpose under which the label counts."""
        return self.wanted[0]


class Score(NamedTuple):
    """One purpose."""

    purpose: str
    labels: int
    right: int
    said: int

    @property
    def precision(self) -> float | None:
        """Share of what was said that was right; None where it was never said."""
        return self.right / self.said if self.said else None

    @property
    def recall(self) -> float | None:
        """Share of the labels that were met; None without labels."""
        return self.right / self.labels if self.labels else None


def recorded() -> list[Scored]:
    """Return the labels of the recorded captures of medium confidence or better, scored.

    Each covers the flows that one address opened to another on some ports. Labels `unknown` are
    left out: there no answer can be told from a lucky one.
    """
    captures = yaml.safe_load(shared_path("pcaps", "labels.yaml").read_text())["captures"]
    return [
        row for name, capture in captures.items() for row in _of_capture(name, capture["labels"])
    ]


def _of_capture(name: str, labels: Iterable[Mapping[str, Any]]) -> Iterator[Scored]:
    answers = replayed(name).answers
    for label in labels:
        wanted = tuple(str(label["label"]).split("|"))
        if label["confidence"] == "low" or wanted[0] == Purpose.UNKNOWN:
            continue
        ports = label["ports"]
        covered = [
            answer.purpose
            for answer in answers.get((label["src"], label["dst"], label["proto"]), ())
            if ports == "any" or answer.port in ports
        ]
        flows = f"{label['src']} to {label['dst']} {label['proto']} {ports}"
        is_check = "connectivity" in label["reason"]
        yield Scored(name, flows, wanted, is_check, _commonest(covered))


def samples() -> list[Scored]:
    """Return what the scenarios of the project's own samples expect of flows by name or address."""
    found = []
    for path in sorted((ROOT / "pcaps").glob("*/scenario.toml")):
        scenario = tomllib.loads(path.read_text(encoding="utf-8"))
        done: Replayed | None = None
        for item in scenario.get("flows", ()):
            wanted = item.get("expect", {}).get("purpose", "")
            where = _plain(item["where"])
            if not wanted or not _is_label(where):
                continue
            done = done or replay(path.with_name("input.pcap"))
            purposes = [answer.purpose for answer in _covered(done, where)]
            flows = ", ".join(f"{key} {value}" for key, value in where.items())
            name = path.parent.name
            found.append(Scored(name, flows, tuple(wanted.split("|")), False, _commonest(purposes)))
    return found


def _plain(where: Mapping[str, Any], at: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in where.items():
        flat |= _plain(value, f"{at}{key}.") if isinstance(value, Mapping) else {at + key: value}
    return flat


def _is_label(where: Mapping[str, Any]) -> bool:
    known = {"camera.ip", "destination.name", "destination.ip", "destination.port", "protocol"}
    return set(where) <= known and not where.keys().isdisjoint(
        ("destination.name", "destination.ip")
    )


def _covered(done: Replayed, where: Mapping[str, Any]) -> Iterator[Answer]:
    for (orig, resp, protocol), answers in done.answers.items():
        for answer in answers:
            seen = {
                "camera.ip": answer.camera,
                "destination.name": answer.name,
                "destination.ip": resp if answer.camera == orig else orig,
                "destination.port": answer.port,
                "protocol": protocol,
            }
            if all(str(seen[key]) in str(value).split("|") for key, value in where.items()):
                yield answer


def _commonest(purposes: Sequence[str]) -> str:
    return Counter(purposes).most_common(1)[0][0] if purposes else MISSED


def scores(rows: Iterable[Scored]) -> list[Score]:
    """Return a line for each purpose that was wanted or said."""
    labels, right, said = Counter[str](), Counter[str](), Counter[str]()
    for row in rows:
        labels[row.truth] += 1
        right[row.truth] += row.is_right
        # A right answer counts for the purpose of its label, of which it is another name.
        said[row.truth if row.is_right else row.answer] += row.answer != MISSED
    order = [str(purpose) for purpose in Purpose]
    return [
        Score(purpose, labels[purpose], right[purpose], said[purpose])
        for purpose in order
        if labels[purpose] or said[purpose]
    ]


def accuracy(rows: Sequence[Scored]) -> float:
    """Return the share of labels that were met."""
    return sum(row.is_right for row in rows) / len(rows)


def checks_accepted(rows: Iterable[Scored]) -> list[Scored]:
    """Return the rows with connectivity-check allowed where the reader had no such word."""
    return [
        row._replace(wanted=(Purpose.CONNECTIVITY_CHECK, *row.wanted)) if row.is_check else row
        for row in rows
    ]
