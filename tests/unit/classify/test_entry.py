from typing import Any

import pytest

from monitor.classify.entry import Entry, EntryReader, Fault
from monitor.model.words import Confidence, Purpose

GOOD: dict[str, Any] = {
    "id": "acme/api.acme.example",
    "match": {"name": "api.acme.example"},
    "purpose": "cloud-api",
    "confidence": "high",
    "about": "device API",
    "source": "vendor guide 2024",
}


def read(**changes: object) -> tuple[list[Entry], list[str]]:
    row = {key: value for key, value in {**GOOD, **changes}.items() if value is not None}
    faults: list[Fault] = []
    document = {"maker": "Acme", "seen": "2026-11-01", "entries": [row]}
    entries = EntryReader("acme.yaml", faults).read(document)
    return entries, [str(fault) for fault in faults]


def test_a_sound_entry_takes_maker_and_day_from_its_file() -> None:
    entries, faults = read()
    assert faults == []
    (entry,) = entries
    assert (entry.maker, entry.seen, entry.file) == ("Acme", "2026-11-01", "acme.yaml")
    assert (entry.purpose, entry.confidence) == (Purpose.CLOUD_API, Confidence.HIGH)


def test_a_source_that_is_a_key_of_the_file_is_written_out() -> None:
    faults: list[Fault] = []
    document = {
        "maker": "Acme",
        "seen": "2026-11-01",
        "sources": {"guide": "vendor guide, page 3"},
        "entries": [{**GOOD, "source": ["guide", "RFC 5905"]}],
    }
    (entry,) = EntryReader("acme.yaml", faults).read(document)
    assert entry.source == ("vendor guide, page 3", "RFC 5905")
    assert faults == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"id": "no slash"}, "is not of the form maker/what"),
        ({"match": None}, "`match` is missing"),
        ({"match": {"transport": "tcp"}}, "matches every flow"),
        ({"match": {"port": 443}}, "a port without its transport"),
        ({"match": {"port": 70000, "transport": "tcp"}}, "port `70000` does not exist"),
        ({"match": {"port": "9-3", "transport": "tcp"}}, "port `9-3` does not exist"),
        ({"match": {"name": "API.Acme.example"}}, "name `API.Acme.example` cannot be read"),
        ({"match": {"nmae": "api.acme.example"}}, "unknown key `nmae`"),
        ({"match": {"address": "10.0.0.300"}}, "address `10.0.0.300` is none"),
        ({"match": {"fact": {"http.path": ""}}}, "has an empty test"),
        ({"match": {"word": "two words"}}, "word `two words` cannot be read"),
        ({"purpose": "telemetry"}, "`telemetry` is not one of its words"),
        ({"confidence": "none"}, "confidence `none` says nothing"),
        ({"also": "cloud-api"}, "`also` repeats the purpose"),
        ({"about": ""}, "`about` is missing"),
        ({"source": None}, "has no source"),
        ({"side": "server"}, "side `server` is not known"),
        ({"seen": "last week"}, "seen `last week` is not a day"),
        ({"usual": "tcp 443"}, "usual `tcp 443` cannot be read"),
        ({"examples": [{"name": "x"}]}, "an example has no `want`"),
        ({"colour": "red"}, "unknown key `colour`"),
    ],
)
def test_each_fault_is_one_line_with_file_entry_what_and_what_to_do(
    changes: dict[str, object], said: str
) -> None:
    entries, faults = read(**changes)
    assert entries == []
    (line,) = [fault for fault in faults if said in fault]
    assert line.startswith("acme.yaml: ")
    assert "; " in line
    assert "\n" not in line


def test_every_fault_of_a_file_is_told_at_once() -> None:
    _, faults = read(purpose="telemetry", about="", colour="red")
    assert len(faults) == 3


def test_a_source_that_no_entry_uses_is_a_fault() -> None:
    faults: list[Fault] = []
    document = {"maker": "A", "seen": "2026-11-01", "sources": {"idle": "x"}, "entries": [GOOD]}
    EntryReader("acme.yaml", faults).read(document)
    assert ["source `idle` is used by no entry" in str(fault) for fault in faults] == [True]


@pytest.mark.parametrize("document", [None, [], "text", {"maker": "A"}, {"entries": [3]}])
def test_a_document_of_another_shape_is_a_fault_not_an_exception(document: object) -> None:
    faults: list[Fault] = []
    assert EntryReader("odd.yaml", faults).read(document) == []
    assert faults
