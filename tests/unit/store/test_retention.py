"""What is removed and what stays, on both databases."""

from typing import Any

import pytest
from sqlalchemy import Connection, Table, create_engine

from monitor.store import RunStart, Store, retention
from monitor.store.access_tables import AUDIT, JOBS, SESSIONS
from monitor.store.alert_tables import ALERT_EVENTS, ALERTS, SILENCES, UPDATES
from monitor.store.delivery_tables import DELIVERIES
from monitor.store.live import LiveStore, Step
from monitor.store.live_tables import TOTALS
from monitor.store.retention import Retention
from monitor.store.tables import CAMERAS, DESTINATIONS, EVIDENCE, FINDINGS, FLOWS, METADATA, RUNS
from tests.support import records, stores
from tests.support.traffic import Traffic

DAY_NS = 86_400 * 10**9
NOW_NS = 1_794_182_400 * 10**9
KEPT = Retention(
    flows_days=30,
    totals_days=60,
    alerts_days=90,
    deliveries_days=10,
    audit_days=20,
    replays_days=40,
)


def _prune(url: str, kept: Retention = KEPT) -> dict[str, int]:
    removed: dict[str, int] = {}
    engine = create_engine(url)
    for name, work in retention.works(kept, NOW_NS):
        while True:
            with engine.begin() as connection:
                rows = work(connection)
            if not rows:
                break
            removed[name] = removed.get(name, 0) + rows
    engine.dispose()
    return removed


def _live(url: str, *days: int) -> None:
    """Write a hundred flows of each of these days before now."""
    for day in days:
        store = LiveStore.open(url, "gate-1", version="1", started_ns=NOW_NS - day * DAY_NS)
        at_ns = NOW_NS - day * DAY_NS
        batch = Traffic(10, seed=day).batch(100, at_ns, 3600 * 10**9)
        store.commit(Step(now_ns=at_ns + 1, records=[batch]))
        store.close()


def _insert(url: str, table: Table, *rows: dict[str, Any]) -> None:
    """Insert rows; columns that are not given get something of their type."""
    usual: dict[type, Any] = {int: 0, str: "", object: [], bool: False}
    LiveStore.open(url, "gate-1", version="1", started_ns=1).close()
    engine = create_engine(url)

    def insert(connection: Connection, row: dict[str, Any]) -> None:
        filled = {
            c.name: usual[c.type.python_type]
            for c in table.columns
            if not c.nullable and not (c.primary_key and c.name == "id")
        }
        connection.execute(table.insert().values(filled | row))

    with engine.begin() as connection:
        for row in rows:
            insert(connection, row)
    engine.dispose()


def _values(url: str, table: Table, name: str) -> list[Any]:
    return [row[name] for row in stores.table(url, table)]


