"""Writes a tree as text: reading it gives the same tree."""

from monitor.language.tree import All, AnyOf, Expression, Not, OneOf
from monitor.language.values import write_value


def write(tree: Expression) -> str:
    """Return the text of a condition, with as few parentheses as it needs."""
    if isinstance(tree, AnyOf):
        return " or ".join(write(part) for part in tree.parts)
    if isinstance(tree, All):
        return " and ".join(_inside(part, AnyOf) for part in tree.parts)
    if isinstance(tree, Not):
        if isinstance(tree.part, OneOf):
            return write(tree.part).replace(" in (", " not in (", 1)
        return f"not {_inside(tree.part, (AnyOf, All))}"
    if isinstance(tree, OneOf):
        values = ", ".join(write_value(tree.field, value) for value in tree.values)
        return f"{tree.field.name} in ({values})"
    return f"{tree.field.name} {tree.op} {write_value(tree.field, tree.value)}"


def _inside(part: Expression, loose: type | tuple[type, ...]) -> str:
    return f"({write(part)})" if isinstance(part, loose) else write(part)
