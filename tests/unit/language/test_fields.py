import pytest

from monitor.language import FIELDS, Where, parse
from monitor.language.fields import Field


@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS.keys())
def test_the_example_of_a_field_is_understood_wherever_it_applies(field: Field) -> None:
    assert field.where
    for where in field.where:
        parse(field.example, where)


def test_a_word_with_an_order_has_the_order_of_its_meaning() -> None:
    assert FIELDS["confidence"].words == ("none", "low", "medium", "high")
    assert FIELDS["severity"].words == ("info", "low", "medium", "high", "critical")


def test_what_is_asked_of_every_thing_is_the_camera() -> None:
    everywhere = {name for name, field in FIELDS.items() if field.where == frozenset(Where)}
    assert everywhere == {"camera", "camera_name", "mac", "maker", "brand", "vlan"}