@pytest.mark.parametrize("piece", [7, 2000])
def test_flows_and_sums_of_a_sensor_go_by_their_own_time(
    store_url: str, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PIECE", piece)
    _live(store_url, 70, 45, 29, 1)
    removed = _prune(store_url)
    assert removed["flows"] == 200
    assert min(_values(store_url, FLOWS, "start_ns")) >= NOW_NS - 29 * DAY_NS
    assert len(stores.table(store_url, FLOWS)) == 200
    assert min(_values(store_url, TOTALS, "bucket_ns")) >= NOW_NS - 45 * DAY_NS - 3600 * 10**9
    assert sum(_values(store_url, TOTALS, "flows")) == 300
    assert _prune(store_url) == {}


def test_many_flows_of_one_and_the_same_time_go_too(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PIECE", 5)
    store = LiveStore.open(store_url, "gate-1", version="1", started_ns=1)
    store.commit(Step(now_ns=1, records=[Traffic(3).batch(50, NOW_NS - 50 * DAY_NS, 1)]))
    store.close()
    assert _prune(store_url)["flows"] == 50


def test_destinations_and_evidence_go_when_no_flow_can_refer_to_them(store_url: str) -> None:
    _live(store_url, 70, 1)
    needed = set(_values(store_url, FLOWS, "destination_id"))
    _prune(store_url)
    referred = set(_values(store_url, FLOWS, "destination_id"))
    assert set(_values(store_url, DESTINATIONS, "id")) == referred < needed
    assert set(_values(store_url, EVIDENCE, "id")) == set(_values(store_url, FLOWS, "evidence_id"))


def test_what_a_replay_refers_to_stays_however_old_its_packets_are(store_url: str) -> None:
    _live(store_url, 70)
    with Store.open(store_url) as store:
        store.begin_run(RunStart(id="a" * 64, started_ns=NOW_NS - 35 * DAY_NS))
        store.write([records.flow(n)._replace(start_ns=n, end_ns=n) for n in range(20)])
        store.write_devices([records.CAMERA])
        store.finish_run(finished_ns=NOW_NS - 35 * DAY_NS, counters={})
    _prune(store_url)
    assert len(stores.table(store_url, FLOWS)) == 20
    assert len(stores.table(store_url, DESTINATIONS)) == 1
    assert len(stores.table(store_url, EVIDENCE)) == 1
    assert len(stores.table(store_url, CAMERAS)) == 1
    assert sum(_values(store_url, TOTALS, "flows")) == 20


def test_a_replay_goes_as_a_whole_by_the_time_of_its_end(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PIECE", 7)
    for number, days in ((1, 50), (2, 5)):
        with Store.open(store_url) as store:
            store.begin_run(RunStart(id=f"{number:064x}", started_ns=NOW_NS - days * DAY_NS))
            store.write(records.flows(30))
            store.write_devices([records.CAMERA])
            store.write_findings([records.finding()])
            store.finish_run(finished_ns=NOW_NS - days * DAY_NS, counters={})
    first = _values(store_url, RUNS, "no")[0]
    _insert(store_url, ALERTS, {"id": "x", "run_no": first}, {"id": "y", "run_no": first + 1})
    _insert(store_url, ALERT_EVENTS, {"alert_id": "x"}, {"alert_id": "y"})
    _prune(store_url)
    assert _values(store_url, RUNS, "id") == [f"{2:064x}", "sensor:gate-1"]
    for table in (FLOWS, TOTALS, CAMERAS, FINDINGS, ALERTS):
        assert set(_values(store_url, table, "run_no")) == {first + 1}, table.name
    assert _values(store_url, ALERT_EVENTS, "alert_id") == ["y"]


def test_open_alerts_and_pending_deliveries_are_never_removed(store_url: str) -> None:
    old, young = NOW_NS - 500 * DAY_NS, NOW_NS - DAY_NS
    _insert(
        store_url,
        ALERTS,
        {"id": "open", "opened_ns": old},
        {"id": "old", "resolved_ns": old},
        {"id": "young", "resolved_ns": young},
    )
    _insert(store_url, ALERT_EVENTS, *({"alert_id": name} for name in ("open", "old", "young")))
    _insert(
        store_url,
        DELIVERIES,
        {"message_id": "a", "state": "pending", "created_ns": old},
        {"message_id": "b", "state": "delivered", "created_ns": old},
        {"message_id": "c", "state": "dead", "created_ns": old},
        {"message_id": "d", "state": "dead", "created_ns": young},
    )
    _prune(store_url)
    assert _values(store_url, ALERTS, "id") == ["open", "young"]
    assert sorted(_values(store_url, ALERT_EVENTS, "alert_id")) == ["open", "young"]
    assert sorted(_values(store_url, DELIVERIES, "message_id")) == ["a", "d"]


def test_what_people_did_goes_after_its_time(store_url: str) -> None:
    old, young = NOW_NS - 100 * DAY_NS, NOW_NS - DAY_NS
    _insert(store_url, AUDIT, {"at_ns": old}, {"at_ns": young})
    _insert(store_url, SILENCES, {"id": "a", "until_ns": old}, {"id": "b", "until_ns": young})
    _insert(
        store_url,
        SESSIONS,
        {"sha256": "a", "expires_ns": young},
        {"sha256": "b", "expires_ns": NOW_NS + 1},
    )
    _insert(
        store_url,
        JOBS,
        {"id": "a", "finished_ns": old},
        {"id": "b", "created_ns": old},
        {"id": "c", "finished_ns": young},
    )
    run_no = _values(store_url, RUNS, "no")[0]
    _insert(
        store_url,
        UPDATES,
        {"run_no": run_no, "flow_id": "a", "at_ns": old},
        {"run_no": run_no, "flow_id": "b", "at_ns": young},
    )
    _prune(store_url)
    assert _values(store_url, AUDIT, "at_ns") == [young]
    assert _values(store_url, SILENCES, "id") == ["b"]
    assert _values(store_url, SESSIONS, "sha256") == ["b"]
    assert _values(store_url, JOBS, "id") == ["c"]
    assert _values(store_url, UPDATES, "flow_id") == ["b"]


def test_cameras_that_were_long_not_seen_go_and_the_others_stay(store_url: str) -> None:
    _live(store_url, 70)
    gone = len(stores.table(store_url, CAMERAS))
    store = LiveStore.open(store_url, "gate-1", version="1", started_ns=NOW_NS)
    store.commit(Step(now_ns=NOW_NS, devices=[records.CAMERA]))
    store.close()
    assert _prune(store_url)["cameras"] == gone
    assert _values(store_url, CAMERAS, "ip") == [records.CAMERA.ip]


def test_every_table_has_a_rule_or_is_bounded_by_something_else() -> None:
    ruled = {name for name, _ in retention.works(KEPT, NOW_NS)}
    with_its_run = {"findings"}
    with_its_alert = {"alert_events"}
    # One row for each sensor, target, token, label that people made; what is learnt the policy bounds.
    bounded = {"sensors", "targets", "tokens", "labels", "learnt"}
    assert ruled | with_its_run | with_its_alert | bounded == set(METADATA.tables)
