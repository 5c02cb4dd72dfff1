"""The catalogue, its page and the dissectors speak the same words."""

from monitor.classify.load import load_catalog
from monitor.classify.page import catalog_page
from monitor.dissect.registry import shipped
from tests.support.shared import ROOT


def test_the_page_is_made_of_the_catalogue_as_it_is() -> None:
    page = ROOT.joinpath("docs", "catalog.md").read_text(encoding="utf-8")
    assert page == catalog_page(load_catalog()), "run python -m monitor.classify.build"


def test_every_service_that_the_catalogue_names_has_a_dissector() -> None:
    known = {dissector.service for dissector in shipped()} | {
        "mdns",
        "llmnr",
    }  # of the dns dissector
    named = {
        service for entry in load_catalog().entries.values() for service in entry.match.service
    }
    assert named - known == set()


def test_every_fact_that_the_catalogue_asks_for_is_given_by_a_dissector() -> None:
    known = {fact.kind for dissector in shipped() for fact in dissector.facts}
    asked = {kind for entry in load_catalog().entries.values() for kind, _ in entry.match.fact}
    assert asked - known == set()


def test_every_protocol_that_is_recognised_has_an_entry_unless_it_only_carries() -> None:
    recognised = {dissector.service for dissector in shipped()} - {"http", "http2", "tls", "quic"}
    entries = load_catalog().entries.values()
    named = {service for entry in entries for service in entry.match.service}
    named |= {kind.partition(".")[0] for entry in entries for kind, _ in entry.match.fact}
    assert recognised - named == set()
