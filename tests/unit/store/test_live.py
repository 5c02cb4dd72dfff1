"""The live writer on both databases: once and altogether, whatever happens in between."""

import json
from typing import Any

import pytest
from sqlalchemy import Connection, select, text

from monitor.errors import StoreError
from monitor.model.rows import RecordBatch, joined
from monitor.store import live
from monitor.store.alert_tables import LEARNT
from monitor.store.live import LiveStore, RefusedError, Step
from monitor.store.live_tables import SENSORS, TOTALS
from monitor.store.tables import CAMERAS, DESTINATIONS, FLOWS, METADATA, RUNS
from tests.support import records, stores
from tests.support.traffic import Traffic

NOW_NS = 1_794_211_200_000_000_000


def _open(url: str, started_ns: int = NOW_NS, **options: Any) -> LiveStore:
    return LiveStore.open(url, "gate-1", version="1.0", started_ns=started_ns, **options)


def _batch(count: int = 200, seed: int = 1) -> RecordBatch:
    return Traffic(20, seed).batch(count, NOW_NS, 10**9)


def _agree(url: str) -> int:
    """Check that flows and their sums agree, and return how many flows there are."""
    assert stores.flows_by_camera(url) == stores.totals_by_camera(url)
    return len(stores.table(url, FLOWS))


def test_a_step_is_in_the_store_with_all_that_belongs_to_it(store_url: str) -> None:
    batch = _batch()
    store = _open(store_url)
    step = Step(
        now_ns=NOW_NS + 5,
        records=[batch],
        devices=[records.CAMERA],
        learnt=[("operators", "10.20.3.11", {"Hikvision": 3}, NOW_NS, NOW_NS + 5)],
        status={"coverage": "ok"},
        writes=[lambda c: c.execute(text("UPDATE runs SET state = 'hooked'")).close()],
    )
    store.commit(step)
    store.close()
    assert _agree(store_url) == 200
    assert {row["ip"]: row["vlan"] for row in stores.table(store_url, CAMERAS)} == {
        record.camera.ip: record.vlan for record in batch.records()
    } | {"10.20.3.11": None}
    assert {row["destination_id"] for row in stores.table(store_url, FLOWS)} == {
        row["id"] for row in stores.table(store_url, DESTINATIONS)
    }
    assert stores.table(store_url, LEARNT) == [
        {
            "sensor": "gate-1",
            "kind": "operators",
            "key": "10.20.3.11",
            "value": {"Hikvision": 3},
            "first_ns": NOW_NS,
            "last_ns": NOW_NS + 5,
        }
    ]
    assert stores.table(store_url, SENSORS) == [
        {
            "name": "gate-1",
            "run_no": 1,
            "version": "1.0",
            "started_ns": NOW_NS,
            "seen_ns": NOW_NS + 5,
            "step": 1,
            "status": {"coverage": "ok"},
        }
    ]
    assert [(row["id"], row["state"]) for row in stores.table(store_url, RUNS)] == [
        ("sensor:gate-1", "hooked")
    ]


def test_a_sensor_that_starts_again_goes_on_with_its_run(store_url: str) -> None:
    for number in range(3):
        store = _open(store_url, NOW_NS + number)
        store.commit(Step(now_ns=NOW_NS + number, records=[_batch(50, number)]))
        store.close()
    assert len(stores.table(store_url, RUNS)) == 1
    assert _agree(store_url) == 150


def test_a_step_that_fails_leaves_nothing_and_can_be_tried_again(store_url: str) -> None:
    failures = [StoreError("store: locked")]

    def fails_once(_: Connection) -> None:
        if failures:
            raise failures.pop()

    store = _open(store_url)
    step = Step(now_ns=NOW_NS, records=[_batch()], writes=[fails_once])
    before = {name: stores.table(store_url, table) for name, table in METADATA.tables.items()}
    with pytest.raises(StoreError):
        store.commit(step)
    assert before == {
        name: stores.table(store_url, table) for name, table in METADATA.tables.items()
    }
    store.commit(step)
    store.close()
    assert _agree(store_url) == 200
    assert len(stores.table(store_url, CAMERAS)) == 20


