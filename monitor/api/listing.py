"""A list as a page of JSON, or whole as CSV or JSON lines, a page at a time."""

import csv
import io
import json
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any, Final, Generic, NamedTuple, TypeVar

import orjson
from pydantic import BaseModel, Field
from sqlalchemy import Connection
from starlette.responses import Response, StreamingResponse

from monitor.api.context import Context
from monitor.api.params import Format, Paging
from monitor.api.shapes.common import Moment

T = TypeVar("T", bound=BaseModel)

EXPORT_PAGE: Final = 1000
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", *"\uff1d\uff0b\uff0d\uff20")
"""Beginnings of text that a spreadsheet would run as a formula, of full width too (OWASP, CSV injection)."""

JSONL: Final = "application/x-ndjson"
CSV: Final = "text/csv"


class Page(BaseModel, Generic[T]):
    """One page of a list."""

    items: list[T]
    next: str | None = Field(description="Cursor of the next page; null: this is the last")


class Searched(Page[T], Generic[T]):
    """One page of a list that may have to be searched for."""

    looked_to: Moment | None = Field(
        description="Where the search ended before the page was full: it looked so far, and goes on at "
        "`next`. Null: it did not"
    )


class Part(NamedTuple):
    """Items of a page, and the cursor of the next."""

    items: Sequence[BaseModel | dict[str, Any]]
    """Shapes, or their members, which are not checked again."""

    next: str | None
    more: Mapping[str, Any] = {}
    """Other members of the page."""


Fetch = Callable[[Connection, str | None, int], Part]
"""Returns the items after a cursor, at most so many."""


def answer(
    context: Context,
    paging: Paging,
    name: str,
    model: type[T],
    fetch: Fetch,
    asked: Hashable = None,
) -> Response:
    """Return the answer of a list in the form that was asked for.

    An export holds no connection between its pages, so a slow reader stops nobody. Where it ends
    early because of ``api.export_rows``, its last line says so and names the cursor to go on from.

    Args:
        context: The parts that requests use.
        paging: The page, and its form.
        name: Of the list.
        model: Of its items.
        fetch: Gets the items.
        asked: All else that the page depends on, where it is the same for everybody: then who asks
            the same within ``api.keep_s`` gets the same page. None: each page is made anew.
    """
    if paging.format is Format.JSON:

        def make() -> bytes:
            with context.reader.connect() as connection:
                part = fetch(connection, paging.cursor, paging.limit)
            page = {"items": [_members(item) for item in part.items], "next": part.next}
            page |= part.more
            return orjson.dumps(page)

        made = make() if asked is None else context.pages.get((name, asked, paging), make)
        return Response(made, media_type="application/json")
    # The first page is read before the answer begins, so that what is wrong is still a problem.
    with context.reader.connect() as connection:
        first = fetch(connection, paging.cursor, min(EXPORT_PAGE, context.settings.api.export_rows))
    parts = _parts(context, first, fetch)
    is_csv = paging.format is Format.CSV
    lines = _csv(parts, columns_of(model)) if is_csv else _jsonl(parts)
    media = f"{CSV}; charset=utf-8" if is_csv else JSONL
    file = f'attachment; filename="camwatch-{name}.{paging.format}"'
    return StreamingResponse(lines, media_type=media, headers={"Content-Disposition": file})


def columns_of(model: type[BaseModel]) -> list[str]:
    """Return the columns of a model in CSV: its members, and those of its objects with a dot."""
    names = []
    for name, field in model.model_fields.items():
        shown = field.serialization_alias or field.alias or name
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            names += [f"{shown}.{below}" for below in columns_of(inner)]
        else:
            names.append(shown)
    return names


def cell(value: Any) -> str:
    """Return a value as a cell that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        text = "; ".join(value)
    elif isinstance(value, list | dict):
        text = json.dumps(value, ensure_ascii=False)
    else:
        text = str(value)
    return "'" + text if text.startswith(FORMULA) else text


def _members(item: BaseModel | dict[str, Any]) -> dict[str, Any]:
    return item if isinstance(item, dict) else item.model_dump(mode="json", by_alias=True)


def _parts(context: Context, first: Part, fetch: Fetch) -> Iterator[Part]:
    left = context.settings.api.export_rows - len(first.items)
    part = first
    yield part
    while part.next is not None and left > 0:
        with context.reader.connect() as connection:
            part = fetch(connection, part.next, min(EXPORT_PAGE, left))
        left -= len(part.items)
        yield part


def _jsonl(parts: Iterator[Part]) -> Iterator[bytes]:
    part = None
    for part in parts:
        yield b"".join(
            orjson.dumps(_members(item), option=orjson.OPT_APPEND_NEWLINE) for item in part.items
        )
    if part is not None and part.next is not None:
        yield orjson.dumps({"next": part.next}, option=orjson.OPT_APPEND_NEWLINE)


def _csv(parts: Iterator[Part], columns: list[str]) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(columns)
    part = None
    for part in parts:
        for item in part.items:
            told = _members(item)
            writer.writerow([cell(_at(told, column)) for column in columns])
        yield buffer.getvalue().encode()
        buffer.seek(0)
        buffer.truncate()
    if part is not None and part.next is not None:
        writer.writerow(["next", part.next])
        yield buffer.getvalue().encode()


def _at(told: Any, column: str) -> Any:
    for name in column.split("."):
        told = told.get(name) if isinstance(told, dict) else None
    return told


def documented(model: type[BaseModel], page: type[Page[Any]] = Page) -> dict[str, Any]:
    """Return what the document says of a list: its page, and its exports."""
    text = {"schema": {"type": "string"}}
    return {
        "response_model": page[model],  # type: ignore[index]  # it is generic
        "responses": {200: {"content": {CSV: text, JSONL: text}}},
    }
