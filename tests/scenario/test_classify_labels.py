"""Purposes of recorded camera captures, against labels that a careful reader gave their flows.

A label covers the flows that one address opened to another on some ports, and may allow several
purposes; the commonest answer for its flows counts. What the labels call a connectivity test, and
file under diagnostics for want of a better word, is right as connectivity-check.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from monitor import config, pipeline
from monitor.capture import open_capture
from monitor.model.words import Purpose
from tests.support.shared import shared_path

pytestmark = pytest.mark.slow

PRECISE = (
    Purpose.DIAGNOSTICS,
    Purpose.UPDATE_CHECK,
    Purpose.FIRMWARE_DOWNLOAD,
    Purpose.P2P_RENDEZVOUS,
    Purpose.MEDIA_RELAY,
)


class Scored(NamedTuple):
    """A label of medium confidence or better, and the answer; none where no flow was found."""

    where: str
    wanted: tuple[str, ...]
    answer: str


@pytest.fixture(scope="module")
def scored() -> list[Scored]:
    captures = yaml.safe_load(shared_path("pcaps", "labels.yaml").read_text())["captures"]
    return [row for name, capture in captures.items() for row in score(name, capture["labels"])]


def score(name: str, labels: list[dict[str, Any]]) -> Iterator[Scored]:
    answers = replayed(shared_path("pcaps", *name.split("/")))
    for label in labels:
        wanted = tuple(str(label["label"]).split("|"))
        if label["confidence"] == "low" or wanted[0] == "unknown":
            continue
        if "connectivity" in label["reason"]:
            wanted = (*wanted, str(Purpose.CONNECTIVITY_CHECK))
        flows = answers.get((label["src"], label["dst"], label["proto"]), ())
        ports = label["ports"]
        said = Counter(purpose for port, purpose in flows if ports == "any" or port in ports)
        where = f"{name}: {label['src']} to {label['dst']} {ports}"
        yield Scored(where, wanted, said.most_common(1)[0][0] if said else "")


def replayed(path: Path) -> dict[tuple[str, str, str], list[tuple[int, str]]]:
    settings = config.load(None)
    line = pipeline.Pipeline(settings, pipeline.open_stages(settings))
    found = defaultdict(list)
    with open_capture([str(path)]) as capture:
        for batch in line.run(capture):
            for record in batch.records():
                port = record.resp.port if record.protocol in ("tcp", "udp") else 0
                key = (record.orig.ip, record.resp.ip, record.protocol)
                found[key].append((port, str(record.verdict.purpose)))
    return found


def test_most_labels_are_met(scored: list[Scored]) -> None:
    wrong = [row for row in scored if row.answer not in row.wanted]
    assert len(scored) > 250
    assert 1 - len(wrong) / len(scored) >= 0.93, "\n".join(map(str, wrong))


@pytest.mark.parametrize("purpose", PRECISE)
def test_what_is_said_is_right(scored: list[Scored], purpose: Purpose) -> None:
    said = [row for row in scored if row.answer == purpose]
    wrong = [row for row in said if purpose not in row.wanted]
    assert said
    assert 1 - len(wrong) / len(said) >= 0.95, "\n".join(map(str, wrong))
