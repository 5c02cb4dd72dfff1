"""Parameters that many routes take."""

import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, NamedTuple

from fastapi import Depends, Path, Query
from pydantic import BeforeValidator, WithJsonSchema
from sqlalchemy import ColumnElement, Connection

from monitor.api.problems import not_found, refused
from monitor.language import Expression, ExpressionError, Where, parse
from monitor.store.reading import scope as scopes
from monitor.store.reading.scope import Scope
from monitor.store.reading.where import condition

_RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-]\d\d:\d\d))", re.ASCII
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST_ROWS = 500


def time_ns(text: Any) -> int:
    """Return nanoseconds since 1970 of a time as RFC 3339 writes it.

    Raises:
        ValueError: It is none.
    """
    found = _RFC3339.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError("not a time; write 2026-11-28T08:00:00Z")
    day, minute, second, fraction, zone = found.groups()
    if int(second) > 60:
        raise ValueError("a minute has 60 seconds")
    moment = datetime.fromisoformat(f"{day}T{minute}:00").replace(tzinfo=UTC)
    behind = timedelta()
    if zone:
        hours, minutes = int(zone[1:3]), int(zone[4:6])
        if hours > 23 or minutes > 59:
            raise ValueError("a time zone is less than a day away")
        behind = timedelta(hours=hours, minutes=minutes) * (-1 if zone[0] == "-" else 1)
    whole = (moment - _EPOCH - behind) // timedelta(seconds=1) + int(second)
    ns = whole * 1_000_000_000 + int((fraction or "0")[:9].ljust(9, "0"))
    # What a database cannot hold is before, or after, everything.
    return max(scopes.EVER[0] + 1, min(scopes.EVER[1] - 1, ns))


Time = Annotated[
    int,
    BeforeValidator(time_ns),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-28T08:00:00Z"]}),
]
"""A moment: RFC 3339 outside, nanoseconds since 1970 inside."""


class Format(StrEnum):
    """How a list is answered."""

    JSON = "json"
    CSV = "csv"
    JSONL = "jsonl"


class Wanted(NamedTuple):
    """Runs and times as they were asked for."""

    run: str | None
    from_ns: int | None
    to_ns: int | None

    @property
    def days(self) -> float:
        """Days that are asked for, from 1 to 30."""
        if self.from_ns is None:
            return 1
        to_ns = self.from_ns if self.to_ns is None else self.to_ns
        return min(30, max(1, (to_ns - self.from_ns) / scopes.DAY_NS))

    def resolve(self, connection: Connection) -> Scope:
        """Return the scope.

        Raises:
            ProblemError: There is no such run, or the time ends before it begins.
        """
        if self.from_ns is not None and self.to_ns is not None and self.from_ns > self.to_ns:
            raise refused("to", "it is before 'from'; exchange them")
        scope = scopes.resolve(connection, self.run, self.from_ns, self.to_ns)
        if scope is None:
            raise not_found(f"run {self.run}")
        return scope


class Paging(NamedTuple):
    """A page of a list, as it was asked for."""

    cursor: str | None
    limit: int
    format: Format


RunId = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=64,
        pattern=r"^[0-9A-Za-z:._-]+$",
        description="Id of a run: of a sensor (`sensor:NAME`) or a replay. Without it: every "
        "sensor, or every replay where there is no sensor.",
        examples=["sensor:town-hall"],
    ),
]


async def _wanted(
    run: RunId = None,
    from_: Annotated[
        Time | None, Query(alias="from", description="First moment, RFC 3339.")
    ] = None,
    to: Annotated[
        Time | None, Query(description="First moment that does not count, RFC 3339.")
    ] = None,
) -> Wanted:
    return Wanted(run, from_, to)


async def _paging(
    cursor: Annotated[
        str | None,
        Query(
            max_length=2048,
            pattern=r"^[A-Za-z0-9_-]+$",
            description="`next` of the page before; without it the first page.",
        ),
    ] = None,
    limit: Annotated[
        int,
        Query(ge=1, le=MOST_ROWS, description="Most rows of a page; exports ignore it."),
    ] = 100,
    format_: Annotated[
        Format,
        Query(
            alias="format",
            description="`csv` and `jsonl` export the whole list from the cursor on.",
        ),
    ] = Format.JSON,
) -> Paging:
    return Paging(cursor, limit, format_)


InScope = Annotated[Wanted, Depends(_wanted)]
InPages = Annotated[Paging, Depends(_paging)]


def _filter(example: str) -> Any:
    return Query(
        alias="filter",
        max_length=4000,
        description="Condition in the filter language (docs/filters.md).",
        examples=[example],
    )


FlowFilter = Annotated[
    str | None, _filter("purpose = diagnostics and operator_country in (CN, RU)")
]
CameraFilter = Annotated[str | None, _filter("maker = Dahua and vlan = 20")]
AlertFilter = Annotated[str | None, _filter("severity >= high and acknowledged = no")]
CameraIp = Annotated[
    str,
    Path(
        max_length=45,
        pattern=r"^[0-9a-f.:]+$",
        description="Address of the camera.",
        examples=["10.20.3.11"],
    ),
]
Id32 = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="Id: 32 hex digits.")]


def parsed(text: str | None, where: Where, name: str = "filter") -> Expression | None:
    """Return the tree of a filter, which came in the parameter `name`.

    Raises:
        ProblemError: It cannot be understood; the problem names the column.
    """
    if text is None or not text.strip():
        return None
    try:
        return parse(text, where)
    except ExpressionError as error:
        raise refused(
            name,
            error.reason,
            kind="filter",
            column=error.column,
            hint=error.hint or None,
        ) from error


def compiled(text: str | None, where: Where, name: str = "filter") -> ColumnElement[bool] | None:
    """Return the condition of a filter, which came in the parameter `name`.

    Raises:
        ProblemError: It cannot be understood; the problem names the column.
    """
    tree = parsed(text, where, name)
    return None if tree is None else condition(tree, where)
