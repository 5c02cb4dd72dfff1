"""Keyset paging: a page begins after the last row of the one before, not after a number of rows.

So a page costs the same wherever it is, and rows that come in meanwhile neither repeat nor hide
others.
"""

import base64
import binascii
from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import ColumnElement, Connection, RowMapping, Select, tuple_
from sqlalchemy.sql import literal

MOST = 1 << 63
MAX_CURSOR = 2048


class BadCursorError(ValueError):
    """The cursor is not one that this list gave."""


class Sort(NamedTuple):
    """An order of rows that no two share a place in."""

    name: str
    """As the caller wrote it; a cursor of another order is refused."""

    keys: tuple[ColumnElement[Any], ...]
    """What is sorted by, and then what tells equal ones apart; never NULL."""

    is_descending: bool = False

    @property
    def order(self) -> list[ColumnElement[Any]]:
        """What to order by."""
        return [key.desc() if self.is_descending else key.asc() for key in self.keys]


class Cut(NamedTuple):
    """One page of rows."""

    rows: Sequence[RowMapping]
    next: str | None
    """Cursor of the page after it; None: there is none."""


def cut(
    connection: Connection, query: Select[Any], sort: Sort, after: str | None, limit: int
) -> Cut:
    """Return a page.

    Args:
        connection: Of a `Reader`.
        query: What to select, not sorted; may have conditions and groups of its own, where the
            keys are columns that stand below the groups.
        sort: The order.
        after: Cursor of the page, as `Cut.next` gave it; None for the first page.
        limit: Most rows.

    Raises:
        BadCursorError: The cursor is of another list or order, or damaged.
    """
    labels = [f"key_{at}" for at in range(len(sort.keys))]
    query = query.add_columns(
        *(key.label(label) for key, label in zip(sort.keys, labels, strict=True))
    )
    query = query.where(*bounds(sort, after))
    found = connection.execute(query.order_by(*sort.order).limit(limit + 1)).mappings().all()
    if len(found) <= limit:
        return Cut(found, None)
    rows = found[:limit]
    return Cut(rows, encode(sort.name, [rows[-1][label] for label in labels]))


def bounds(sort: Sort, after: str | None) -> list[ColumnElement[bool]]:
    """Return the conditions of the rows that come after a cursor; none without one.

    The first of them is for the index: databases find the place where a page begins by the key
    that is sorted by, and not always by a comparison of all keys together.

    Raises:
        BadCursorError: The cursor is of another list or order, or damaged.
    """
    if after is None:
        return []
    values = [
        literal(value, type_=key.type)
        for value, key in zip(decode(after, sort), sort.keys, strict=True)
    ]
    keys, last = tuple_(*sort.keys), tuple_(*values)
    if sort.is_descending:
        return [sort.keys[0] <= values[0], keys < last]
    return [sort.keys[0] >= values[0], keys > last]


def encode(name: str, values: Sequence[Any]) -> str:
    """Return a cursor."""
    told = orjson.dumps([name, *(int(v) if not isinstance(v, str) else v for v in values)])
    return base64.urlsafe_b64encode(told).decode().rstrip("=")


def decode(cursor: str, sort: Sort) -> list[Any]:
    """Return the values of a cursor.

    Raises:
        BadCursorError: It is of another list or order, or damaged.
    """
    try:
        if len(cursor) > MAX_CURSOR:
            raise BadCursorError("it is too long")
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        told = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error) as error:
        raise BadCursorError("cursor: it is damaged; take it from 'next' as it is") from error
    if not isinstance(told, list) or not told or told[0] != sort.name:
        raise BadCursorError("cursor: it is of another list or order; begin without one")
    values = told[1:]
    kinds = [key.type.python_type for key in sort.keys]
    if len(values) != len(kinds) or not all(map(_fits, values, kinds)):
        raise BadCursorError("cursor: it is damaged; take it from 'next' as it is")
    return values


def _fits(value: Any, kind: type) -> bool:
    if kind is str:
        return isinstance(value, str) and "\0" not in value
    return isinstance(value, int) and not isinstance(value, bool) and -MOST <= value < MOST


def row_cursor(name: str, begin: int) -> str:
    """Return the cursor of a list that is worked out anew for each page: the number of a row."""
    return encode(name, [begin])


def after_row(cursor: str | None, name: str) -> int:
    """Return the row that a page of such a list begins with.

    Raises:
        BadCursorError: The cursor is of another list, or damaged.
    """
    if cursor is None:
        return 0
    begin = decode(cursor, Sort(name, (literal(0),)))[0]
    return max(0, int(begin))
