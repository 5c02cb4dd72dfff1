import dataclasses

from monitor.dissect.base import TCP, UDP, Dissector, FactKind
from monitor.dissect.document import render


def dissector(service: str, *facts: FactKind) -> Dissector:
    return Dissector(
        service=service,
        title="A title",
        transports=frozenset((TCP, UDP)),
        first_bytes=frozenset(b"a"),
        dissect=lambda _: None,
        ports=frozenset((99, 7)),
        how="a | b",
        facts=facts,
        source="RFC 1",
    )


def test_a_row_tells_how_it_is_recognised() -> None:
    page = render([dissector("one")])
    assert ("| `one` | A title | TCP and UDP (asked first on 7, 99) | a \\| b | RFC 1 |\n") in page


def test_a_fact_that_several_give_stands_once() -> None:
    fact = FactKind("x.name", "A name")
    page = render([dissector("two", fact), dissector("one", fact)])
    assert page.count("`x.name`") == 1
    assert "| `x.name` | one, two | A name |\n" in page


def test_weirds_have_a_table_of_their_own() -> None:
    odd = dataclasses.replace(dissector("one"), weirds=(FactKind("one_odd", "Odd"),))
    assert "| `one_odd` | one | Odd |\n" in render([odd]).split("## Weirds")[1]


def test_the_page_does_not_depend_on_the_order_of_modules() -> None:
    one, two = dissector("one"), dissector("two")
    assert render([one, two]) == render([two, one])
