import base64
import json
from typing import Any

import pytest
from sqlalchemy import BigInteger, Column, MetaData, String, Table, create_engine, insert, select

from monitor.store.reading.paging import (
    BadCursorError,
    Sort,
    after_row,
    cut,
    decode,
    encode,
    row_cursor,
)

THINGS = Table(
    "things",
    MetaData(),
    Column("size", BigInteger),
    Column("name", String(10)),
)
UP = Sort("size", (THINGS.c.size, THINGS.c.name))
DOWN = Sort("-size", (THINGS.c.size, THINGS.c.name), is_descending=True)


def _cursor(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize("sort", [UP, DOWN])
@pytest.mark.parametrize("limit", [1, 3, 7, 100])
def test_pages_have_every_row_once_in_order(sort: Sort, limit: int) -> None:
    engine = create_engine("sqlite://")
    rows = [{"size": number % 5 - 2, "name": f"n{number}"} for number in range(23)]
    with engine.connect() as connection:
        THINGS.create(connection)
        connection.execute(insert(THINGS), rows)
        found: list[tuple[int, str]] = []
        after = None
        while True:
            page = cut(connection, select(THINGS), sort, after, limit)
            found += [(row["size"], row["name"]) for row in page.rows]
            if page.next is None:
                break
            after = page.next
    engine.dispose()
    expected = sorted((row["size"], row["name"]) for row in rows)
    assert found == (expected[::-1] if sort.is_descending else expected)


@pytest.mark.parametrize("values", [[-(1 << 63), "x"], [(1 << 63) - 1, ""], [0, "é\n'"]])
def test_a_cursor_comes_back_as_it_was(values: list[Any]) -> None:
    assert decode(encode("size", values), UP) == values


@pytest.mark.parametrize(
    "cursor",
    [
        "", "!", "AAAA", "é", "A" * 3000, _cursor("size"), _cursor([]), _cursor(["-size", 1, "a"]),
        _cursor(["size", 1]), _cursor(["size", "1", "a"]), _cursor(["size", 1, 2]),
        _cursor(["size", 1.5, "a"]), _cursor(["size", True, "a"]), _cursor(["size", 1 << 63, "a"]),
        _cursor(["size", 1, "a\0"]), _cursor(["size", None, "a"]), _cursor({"size": 1}),
    ],
)  # fmt: skip
def test_a_cursor_that_no_list_gave_is_refused(cursor: str) -> None:
    with pytest.raises(BadCursorError):
        decode(cursor, UP)


def test_lists_that_are_worked_out_page_by_number() -> None:
    assert after_row(None, "operators") == 0
    assert after_row(row_cursor("operators", 100), "operators") == 100
    with pytest.raises(BadCursorError):
        after_row(row_cursor("catalog", 100), "operators")
