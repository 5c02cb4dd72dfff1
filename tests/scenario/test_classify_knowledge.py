"""The catalogue holds what the collected facts say of names, and nothing that they reject."""

from typing import Any

import pytest
import yaml

from monitor.classify.load import load_catalog
from tests.support.shared import shared_path

USABLE = ("high", "medium")


@pytest.fixture(scope="module")
def facts() -> list[dict[str, Any]]:
    text = shared_path("kb", "facts.yaml").read_bytes()
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: list[dict[str, Any]] = yaml.load(text, Loader=loader)  # noqa: S506  # both are safe
    return found


def test_every_usable_name_is_in_the_catalogue_as_it_stands(facts: list[dict[str, Any]]) -> None:
    catalog = load_catalog()
    known = {name for entry in catalog.entries.values() for name in entry.match.name}
    known |= {address for entry in catalog.entries.values() for address in entry.match.address}
    missing = [
        fact["pattern"]
        for fact in facts
        if fact["kind"] in ("domain", "ntp")
        and fact["confidence"] in USABLE
        and fact["pattern"].lower() not in known
        and not catalog.by_name(fact["pattern"].lower().strip(".").replace("*", "x"))
    ]
    assert missing == []


def test_no_rejected_name_is_in_the_catalogue(facts: list[dict[str, Any]]) -> None:
    known = {name for entry in load_catalog().entries.values() for name in entry.match.name}
    rejected = {fact["pattern"].lower() for fact in facts if fact["kind"] == "rejected"}
    assert len(rejected) == 9
    assert known & rejected == set()


def test_no_entry_of_a_maker_stands_on_an_address(facts: list[dict[str, Any]]) -> None:
    """Addresses rot; those of public services are published by their operators."""
    entries = load_catalog().entries.values()
    assert {entry.file for entry in entries if entry.match.address} == {"infrastructure.yaml"}
    rotting = {fact["pattern"] for fact in facts if fact["kind"] == "ip"}
    assert not {one for entry in entries for one in entry.match.address} & rotting
