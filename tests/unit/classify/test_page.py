from monitor.classify.behaviour import RULES
from monitor.classify.page import catalog_page
from tests.support.catalog import catalog, entry


def test_the_page_has_a_row_for_each_entry_under_its_maker() -> None:
    page = catalog_page(catalog(entry("t/a", name="*.x.example", about="a | b", also=["push"])))
    lines = page.splitlines()
    assert "## Acme" in lines
    assert lines[-2] == (r"| \*.x.example | cloud-api (also push) | high | a \| b | made up |")


def test_the_page_tells_the_weights_and_every_rule_of_behaviour() -> None:
    page = catalog_page(catalog())
    assert "| exact name | 0.88 |" in page
    assert "high from 0.8, medium from 0.5, low from 0.25, else unknown" in page
    for rule in RULES:
        assert f"- `{rule.id}` (of " in page
