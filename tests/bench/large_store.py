"""Fills a store with millions of plausible flows: ``python -m tests.bench.large_store URL --flows 10000000``.

The flows are written by the live writer, so their sums, cameras, destinations and evidence are what a sensor
would have written; only the indices are made at the end, and SQLite does not wait for the disk.
"""

import argparse
import time
from typing import Any

from sqlalchemy import Connection

from monitor.store import statistics
from monitor.store.live import LiveStore, Step
from monitor.store.tables import FLOWS
from tests.support.traffic import Traffic

END_NS = 1_795_824_000_000_000_000
"""2026-11-28T00:00:00Z."""

STEP_FLOWS = 50_000
DAY_NS = 86_400 * 10**9


def fill(url: str, *, flows: int, cameras: int, days: float, end_ns: int = END_NS) -> None:
    """Write that many flows, spread evenly over the days before `end_ns`, as of a sensor ``gate-1``."""
    start_ns = end_ns - round(days * DAY_NS)
    traffic = Traffic(cameras)
    store = LiveStore.open(url, "gate-1", version="bench", started_ns=start_ns)
    _change(store, has_indices=False)
    steps = -(-flows // STEP_FLOWS)
    span_ns = (end_ns - start_ns) // steps
    for number in range(steps):
        count = min(STEP_FLOWS, flows - number * STEP_FLOWS)
        at_ns = start_ns + number * span_ns
        batch = traffic.batch(count, at_ns, span_ns)
        store.commit(Step(now_ns=at_ns + span_ns, records=[batch], status={}))
    _change(store, has_indices=True)
    store.close()


def _change(store: LiveStore, *, has_indices: bool) -> None:
    def change(connection: Connection) -> None:
        for index in sorted(FLOWS.indexes, key=lambda index: str(index.name)):
            if has_indices:
                index.create(connection)
            else:
                index.drop(connection)
        if has_indices and connection.dialect.name == "postgresql":
            connection.exec_driver_sql("ANALYZE").close()
        if has_indices and connection.dialect.name == "sqlite":
            # They went with the indices.
            statistics.write(connection)

    if store.url.get_backend_name() == "sqlite":
        # Not within a transaction, which SQLAlchemy would begin.
        raw: Any = store._engine.raw_connection().driver_connection
        raw.execute("PRAGMA synchronous=OFF").close()
    store.commit(Step(now_ns=END_NS, writes=[change]))


def main() -> None:
    """Read the command line and fill."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--flows", type=int, default=10_000_000)
    parser.add_argument("--cameras", type=int, default=500)
    parser.add_argument("--days", type=float, default=14)
    given = parser.parse_args()
    began = time.perf_counter()
    fill(given.url, flows=given.flows, cameras=given.cameras, days=given.days)
    took = time.perf_counter() - began
    print(f"{given.flows:,} flows in {took:.0f} s: {given.flows / took:,.0f} a second")  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
