"""Pieces of conditions: who sent how much, and what SQLite and PostgreSQL write differently."""

import ipaddress
from typing import Any

from sqlalchemy import Boolean, ColumnElement, FromClause, Integer, String, Text, case, cast, func
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement

from monitor.store.tables import FLOWS

_IS_OURS = FLOWS.c.initiated_by == "camera"
BYTES_OUT = case((_IS_OURS, FLOWS.c.orig_bytes), else_=FLOWS.c.resp_bytes)
"""Bytes of the camera, whoever spoke first."""

BYTES_IN = case((_IS_OURS, FLOWS.c.resp_bytes), else_=FLOWS.c.orig_bytes)

SQLITE_FUNCTION = "camwatch_in_network"


class InNetwork(FunctionElement[bool]):
    """Whether an address, as text, lies in a network, as text; false for what is no address."""

    type = Boolean()
    inherit_cache = True
    name = "in_network"


class ListItems(FunctionElement[Any]):
    """The items of a column that holds a list in JSON."""

    inherit_cache = True
    name = "list_items"


class Member(FunctionElement[str]):
    """A member of an item as text; empty where it is null or absent. No name: the item itself."""

    type = Text()
    inherit_cache = True
    name = "list_member"


@compiles(InNetwork, "sqlite")
def _(element: InNetwork, compiler: Any, **more: Any) -> str:
    return f"{SQLITE_FUNCTION}({compiler.process(element.clauses, **more)})"


@compiles(InNetwork, "postgresql")
def _(element: InNetwork, compiler: Any, **more: Any) -> str:
    column, network = (compiler.process(part, **more) for part in element.clauses)
    return f"(CAST(NULLIF({column}, '') AS inet) <<= CAST({network} AS inet)) IS TRUE"


@compiles(ListItems, "sqlite")
def _(element: ListItems, compiler: Any, **more: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **more)})"


@compiles(ListItems, "postgresql")
def _(element: ListItems, compiler: Any, **more: Any) -> str:
    return f"json_array_elements({compiler.process(element.clauses, **more)})"


@compiles(Member, "sqlite")
def _(element: Member, compiler: Any, **more: Any) -> str:
    item, name = (compiler.process(part, **more) for part in element.clauses)
    return f"CASE WHEN {name} = '' THEN {item} ELSE json_extract({item}, '$.' || {name}) END"


@compiles(Member, "postgresql")
def _(element: Member, compiler: Any, **more: Any) -> str:
    item, name = (compiler.process(part, **more) for part in element.clauses)
    return f"CASE WHEN {name} = '' THEN {item} #>> '{{}}' ELSE {item} ->> {name} END"


def elements(
    column: ColumnElement[Any], member: str, *, is_number: bool
) -> tuple[FromClause, ColumnElement[Any]]:
    """Return a list in JSON as a table, and the member of its items as a column of it.

    Args:
        column: Column of JSON that holds a list of objects, or of texts.
        member: Name of the member; empty where the items are texts.
        is_number: Whether the member is a number.
    """
    listed = ListItems(column).table_valued("value", name="item")
    value: ColumnElement[Any] = Member(listed.c.value, cast(member, String))
    return listed, cast(func.nullif(cast(value, Text), ""), Integer) if is_number else value


def in_network(address: str, network: str) -> bool:
    """Return what `InNetwork` means; SQLite calls it."""
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network)
    except ValueError:
        return False