def test_a_step_that_was_committed_without_our_knowing_is_not_written_twice(store_url: str) -> None:
    store = _open(store_url)
    step = Step(now_ns=NOW_NS, records=[_batch()])
    store.commit(step)
    # To the caller a connection lost during COMMIT is a failure; so the step comes again.
    store.commit(step)
    store.commit(Step(now_ns=NOW_NS, records=[_batch(10, 2)]))
    store.close()
    assert store.duplicates == 0
    assert _agree(store_url) == 210


def test_flows_that_are_there_already_are_neither_written_nor_summed_up_again(
    store_url: str,
) -> None:
    store = _open(store_url)
    old, new = _batch(100), Traffic(20, 9).batch(30, NOW_NS, 10**9)
    store.commit(Step(now_ns=NOW_NS, records=[old]))
    shared = Traffic(20)
    first = shared.batch(100, NOW_NS, 10**9)
    twice = joined([first, first])
    store.commit(Step(now_ns=NOW_NS, records=[twice, new]))
    store.close()
    assert store.duplicates == 200
    assert _agree(store_url) == 130


def test_the_process_that_began_last_may_write_and_the_other_is_told(store_url: str) -> None:
    first, second = _open(store_url, NOW_NS), _open(store_url, NOW_NS + 1)
    second.commit(Step(now_ns=NOW_NS, records=[_batch(10, 1)]))
    with pytest.raises(StoreError, match=r"another process has begun to write as sensor gate-1"):
        first.commit(Step(now_ns=NOW_NS, records=[_batch(10, 2)]))
    first.close()
    second.close()
    assert _agree(store_url) == 10


def test_a_value_that_the_database_does_not_take_is_a_refusal(store_url: str) -> None:
    def bad(connection: Connection) -> None:
        connection.execute(RUNS.insert().values(id="sensor:gate-1"))

    store = _open(store_url)
    with pytest.raises(RefusedError, match="it does not take a value"):
        store.commit(Step(now_ns=NOW_NS, records=[_batch(5)], writes=[bad]))
    store.close()
    assert _agree(store_url) == 0


def test_what_was_learnt_is_replaced_forgotten_and_read_again(store_url: str) -> None:
    store = _open(store_url)
    store.commit(
        Step(
            now_ns=1,
            learnt=[("names", "a", [1], 1, 1), ("names", "b", [2], 1, 1), ("x", "a", 0, 1, 1)],
        )
    )
    store.commit(Step(now_ns=2, learnt=[("names", "a", [1, 3], 1, 2), ("names", "b", None, 1, 1)]))
    store.close()
    again = _open(store_url)
    assert sorted(again.learnt()) == [("names", "a", [1, 3], 1, 2), ("x", "a", 0, 1, 1)]
    again.close()


def test_a_device_that_changes_is_written_again_and_keeps_its_vlan(store_url: str) -> None:
    store = _open(store_url)
    batch = _batch(50)
    store.commit(Step(now_ns=1, records=[batch]))
    record = next(r for r in batch.records() if r.vlan is not None)
    store.commit(Step(now_ns=2, devices=[record.camera._replace(firmware="5.7.1")]))
    store.close()
    row = next(r for r in stores.table(store_url, CAMERAS) if r["ip"] == record.camera.ip)
    assert (row["firmware"], row["vlan"]) == ("5.7.1", record.vlan)


def test_devices_that_were_forgotten_are_written_again(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MOST_DEVICES", 5)
    store = _open(store_url)
    for seed in range(3):
        store.commit(Step(now_ns=1, records=[_batch(100, seed)]))
    store.close()
    assert len(stores.table(store_url, CAMERAS)) == 20


def test_a_question_can_be_asked_while_another_process_writes(store_url: str) -> None:
    store = _open(store_url)
    store.commit(Step(now_ns=1, records=[_batch(5)]))
    assert store.read(lambda c: c.execute(select(TOTALS.c.run_no)).first()) == (1,)
    store.close()


def test_a_status_that_is_not_given_leaves_the_last_one(store_url: str) -> None:
    store = _open(store_url)
    store.commit(Step(now_ns=1, status={"lost": 3}))
    store.commit(Step(now_ns=2))
    store.close()
    (row,) = stores.table(store_url, SENSORS)
    assert (json.dumps(row["status"]), row["seen_ns"], row["step"]) == ('{"lost": 3}', 2, 2)
