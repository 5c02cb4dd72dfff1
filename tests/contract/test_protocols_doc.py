"""docs/protocols.md against the dissectors; that page is written by ``python docs/generate.py``."""

from monitor.dissect.document import render
from monitor.dissect.registry import shipped
from tests.support.shared import ROOT


def test_the_page_of_protocols_says_what_the_dissectors_say() -> None:
    page = (ROOT / "docs" / "protocols.md").read_text(encoding="utf-8")
    assert page == render(shipped()), "run: .venv/bin/python docs/generate.py"


def test_no_two_dissectors_of_a_service_have_the_same_title() -> None:
    named = [(d.service, d.title) for d in shipped()]
    assert len(named) == len(set(named))


def test_a_fact_means_the_same_whoever_gives_it() -> None:
    meanings: dict[str, set[str]] = {}
    for dissector in shipped():
        for fact in dissector.facts:
            meanings.setdefault(fact.kind, set()).add(fact.text)
    # What a credential is differs from protocol to protocol.
    del meanings["credential"]
    assert {kind: texts for kind, texts in meanings.items() if len(texts) > 1} == {}
