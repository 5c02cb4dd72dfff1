"""Writes flows at a steady rate while another process reads: ``python -m tests.bench.store URL``.

The steps go through the sensor's own backlog and writer, with retention between them. The reader asks, as fast as
it is answered, what the page asks: the newest flows, those of one camera, of one purpose, and sums of a day.
At the end flows and sums are counted: none may be missing, and nobody may have been told that the store is locked.
"""

import argparse
import json
import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Callable
from multiprocessing.synchronize import Event
from typing import Any

from sqlalchemy import Connection, func, select

from monitor.store import engine as engines
from monitor.store.backlog import Backlog
from monitor.store.live import LiveStore, Step
from monitor.store.live_tables import TOTALS
from monitor.store.pruning import Pruner
from monitor.store.retention import Retention
from monitor.store.tables import FLOWS
from tests.bench.large_store import END_NS
from tests.support.traffic import Traffic

S_NS = 10**9
DAY_NS = 86_400 * S_NS
CAMERA = "10.20.0.7"


def questions(at_ns: int) -> dict[str, Any]:
    """Return what a page asks of one run."""
    f, t = FLOWS.c, TOTALS.c
    newest = (
        select(FLOWS).where(f.run_no == 1).order_by(f.start_ns.desc(), f.flow_id.desc()).limit(50)
    )
    day = (t.run_no == 1) & (t.bucket_ns >= at_ns - DAY_NS)
    return {
        "newest flows": newest,
        "flows of a camera": newest.where(f.camera_ip == CAMERA),
        "flows of a rare purpose": newest.where(f.purpose == "media-relay"),
        "a day's sums by purpose": select(t.purpose, func.sum(t.flows), func.sum(t.out_bytes))
        .where(day)
        .group_by(t.purpose),
    }


def read(url: str, at_ns: int, end: Event, told: Any) -> None:
    """Ask until the end; tell times in ms and errors."""
    parsed = engines.parse(url)
    engine = engines.connect(parsed)
    took: dict[str, list[float]] = {name: [] for name in questions(at_ns)}
    errors: list[str] = []
    while not end.is_set():
        for name, query in questions(at_ns).items():
            began = time.perf_counter()
            try:
                with engine.connect() as connection:
                    connection.execution_options(**engines.READS).execute(query).all()
            except Exception as error:  # noqa: BLE001 - every kind is to be told
                errors.append(str(error))
            took[name].append((time.perf_counter() - began) * 1000)
    engine.dispose()
    told.send((took, errors))


def _amounts(connection: Connection) -> tuple[int, int]:
    flows = connection.scalar(select(func.count()).select_from(FLOWS))
    sums = connection.scalar(select(func.sum(TOTALS.c.flows)))
    return int(flows or 0), int(sums or 0)


def _asked(url: str, question: Callable[[Connection], tuple[int, int]]) -> tuple[int, int]:
    engine = engines.connect(engines.parse(url))
    with engine.connect() as connection:
        answer = question(connection.execution_options(**engines.READS))
    engine.dispose()
    return answer


def run(url: str, *, rate: int, seconds: int, cameras: int, is_read: bool = True) -> dict[str, Any]:
    """Write, and read at once if wanted, and return what was measured."""
    store = LiveStore.open(url, "gate-1", version="bench", started_ns=time.time_ns())
    before = _asked(url, _amounts)
    start_ns = END_NS + time.time_ns() % DAY_NS
    end = multiprocessing.Event()
    told, telling = multiprocessing.Pipe(duplex=False)
    reader = multiprocessing.Process(target=read, args=(url, start_ns, end, telling))
    if is_read:
        reader.start()
    backlog = Backlog(store, between=Pruner(Retention(flows_days=3650)).piece)
    traffic = Traffic(cameras, seed=time.time_ns() % 1000)
    waited = 0
    usage = resource.getrusage(resource.RUSAGE_SELF)
    cpu = usage.ru_utime + usage.ru_stime
    began = time.perf_counter()
    for number in range(seconds):
        at_ns = start_ns + number * S_NS
        batch = traffic.batch(rate, at_ns, S_NS)
        backlog.put(Step(now_ns=at_ns, records=[batch], status={"second": number}))
        waited = max(waited, backlog.counts().flows_waiting)
        time.sleep(max(0.0, began + number + 1 - time.perf_counter()))
    counts = backlog.close(600)
    took_s = time.perf_counter() - began
    usage = resource.getrusage(resource.RUSAGE_SELF)
    end.set()
    times, errors = told.recv() if is_read else ({}, [])
    if is_read:
        reader.join()
    after = _asked(url, _amounts)
    return {
        "flows": rate * seconds,
        "seconds": round(took_s, 1),
        "processor_s": round(usage.ru_utime + usage.ru_stime - cpu, 1),
        "most_waiting": waited,
        "lost": rate * seconds - (after[0] - before[0]),
        "sums_differ_by": (after[1] - before[1]) - (after[0] - before[0]),
        "counts": counts._asdict(),
        "reader_errors": errors[:3],
        "reads": {
            name: {
                "times": len(ms),
                "median_ms": round(statistics.median(ms), 1),
                "p95_ms": round(sorted(ms)[int(len(ms) * 0.95)], 1),
            }
            for name, ms in times.items()
            if ms
        },
    }


def main() -> None:
    """Read the command line, measure, and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--rate", type=int, default=10_000, help="flows a second")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--cameras", type=int, default=500)
    parser.add_argument(
        "--no-reader", action="store_true", help="write alone, where something else asks"
    )
    given = parser.parse_args()
    done = run(
        given.url, rate=given.rate, seconds=given.seconds, cameras=given.cameras,
        is_read=not given.no_reader,
    )  # fmt: skip
    sys.stdout.write(json.dumps(done, indent=1) + "\n")
    if done["lost"] or done["sums_differ_by"] or done["reader_errors"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
