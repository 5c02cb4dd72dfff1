from monitor.language import FIELDS
from monitor.language.page import filters_page


def test_the_page_names_every_field_once_in_the_table() -> None:
    page = filters_page()
    assert [line.split("`")[1] for line in page.splitlines() if line.startswith("| `")][4:] == list(
        FIELDS
    )
