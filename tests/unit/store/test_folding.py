from collections import Counter

from monitor.store import folding, sums
from monitor.store.live import LiveStore, Step
from monitor.store.live_tables import TOTALS
from tests.support import stores
from tests.support.traffic import Traffic

S_NS = 10**9
DAY_NS = 86_400 * S_NS
MIDNIGHT_NS = 1_794_182_400 * S_NS
"""2026-11-09T00:00:00Z."""


def test_a_day_is_joined_when_it_ended_eight_days_ago() -> None:
    found = folding.days(MIDNIGHT_NS + 5, MIDNIGHT_NS + 11 * DAY_NS)
    assert list(found) == [MIDNIGHT_NS + day * DAY_NS for day in range(3)]
    assert list(folding.days(MIDNIGHT_NS, MIDNIGHT_NS + 9 * DAY_NS - 1)) == []


def test_what_was_joined_more_than_a_day_ago_is_not_looked_at_again() -> None:
    now_ns = MIDNIGHT_NS + 100 * DAY_NS
    found = folding.days(MIDNIGHT_NS, now_ns, done_ns=now_ns - 3600 * S_NS)
    assert list(found) == [MIDNIGHT_NS + 90 * DAY_NS, MIDNIGHT_NS + 91 * DAY_NS]


def _sums(url: str) -> Counter[tuple[str, str, str]]:
    found: Counter[tuple[str, str, str]] = Counter()
    for row in stores.table(url, TOTALS):
        for name in ("flows", "out_bytes", "in_bytes"):
            found[row["camera_ip"], row["purpose"], name] += row[name]
    return found


def test_joined_sums_are_fewer_and_say_the_same(store_url: str) -> None:
    store = LiveStore.open(store_url, "gate-1", version="1", started_ns=1)
    traffic = Traffic(5)
    for day in range(3):
        batch = traffic.batch(300, MIDNIGHT_NS + day * DAY_NS, DAY_NS)
        store.commit(Step(now_ns=1, records=[batch]))
    before, rows = _sums(store_url), stores.table(store_url, TOTALS)
    day_ns = MIDNIGHT_NS + DAY_NS
    fewer = store.write(lambda c: folding.fold(c, 1, day_ns))
    after = stores.table(store_url, TOTALS)
    assert len(rows) - len(after) == fewer > 0
    joined = [row for row in after if day_ns <= row["bucket_ns"] < day_ns + DAY_NS]
    assert {(row["bucket_ns"], row["span_s"]) for row in joined} == {(day_ns, 86_400)}
    assert {row["span_s"] for row in after if row not in joined} == {sums.LIVE_SPAN_S}
    assert store.write(lambda c: folding.fold(c, 1, day_ns)) == 0
    assert _sums(store_url) == before
    store.close()


def test_what_comes_late_is_added_to_what_was_joined(store_url: str) -> None:
    store = LiveStore.open(store_url, "gate-1", version="1", started_ns=1)
    traffic = Traffic(5)
    store.commit(Step(now_ns=1, records=[traffic.batch(100, MIDNIGHT_NS, 3600 * S_NS)]))
    store.write(lambda c: folding.fold(c, 1, MIDNIGHT_NS))
    store.commit(Step(now_ns=2, records=[traffic.batch(100, MIDNIGHT_NS, 3600 * S_NS)]))
    store.write(lambda c: folding.fold(c, 1, MIDNIGHT_NS))
    store.close()
    assert stores.flows_by_camera(store_url) == stores.totals_by_camera(store_url)
