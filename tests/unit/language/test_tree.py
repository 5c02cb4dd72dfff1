from monitor.language import All, AnyOf, parse
from monitor.language.tree import all_of, leaves

A, B, C = parse("port = 1"), parse("port = 2"), parse("port = 3")


def test_joined_conditions_are_laid_flat_and_one_alone_stays_itself() -> None:
    assert all_of([A]) is A
    assert all_of([all_of([A, B]), C]) == All((A, B, C))
    assert parse("(port = 1 or port = 2) or port = 3") == AnyOf((A, B, C))


def test_leaves_come_from_left_to_right() -> None:
    tree = parse("not (port = 1 or vlan = 2) and purpose in (dns)")
    assert [leaf.field.name for leaf in leaves(tree)] == ["port", "vlan", "purpose"]
