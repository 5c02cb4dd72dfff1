"""Searches flows slice of time by slice, so that a page of what is rare says how far it looked.

A condition that no index answers may fit none of ten million flows. One statement would read them all, or be
given up with nothing to show.
"""

import time
from collections.abc import Callable
from typing import Final, NamedTuple

from sqlalchemy import Connection, RowMapping, func, select
from sqlalchemy.exc import DBAPIError

from monitor.store.reading.paging import Cut, Sort, decode, encode
from monitor.store.reading.reader import is_interrupted
from monitor.store.reading.scope import Scope
from monitor.store.tables import FLOWS

FIRST_NS: Final = 3_600_000_000_000
"""Length of the first slice; the next is four times as long where a slice took little."""

LITTLE_S: Final = 0.15


class Found(NamedTuple):
    """A page, and how far the search for it went."""

    rows: list[RowMapping]
    next: str | None
    """Cursor of the page after it; None: there is none."""

    looked_ns: int | None
    """Time that was searched up to where it ended before the page was full; None: it did not."""


def search(
    connection: Connection,
    scope: Scope,
    sort: Sort,
    after: str | None,
    limit: int,
    seconds: float,
    part: Callable[[Scope, int], Cut],
) -> Found:
    """Return a page of flows in the order of time, or as much of it as was found in some seconds.

    At least one slice is searched, so who goes on from its cursor comes to the end.

    Args:
        connection: Of a `Reader`.
        scope: Runs, and when the flows began.
        sort: An order by time.
        after: Cursor.
        limit: Most rows.
        seconds: No slice is begun after so many.
        part: Returns at most so many rows of a scope, after the cursor.

    Raises:
        BadCursorError: The cursor is of another order, or damaged.
    """
    begin, end = _bounds(connection, scope, sort, after)
    began = time.monotonic()
    length = FIRST_NS
    rows: list[RowMapping] = []
    is_first = True
    while begin < end:
        cut_ns = max(begin, end - length) if sort.is_descending else min(end, begin + length)
        here = (cut_ns, end) if sort.is_descending else (begin, cut_ns)
        slice_began = time.monotonic()
        try:
            found = part(scope._replace(from_ns=here[0], to_ns=here[1]), limit - len(rows))
        except DBAPIError as error:
            edge = end if sort.is_descending else begin
            if is_first or not is_interrupted(error):
                raise
            return Found(rows, _cursor(sort, edge), edge)
        is_first = False
        rows += found.rows
        if found.next is not None:
            return Found(rows, found.next, None)
        begin, end = (begin, cut_ns) if sort.is_descending else (cut_ns, end)
        now = time.monotonic()
        if begin < end and (len(rows) == limit or now - began >= seconds):
            return Found(rows, _cursor(sort, cut_ns), None if len(rows) == limit else cut_ns)
        if now - slice_began < LITTLE_S:
            length *= 4
    return Found(rows, None, None)


def _bounds(connection: Connection, scope: Scope, sort: Sort, after: str | None) -> tuple[int, int]:
    """Return the first moment that is to be searched, and the first one that is not."""
    firsts: list[int] = []
    lasts: list[int] = []
    for run_no in scope.runs:
        # One by one, each from an end of the key.
        for found, wanted in ((firsts, func.min), (lasts, func.max)):
            mine = select(wanted(FLOWS.c.start_ns)).where(FLOWS.c.run_no == run_no)
            found += [at for at in connection.execute(mine).scalars() if at is not None]
    begin = max(scope.from_ns, min(firsts, default=0))
    end = min(scope.to_ns, max(lasts, default=-1) + 1)
    if after is not None:
        at_ns, run_no, _ = decode(after, sort)
        if sort.is_descending:
            # Others of the same moment may come after a flow, none after an edge.
            end = min(end, at_ns + (run_no >= 0))
        else:
            begin = max(begin, at_ns)
    return begin, end


def _cursor(sort: Sort, at_ns: int) -> str:
    """Return the cursor that is between what is before a moment and what is not: no run has the number -1."""
    return encode(sort.name, [at_ns, -1, ""])
