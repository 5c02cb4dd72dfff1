"""The catalogue holds what the collected facts say of names, and nothing that they reject."""

import re
from typing import Any

import pytest
import yaml

from monitor.classify.load import load_catalog
from monitor.data import data_path
from monitor.data.restrictions import load_restrictions
from monitor.dissect.registry import shipped
from tests.support.kb_places import ELSEWHERE, places
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


def usable(facts: list[dict[str, Any]], *kinds: str) -> list[dict[str, Any]]:
    return [fact for fact in facts if fact["kind"] in kinds and fact["confidence"] in USABLE]


def test_every_kind_of_fact_has_its_place(facts: list[dict[str, Any]]) -> None:
    here = {"domain", "ntp", "dns", "port", "wire", "http", "user_agent", "discovery", "behaviour"}
    assert {fact["kind"] for fact in facts} == here | ELSEWHERE.keys()


def test_every_usable_fact_of_the_wire_is_recognised_or_left_out_with_a_reason(
    facts: list[dict[str, Any]],
) -> None:
    table = places()
    nowhere, used = [], set()
    for fact in usable(facts, "wire", "http", "user_agent", "discovery", "behaviour"):
        keys = [
            key
            for key in table
            if fact["vendor"].startswith(key[0]) and str(fact["pattern"]).startswith(key[1])
        ]
        used.update(keys)
        if not keys:
            nowhere.append((fact["vendor"], fact["pattern"]))
    assert nowhere == []
    assert table.keys() - used == set()


def test_every_place_that_is_named_exists() -> None:
    services = {dissector.service for dissector in shipped()}
    entries = load_catalog().entries
    signals = data_path("signals.yaml").read_text(encoding="utf-8")
    for place in places().values():
        kind, _, name = place.partition(":")
        if kind == "service":
            assert name in services, place
        elif kind == "entry":
            assert any(ident == name or ident.startswith(name) for ident in entries), place
        elif kind == "signal":
            assert f"fact: {name}" in signals, place
        else:
            assert kind == "not"
            assert len(name) > 20


def test_every_usable_port_is_a_hint_or_an_entry(facts: list[dict[str, Any]]) -> None:
    known = load_catalog().ports | {port for one in shipped() for port in one.ports}
    missing = [
        (fact["vendor"], number)
        for fact in usable(facts, "port")
        for number in re.findall(r"\d+", str(fact["port"]))
        if int(number) not in known
    ]
    # ONVIF's page and a debug port inside the site, where no purpose rests on a port.
    assert missing == [("Xiongmai", "8899"), ("Xiongmai", "9530")]


def test_every_usable_resolver_is_an_address_of_the_catalogue(facts: list[dict[str, Any]]) -> None:
    catalog = load_catalog()
    missing = [
        fact["pattern"]
        for fact in usable(facts, "dns")
        if not any(
            catalog.by_address(word) or catalog.by_name(word)
            for word in re.split(r"[ ,]+", fact["pattern"])
        )
    ]
    assert missing == []


def test_every_maker_that_a_list_names_is_named_by_ours(facts: list[dict[str, Any]]) -> None:
    listed = load_restrictions()
    unnamed = {
        fact["vendor"]
        for fact in usable(facts, "restricted")
        if not any(name in fact["vendor"].lower() for name in listed)
    }
    # A carrier without cameras or services of theirs, and a rule that names no maker.
    assert unnamed == {"Pacific Networks / ComNet", "FCC"}
