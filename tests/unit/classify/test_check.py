import pytest

from monitor.classify.check import example_view, lint, run_examples
from monitor.classify.load import load_catalog
from monitor.model.words import Protocol, Scope
from tests.support.catalog import catalog, entry


def test_the_shipped_catalogue_is_clean() -> None:
    assert [str(fault) for fault in lint(load_catalog())] == []


def test_the_examples_of_the_shipped_catalogue_hold() -> None:
    count, faults = run_examples(load_catalog())
    assert [str(fault) for fault in faults] == []
    assert count >= 60


def test_twins_are_found() -> None:
    twins = catalog(entry("t/a", name="x.example"), entry("t/b", name="x.example"))
    assert "matches the same as t/a" in {fault.what for fault in lint(twins)}


def test_a_name_that_says_what_a_wider_pattern_says_is_found() -> None:
    idle = catalog(entry("t/wide", name="api*.x.example"), entry("t/idle", name="api1.x.example"))
    (fault,) = lint(idle)
    assert (fault.entry, fault.what) == ("t/idle", "says what t/wide says already")


def test_a_name_with_more_to_say_than_its_suffix_is_not_idle() -> None:
    fine = catalog(entry("t/all", name=".x.example"), entry("t/api", name="api.x.example"))
    assert lint(fine) == []


def test_a_sure_port_and_an_entry_for_unknown_are_found() -> None:
    odd = catalog(
        entry("t/port", transport="udp", port=9999, purpose="push"),
        entry("t/none", name="y.example", purpose="unknown"),
    )
    assert {fault.what for fault in lint(odd)} == {"is sure of a bare port", "says `unknown`"}


def test_too_many_boundless_patterns_are_found() -> None:
    many = catalog(*(entry(f"t/{n}", name=f"a{n}*") for n in range(21)))
    assert any("no domain at their end" in fault.what for fault in lint(many))


def test_an_example_that_fails_is_a_fault_and_so_is_one_that_cannot_be_read() -> None:
    examples = [{"name": "x.example", "want": "push"}, {"transport": "sctp", "want": "push"}]
    count, faults = run_examples(catalog(entry("t/a", name="x.example", examples=examples)))
    assert count == 2
    assert "gives cloud-api" in faults[0].what
    assert faults[1].what == "an example cannot be read (transport `sctp` is not known)"


def test_an_example_becomes_a_flow() -> None:
    view = example_view(
        {
            "transport": "udp",
            "port": 32100,
            "service": "pppp",
            "facts": {"pppp.message": "data"},
            "scope": "site",
            "initiated_by": "destination",
            "sent": 5000,
            "received": 10,
            "want": "media-relay",
        }
    )
    assert (view.protocol, view.resp_port, view.scope) == (Protocol.UDP, 32100, Scope.SITE)
    assert (view.orig_payload, view.resp_payload) == (10, 5000)
    assert view.dissection.first("pppp.message") == "data"
    with pytest.raises(ValueError, match="transport `sctp`"):
        example_view({"transport": "sctp"})
