"""The tree of a condition: frozen, comparable, without what it is evaluated over."""

import dataclasses
from collections.abc import Iterator
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from typing import TypeAlias

from monitor.language.fields import Field

Network: TypeAlias = IPv4Network | IPv6Network
Value: TypeAlias = str | int | bool | IPv4Network | IPv6Network | None
"""Text and words: str. Numbers and times: int in the base unit. Addresses: a network (one address: a
network of that one). Flags: bool. None: unknown, or absent."""


class Op(StrEnum):
    """How a field is compared with a value.

    ``!=`` and ``!~`` hold exactly where ``=`` and ``~`` do not, so they hold for what is unknown.
    """

    EQ = "="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="
    LIKE = "~"
    UNLIKE = "!~"


@dataclasses.dataclass(frozen=True, slots=True)
class Compare:
    """A field against one value. Text is compared without regard to case."""

    field: Field
    op: Op
    value: Value


@dataclasses.dataclass(frozen=True, slots=True)
class OneOf:
    """``field in (a, b)``: whether ``=`` holds for any of the values."""

    field: Field
    values: tuple[Value, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Not:
    """Holds where the part does not."""

    part: "Expression"


@dataclasses.dataclass(frozen=True, slots=True)
class All:
    """Holds where every part does; two parts at least, none of them an `All`."""

    parts: tuple["Expression", ...]


@dataclasses.dataclass(frozen=True, slots=True)
class AnyOf:
    """Holds where any part does; two parts at least, none of them an `AnyOf`."""

    parts: tuple["Expression", ...]


Expression: TypeAlias = Compare | OneOf | Not | All | AnyOf


def all_of(parts: list[Expression]) -> Expression:
    """Join with ``and``: one part stays itself, nested ones are laid flat."""
    flat = [p for part in parts for p in (part.parts if isinstance(part, All) else (part,))]
    return flat[0] if len(flat) == 1 else All(tuple(flat))


def any_of(parts: list[Expression]) -> Expression:
    """Join with ``or``: one part stays itself, nested ones are laid flat."""
    flat = [p for part in parts for p in (part.parts if isinstance(part, AnyOf) else (part,))]
    return flat[0] if len(flat) == 1 else AnyOf(tuple(flat))


def leaves(tree: Expression) -> Iterator[Compare | OneOf]:
    """Yield the comparisons of a tree, left to right."""
    if isinstance(tree, Not):
        yield from leaves(tree.part)
    elif isinstance(tree, All | AnyOf):
        for part in tree.parts:
            yield from leaves(part)
    else:
        yield tree
