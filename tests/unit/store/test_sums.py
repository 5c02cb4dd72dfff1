import dataclasses

import numpy as np
import pytest

from monitor.store import RunStart, Store, sums
from monitor.store.live_tables import TOTALS
from tests.support import stores
from tests.support.traffic import Traffic

DAY_NS = 86_400 * 10**9
START_NS = 1_794_211_200_000_000_000
"""2026-11-09T08:00:00Z: the begin of an hour."""


@pytest.mark.parametrize(
    ("length_ns", "span_s"),
    [(0, 60), (3 * 3600 * 10**9, 60), (DAY_NS, 600), (7 * DAY_NS, 3600), (900 * DAY_NS, 86_400)],
)
def test_a_longer_run_has_longer_spans(length_ns: int, span_s: int) -> None:
    assert sums.span_of(START_NS, START_NS + length_ns) == span_s


def test_flows_of_one_kind_and_span_are_one_row() -> None:
    batch = Traffic(1).batch(2, START_NS, 1)
    first = np.zeros(2, np.uint32)
    batch = dataclasses.replace(
        batch,
        camera=first,
        party=first,
        verdict=first,
        dissection=first,
        is_ours=np.array([True, True]),
        scope=np.zeros(2, np.uint8),
        outcome=np.ones(2, np.uint8),
        vlan=np.full(2, 65535, np.uint16),
        start_ns=np.array([START_NS, START_NS + 3_599_999_999_999]),
        end_ns=np.array([START_NS + 9, START_NS + 5]),
        orig_bytes=np.array([10, 20], np.uint64),
        resp_bytes=np.array([1, 2], np.uint64),
    )
    party = (batch.words.parties[0].operator, "", "DE")
    assert sums.of_batches([batch], 3) == [
        (3, START_NS, "10.20.0.0", -1, "outside", "ntp", *party, "answered", "camera",
         3600, 2, 30, 3, START_NS + 9)
    ]  # fmt: skip


def test_bytes_are_out_or_in_seen_from_the_camera() -> None:
    batch = Traffic(1).batch(1, START_NS, 1)
    batch = dataclasses.replace(batch, is_ours=np.array([False]))
    (row,) = sums.of_batches([batch], 1)
    assert row[10] == "destination"
    assert row[13:15] == (int(batch.resp_bytes[0]), int(batch.orig_bytes[0]))


def test_the_database_sums_up_a_run_as_the_columns_do(store_url: str) -> None:
    batch = Traffic(30).batch(2000, START_NS, DAY_NS)
    with Store.open(store_url) as store:
        store.begin_run(RunStart(id="a" * 64, started_ns=1))
        store.write(batch.records())
        store.finish_run(finished_ns=2, counters={})
    rows = [tuple(row.values()) for row in stores.table(store_url, TOTALS)]
    assert sorted(rows) == sorted(sums.of_batches([batch], 1, span_s=600))
