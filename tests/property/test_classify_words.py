"""What the words of a host name and its domain give for hosts that no entry knows.

The hosts of the makers are taken out of the catalogue one and all, and each is then classified by
what is left: the measure of how the classifier does on hosts that nobody has listed yet.
"""

from collections import Counter

import pytest

from monitor.classify import Classifier
from monitor.classify.entry import Entry
from monitor.classify.index import Catalog
from monitor.classify.load import load_catalog
from monitor.model.facts import NOTHING, Dissection, Fact
from monitor.model.records import FlowView
from monitor.model.words import NameSource, Protocol, Purpose

GENERAL_FILES = ("infrastructure.yaml", "protocols.yaml", "words.yaml")
TLS = Dissection("tls", (Fact("tls.version", "TLS 1.2"),))


def is_host(entry: Entry) -> bool:
    names = entry.match.name
    return len(names) == 1 and names[0][0] != "." and entry.file not in GENERAL_FILES


@pytest.fixture(scope="module")
def answers() -> list[tuple[Entry, Purpose]]:
    entries = load_catalog().entries.values()
    classifier = Classifier(Catalog(entry for entry in entries if not is_host(entry)))
    return [
        (entry, classifier.classify(view_of(entry)).purpose) for entry in entries if is_host(entry)
    ]


def view_of(entry: Entry) -> FlowView:
    is_udp = any(usual.startswith("udp") for usual in entry.usual)
    return FlowView(
        Protocol.UDP if is_udp else Protocol.TCP,
        NOTHING if is_udp else TLS,
        resp_port=4433,
        name=entry.match.name[0].replace("*", "x1"),
        name_source=NameSource.DNS,
        orig_data_pkts=5,
        resp_data_pkts=5,
        orig_payload=500,
        resp_payload=9000,
        duration_s=2.0,
    )


@pytest.mark.parametrize(
    ("purpose", "precision"),
    [
        (Purpose.DIAGNOSTICS, 0.95),
        (Purpose.UPDATE_CHECK, 0.95),
        (Purpose.P2P_RENDEZVOUS, 0.95),
        (Purpose.MEDIA_RELAY, 0.9),
        (Purpose.NTP, 0.95),
        (Purpose.PUSH, 0.85),
        (Purpose.CLOUD_STORAGE, 0.8),
        (Purpose.CLOUD_API, 0.75),
    ],
)
def test_an_answer_for_an_unlisted_host_is_right(
    answers: list[tuple[Entry, Purpose]], purpose: Purpose, precision: float
) -> None:
    said = [entry for entry, answer in answers if answer is purpose]
    right = [entry for entry in said if purpose in (entry.purpose, *entry.also)]
    assert len(said) >= 5
    assert len(right) / len(said) >= precision, [e.id for e in said if e not in right]


def test_most_unlisted_hosts_get_an_answer_and_most_answers_are_right(
    answers: list[tuple[Entry, Purpose]],
) -> None:
    count = Counter(
        "none" if answer is Purpose.UNKNOWN else answer in (entry.purpose, *entry.also)
        for entry, answer in answers
    )
    assert len(answers) > 400
    assert count["none"] / len(answers) < 0.15
    assert count[True] / len(answers) > 0.8
