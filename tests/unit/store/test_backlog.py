"""What waits to be written, against real failures of real databases."""

import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection

from monitor.errors import StoreError
from monitor.model.rows import RecordBatch
from monitor.store import backlog
from monitor.store.alert_tables import ALERT_EVENTS
from monitor.store.backlog import Backlog, Counts
from monitor.store.live import LiveStore, Step
from monitor.store.live_tables import SENSORS
from monitor.store.tables import FLOWS, RUNS
from tests.support import stores
from tests.support.postgres import Server
from tests.support.traffic import Traffic

NOW_NS = 1_794_211_200_000_000_000


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog, "FIRST_WAIT_S", 0.01)
    monkeypatch.setattr(backlog, "LONGEST_WAIT_S", 0.05)


def _open(url: str) -> LiveStore:
    return LiveStore.open(url, "gate-1", version="1.0", started_ns=NOW_NS, busy_timeout_s=0.05)


def _batch(count: int, seed: int = 1) -> RecordBatch:
    return Traffic(10, seed).batch(count, NOW_NS, 10**9)


def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def _event(connection: Connection) -> None:
    event = {"alert_id": "a", "at_ns": 1, "kind": "opened", "author": "", "text": ""}
    connection.execute(ALERT_EVENTS.insert().values(event))


def _adds_up(counts: Counts) -> bool:
    return counts.flows_put == (
        counts.flows_written
        + counts.flows_duplicate
        + counts.flows_dropped
        + counts.flows_refused
        + counts.flows_waiting
    )


