"""Short ways to write catalogue entries and flows."""

from typing import Any

from monitor.classify.entry import Entry, EntryReader, Fault
from monitor.classify.index import Catalog

CONDITIONS = {
    *("name", "word", "service", "fact", "address", "transport", "port", "scope"),
    *("initiated_by", "silent"),
}


def entry(ident: str, **keys: Any) -> Entry:
    """Return an entry; keys that are conditions go into its match."""
    match = {key: keys.pop(key) for key in list(keys) if key in CONDITIONS}
    row = {
        "id": ident,
        "match": match,
        "purpose": "cloud-api",
        "confidence": "high",
        "about": "made up",
        "source": "made up",
        **keys,
    }
    faults: list[Fault] = []
    document = {"maker": "Acme", "seen": "2026-11-01", "entries": [row]}
    entries = EntryReader("acme.yaml", faults).read(document)
    assert not faults, faults
    return entries[0]


def catalog(*entries: Entry) -> Catalog:
    """Return a catalogue of these entries alone."""
    return Catalog(entries)
