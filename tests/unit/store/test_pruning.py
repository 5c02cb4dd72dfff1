import time

import pytest

from monitor.errors import StoreError
from monitor.store import retention
from monitor.store.backlog import Backlog
from monitor.store.live import LiveStore, Step
from monitor.store.live_tables import TOTALS
from monitor.store.pruning import Pruner
from monitor.store.retention import Retention
from monitor.store.tables import FLOWS
from tests.support import stores
from tests.support.traffic import Traffic

DAY_NS = 86_400 * 10**9
NOW_NS = 1_794_182_400 * 10**9


def _fill(url: str) -> LiveStore:
    store = LiveStore.open(url, "gate-1", version="1", started_ns=1)
    traffic = Traffic(10)
    for day in (50, 40, 3, 1):
        at_ns = NOW_NS - day * DAY_NS
        store.commit(Step(now_ns=at_ns, records=[traffic.batch(300, at_ns, 6 * 3600 * 10**9)]))
    return store


def test_pieces_go_on_until_nothing_is_due_and_start_again_an_hour_later(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PIECE", 50)
    store = _fill(store_url)
    pruner = Pruner(Retention(flows_days=30))
    while pruner.piece(store, NOW_NS):
        pass
    assert pruner.removed["flows"] == 600
    assert pruner.removed["joined"] > 0
    assert len(stores.table(store_url, FLOWS)) == 600
    totals = stores.table(store_url, TOTALS)
    assert sum(row["flows"] for row in totals) == 1200
    assert {row["span_s"] for row in totals} == {3600, 86_400}
    before = dict(pruner.removed)
    assert not pruner.piece(store, NOW_NS + 10**9)
    while pruner.piece(store, NOW_NS + 3600 * 10**9):
        pass
    assert pruner.removed == before
    store.close()


def test_a_piece_that_failed_is_done_again(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = _fill(store_url)
    pruner = Pruner(Retention(flows_days=30))
    with monkeypatch.context() as patched:

        def fails(*_: object) -> None:
            raise StoreError("store: locked")

        patched.setattr(LiveStore, "write", fails)
        with pytest.raises(StoreError):
            pruner.piece(store, NOW_NS)
    while pruner.piece(store, NOW_NS):
        pass
    assert pruner.removed["flows"] == 600
    store.close()


def test_the_backlog_prunes_between_steps(store_url: str) -> None:
    pruner = Pruner(Retention(flows_days=30))
    waiting = Backlog(_fill(store_url), between=pruner.piece)
    waiting.put(Step(now_ns=NOW_NS, records=[Traffic(10, 2).batch(50, NOW_NS, 10**9)]))
    deadline = time.monotonic() + 30
    while pruner.removed["flows"] < 600:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert waiting.close(30).flows_written == 50
    waiting.check()
    assert len(stores.table(store_url, FLOWS)) == 650