class Lock:
    """Another process's hold on an SQLite file."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("BEGIN IMMEDIATE")

    def release(self) -> None:
        self._connection.execute("ROLLBACK")
        self._connection.close()


def test_steps_are_written_in_order_and_counted(store_url: str) -> None:
    waiting = Backlog(_open(store_url))
    for number in range(1, 6):
        waiting.put(Step(now_ns=number, records=[_batch(10, number)], status={"n": number}))
    counts = waiting.close(30)
    assert counts == Counts(steps_written=5, flows_put=50, flows_written=50)
    assert stores.table(store_url, SENSORS)[0]["status"] == {"n": 5}
    waiting.check()


def test_a_locked_store_makes_steps_wait_and_loses_none(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'busy.db'}"
    waiting = Backlog(_open(url))
    lock = Lock(tmp_path / "busy.db")
    for number in range(4):
        waiting.put(Step(now_ns=NOW_NS, records=[_batch(10, number)], writes=[_event]))
    _until(lambda: waiting.counts().retries > 1)
    assert "another process has been writing" in waiting.fault
    assert waiting.counts().flows_waiting == 40
    lock.release()
    _until(lambda: waiting.counts().flows_written == 40)
    assert waiting.fault == ""
    assert _adds_up(waiting.close(30))
    assert len(stores.table(url, FLOWS)) == 40
    assert len(stores.table(url, ALERT_EVENTS)) == 4


def test_a_full_disk_makes_steps_wait_and_loses_none(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'full.db'}"
    store = _open(url)
    _limit_pages(store, 4)
    waiting = Backlog(store, between=_wider)
    waiting.put(Step(now_ns=NOW_NS, records=[_batch(3000)], writes=[_event]))
    _until(lambda: waiting.counts().retries > 1)
    assert "the disk is full" in waiting.fault
    _limit_pages(store, 100_000)
    _until(lambda: waiting.counts().flows_written == 3000)
    assert _adds_up(waiting.close(30))
    assert stores.flows_by_camera(url) == stores.totals_by_camera(url)


def _wider(_: LiveStore, __: int) -> bool:
    return False


def _limit_pages(store: LiveStore, more: int) -> None:
    def change(connection: Connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={int(pages) + more}").close()

    deadline = time.monotonic() + 30
    while True:
        try:
            store.read(change)
        except Exception:  # noqa: BLE001 - the connection is the thread's, and may be within a transaction
            assert time.monotonic() < deadline
        else:
            return


def test_a_server_that_is_gone_makes_steps_wait_and_loses_none(
    postgres_url: str, postgres_server: Server
) -> None:
    waiting = Backlog(_open(postgres_url))
    waiting.put(Step(now_ns=NOW_NS, records=[_batch(10, 1)]))
    _until(lambda: waiting.counts().flows_written == 10)
    postgres_server.stop(at_once=True)
    waiting.put(Step(now_ns=NOW_NS, records=[_batch(10, 2)], writes=[_event]))
    waiting.put(Step(now_ns=NOW_NS, records=[_batch(10, 3)]))
    _until(lambda: waiting.counts().retries > 1)
    assert "check address, user, password and that the server runs" in waiting.fault
    postgres_server.start()
    _until(lambda: waiting.counts().flows_written == 30)
    assert _adds_up(waiting.close(30))
    assert stores.flows_by_camera(postgres_url) == stores.totals_by_camera(postgres_url)
    assert len(stores.table(postgres_url, ALERT_EVENTS)) == 1


def test_too_many_flows_drop_the_oldest_and_keep_their_alerts(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'busy.db'}"
    waiting = Backlog(_open(url), most_flows=35)
    lock = Lock(tmp_path / "busy.db")
    waiting.put(Step(now_ns=NOW_NS, records=[_batch(10, 0)], writes=[_event]))
    _until(lambda: waiting.counts().retries > 0)
    for number in range(1, 6):
        waiting.put(Step(now_ns=NOW_NS, records=[_batch(10, number)], writes=[_event]))
    assert waiting.counts().flows_dropped == 30
    lock.release()
    counts = waiting.close(30)
    assert counts._replace(retries=0) == Counts(
        steps_written=6, flows_put=60, flows_written=30, flows_dropped=30
    )
    assert len(stores.table(url, ALERT_EVENTS)) == 6
    kept = {int(n) for seed in (0, 4, 5) for n in _batch(10, seed).flow_id}
    assert {int(row["flow_id"], 16) for row in stores.table(url, FLOWS)} == kept


def test_too_many_steps_drop_the_oldest_whole(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'busy.db'}"
    waiting = Backlog(_open(url), most_steps=3)
    lock = Lock(tmp_path / "busy.db")
    waiting.put(Step(now_ns=NOW_NS, writes=[_event]))
    _until(lambda: waiting.counts().retries > 0)
    for _ in range(5):
        waiting.put(Step(now_ns=NOW_NS, records=[_batch(2)], writes=[_event]))
    lock.release()
    counts = waiting.close(30)
    assert (counts.steps_dropped, counts.flows_dropped, counts.steps_written) == (2, 4, 4)
    assert _adds_up(counts)
    assert len(stores.table(url, ALERT_EVENTS)) == 4


def test_what_cannot_be_written_until_the_end_is_counted_as_dropped(tmp_path: Path) -> None:
    waiting = Backlog(_open(f"sqlite:///{tmp_path / 'busy.db'}"))
    lock = Lock(tmp_path / "busy.db")
    for number in range(3):
        waiting.put(Step(now_ns=NOW_NS, records=[_batch(10, number)]))
    counts = waiting.close(0.1)
    lock.release()
    assert counts._replace(retries=0) == Counts(flows_put=30, flows_dropped=30, steps_dropped=3)


def test_alerts_are_written_although_the_flows_of_their_step_are_refused(postgres_url: str) -> None:
    store = _open(postgres_url)
    with store._engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE flows ADD CHECK (orig_port <> 7)")
    traffic = Traffic(3)
    bad = traffic.batch(5, NOW_NS, 10**9)
    bad.orig_port.flags.writeable = True
    bad.orig_port[2] = 7
    waiting = Backlog(store)
    waiting.put(Step(now_ns=NOW_NS, records=[bad], writes=[_event]))
    counts = waiting.close(30)
    assert counts == Counts(steps_written=1, flows_put=5, flows_refused=5)
    assert "it does not take a value" in waiting.refusal
    assert stores.table(postgres_url, FLOWS) == []
    assert len(stores.table(postgres_url, ALERT_EVENTS)) == 1


def test_a_step_of_alerts_that_are_refused_is_counted_as_dropped(store_url: str) -> None:
    def bad(connection: Connection) -> None:
        connection.execute(RUNS.insert().values(id="sensor:gate-1"))

    waiting = Backlog(_open(store_url))
    waiting.put(Step(now_ns=NOW_NS, records=[_batch(5)], writes=[bad]))
    waiting.put(Step(now_ns=NOW_NS, writes=[bad]))
    waiting.put(Step(now_ns=NOW_NS, status={}))
    counts = waiting.close(30)
    assert counts == Counts(steps_written=1, flows_put=5, flows_written=5, steps_dropped=2)
    assert stores.flows_by_camera(store_url) == stores.totals_by_camera(store_url)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_ends_the_thread_and_is_raised_to_the_keeper(store_url: str) -> None:
    def bug(_: Connection) -> None:
        raise ZeroDivisionError

    waiting = Backlog(_open(store_url))
    waiting.put(Step(now_ns=NOW_NS, records=[_batch(5)], writes=[bug]))
    counts = waiting.close(30)
    assert counts.flows_dropped == 5
    assert _adds_up(counts)
    with pytest.raises(ZeroDivisionError):
        waiting.check()


def test_work_in_between_goes_on_until_a_step_comes(store_url: str) -> None:
    done: list[int] = []
    ready = threading.Event()

    def work(_: LiveStore, now_ns: int) -> bool:
        done.append(now_ns)
        if len(done) == 3:
            ready.set()
        if len(done) == 5:
            raise StoreError("store: locked")
        return len(done) < 10

    waiting = Backlog(_open(store_url), between=work)
    waiting.put(Step(now_ns=7))
    assert ready.wait(30)
    _until(lambda: waiting.fault == "store: locked")
    waiting.put(Step(now_ns=8))
    assert waiting.close(30).steps_written == 2
    assert done[:5] == [7] * 5
    assert set(done[5:]) == {8}
