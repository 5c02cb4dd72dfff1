"""Retention as a writer does it: a piece at a time, between steps, once an hour of its clock."""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Protocol, TypeVar

from sqlalchemy import Connection, func, select

from monitor.store import folding, retention
from monitor.store.live_tables import TOTALS
from monitor.store.retention import Retention
from monitor.store.shared import HOUR_NS

T = TypeVar("T")


class Writes(Protocol):
    """What does a piece of work in a transaction: `LiveStore`, or `maintenance.Maintenance`."""

    def write(self, work: Callable[[Connection], T]) -> T:
        """Do the work and commit."""


class Pruner:
    """Removes what is past its time, and joins old sums; give `piece` to `Backlog` as `between`."""

    def __init__(self, kept: Retention, every_ns: int = HOUR_NS) -> None:
        self.removed: Counter[str] = Counter()
        """Rows removed, by table; ``joined``: sums that became part of a day's."""

        self._kept = kept
        self._every_ns = every_ns
        self._due_ns = 0
        self._works: Iterator[tuple[str, retention.Work]] | None = None
        self._work: tuple[str, retention.Work] | None = None
        self._folded_ns: dict[int, int] = {}
        """By run: when its sums were last joined."""

    def piece(self, store: Writes, now_ns: int) -> bool:
        """Do one short transaction of what is due; return whether more is to be done.

        Raises:
            StoreError: The store does not do its part; the same piece is done again next time.
        """
        if self._works is None:
            if now_ns < self._due_ns:
                return False
            self._works = self._all(store, now_ns)
            self._due_ns = now_ns + self._every_ns
        if self._work is None:
            self._work = next(self._works, None)
            if self._work is None:
                self._works = None
                return False
        name, work = self._work
        removed = store.write(work)
        self.removed[name] += removed
        if not removed:
            self._work = None
        return True

    def _all(self, store: Writes, now_ns: int) -> Iterator[tuple[str, retention.Work]]:
        yield from retention.works(self._kept, now_ns)
        for run_no, oldest_ns in store.write(_oldest_sums):
            for day_ns in folding.days(oldest_ns, now_ns, self._folded_ns.get(run_no)):
                yield "joined", partial(folding.fold, run_no=run_no, day_ns=day_ns)
            self._folded_ns[run_no] = now_ns


def _oldest_sums(connection: Connection) -> list[tuple[int, int]]:
    oldest = func.min(TOTALS.c.bucket_ns)
    query = select(TOTALS.c.run_no, oldest).group_by(TOTALS.c.run_no)
    return [
        (run_no, oldest_ns)
        for run_no in retention.sensors(connection)
        for _, oldest_ns in connection.execute(query.where(TOTALS.c.run_no == run_no))
    ]
