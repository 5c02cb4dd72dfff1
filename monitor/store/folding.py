"""Joins sums of hours into sums of days as they age, so that years can be read at once.

A sum's span begins at `bucket_ns` and is `span_s` long; whichever spans a range of time holds, each flow
is in one of them, so that sums over ranges of whole days are the same before and after.
"""

from sqlalchemy import Connection, delete, func, literal, select

from monitor.store import sums, upsert
from monitor.store.live_tables import TOTALS
from monitor.store.sums import S_NS

DAY_S = 86_400
DAY_NS = DAY_S * S_NS

YOUNG_DAYS = 8
"""Sums of spans shorter than a day are joined into days after this time, so that a week keeps its hours."""

ADDED = ("flows", "out_bytes", "in_bytes")


def days(oldest_ns: int, now_ns: int, done_ns: int | None = None) -> range:
    """Return the begin of every day (UTC) whose shorter sums are old enough to be joined.

    Args:
        oldest_ns: Begin of the oldest sum.
        now_ns: The time.
        done_ns: The time when this was last done; None: never, as far as is known. What came late
            by more than a day after that stays as it is.
    """
    begin_ns = oldest_ns
    if done_ns is not None:
        begin_ns = max(begin_ns, done_ns - (YOUNG_DAYS + 1) * DAY_NS)
    return range(begin_ns - begin_ns % DAY_NS, now_ns - (YOUNG_DAYS + 1) * DAY_NS + 1, DAY_NS)


def fold(connection: Connection, run_no: int, day_ns: int) -> int:
    """Join the shorter sums within a day into it; return how many rows became fewer."""
    c = TOTALS.c
    within = (
        (c.run_no == run_no)
        & (c.bucket_ns >= day_ns)
        & (c.bucket_ns < day_ns + DAY_NS)
        & (c.span_s < DAY_S)
    )
    keys = [column for column in TOTALS.primary_key if column.name != "bucket_ns"]
    values = {
        **{column.name: column for column in keys},
        "bucket_ns": literal(day_ns),
        "span_s": literal(DAY_S),
        **{name: func.sum(c[name]) for name in ADDED},
        "last_ns": func.max(c.last_ns),
    }
    query = select(*(values[column.name].label(column.name) for column in TOTALS.columns))
    # PostgreSQL sums bigint as numeric; the column says integer.
    joined = [
        tuple(
            int(v) if column.name in ADDED else v
            for column, v in zip(TOTALS.columns, row, strict=True)
        )
        for row in connection.execute(query.where(within).group_by(*keys))
    ]
    if not joined:
        return 0
    removed = connection.execute(delete(TOTALS).where(within)).rowcount
    upsert.FastUpsert(TOTALS, connection.dialect, sums.RULES).write(connection, joined)
    return removed - len(joined)
