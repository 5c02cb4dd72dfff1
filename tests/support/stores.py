"""What tests ask a store: every row of a table, and whether the sums agree with the flows."""

from collections import Counter
from typing import Any

from sqlalchemy import Table, create_engine, select

from monitor.store.live_tables import TOTALS
from monitor.store.tables import FLOWS


def table(url: str, wanted: Table) -> list[dict[str, Any]]:
    """Return every row of a table, in the order of its key."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = connection.execute(select(wanted).order_by(*wanted.primary_key)).mappings().all()
    engine.dispose()
    return [dict(row) for row in found]


def flows_by_camera(url: str) -> dict[tuple[str, str], tuple[int, int]]:
    """Return flows, and bytes of both sides, by camera and purpose, as `flows` has them."""
    flows: Counter[tuple[str, str]] = Counter()
    volume: Counter[tuple[str, str]] = Counter()
    for row in table(url, FLOWS):
        key = (row["camera_ip"], row["purpose"])
        flows[key] += 1
        volume[key] += row["orig_bytes"] + row["resp_bytes"]
    return {key: (many, volume[key]) for key, many in flows.items()}


def totals_by_camera(url: str) -> dict[tuple[str, str], tuple[int, int]]:
    """Return the same as `totals` has it."""
    flows: Counter[tuple[str, str]] = Counter()
    volume: Counter[tuple[str, str]] = Counter()
    for row in table(url, TOTALS):
        key = (row["camera_ip"], row["purpose"])
        flows[key] += row["flows"]
        volume[key] += row["out_bytes"] + row["in_bytes"]
    return {key: (many, volume[key]) for key, many in flows.items()}
