from monitor.classify.page import catalog_page
from tests.support.catalog import catalog, entry


def test_the_page_has_a_row_for_each_entry_under_its_maker() -> None:
    page = catalog_page(catalog(entry("t/a", name="*.x.example", about="a | b", also=["push"])))
    lines = page.splitlines()
    assert "## Acme" in lines
    assert lines[-2] == (r"| \*.x.example | cloud-api (also push) | high | a \| b | made up |")
