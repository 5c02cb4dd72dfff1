import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from monitor.errors import StoreError
from monitor.store.live import LiveStore, Step
from monitor.store.maintenance import Maintenance
from monitor.store.retention import Retention
from tests.support import stores
from tests.support.traffic import Traffic

HOUR_NS = 3600 * 10**9
DAY_NS = 24 * HOUR_NS
NOW_NS = 1_794_182_400 * 10**9


def _fill(url: str, *days: int, flows: int = 400) -> None:
    store = LiveStore.open(url, "gate-1", version="1.2", started_ns=NOW_NS)
    traffic = Traffic(10)
    for day in days:
        at_ns = NOW_NS - day * DAY_NS
        store.commit(Step(now_ns=at_ns, records=[traffic.batch(flows, at_ns, 6 * HOUR_NS)]))
    store.close()


def _execute(url: str, sql: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(sql))
    engine.dispose()


@pytest.mark.parametrize("is_full", [False, True])
def test_a_store_that_is_sound_has_no_faults(store_url: str, is_full: bool) -> None:
    _fill(store_url, 40, 2, 1)
    kept = Maintenance(store_url)
    kept.prune(Retention(), NOW_NS)
    state = kept.check(is_full=is_full)
    kept.close()
    assert state.faults == ()
    assert (state.flows, [sensor.name for sensor in state.sensors]) == (800, ["gate-1"])
    assert state.first_ns is not None
    assert NOW_NS - 2 * DAY_NS <= state.first_ns < NOW_NS
    assert state.bytes > 100_000


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        ("DELETE FROM destinations", "flows refer to rows of destinations that are not there"),
        ("DELETE FROM evidence", "flows refer to rows of evidence that are not there"),
        (
            "UPDATE totals SET out_bytes = out_bytes + 1",
            "the sums of 5 hours, of 5 that were compared, differ",
        ),
        ("DELETE FROM totals", "the sums of 5 hours, of 5 that were compared, differ"),
    ],
)
def test_what_does_not_agree_is_a_fault(store_url: str, damage: str, fault: str) -> None:
    _fill(store_url, 1)
    _execute(store_url, damage)
    kept = Maintenance(store_url)
    (found,) = kept.check().faults
    kept.close()
    assert fault in found


def test_a_damaged_file_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "camwatch.db"
    _fill(f"sqlite:///{path}", 1, flows=3000)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (root,) = connection.execute(
        "SELECT rootpage FROM sqlite_schema WHERE name = 'ix_flows_slice_flow_id'"
    ).fetchone()
    connection.close()
    with path.open("r+b") as file:
        file.seek((root - 1) * 4096 + 12)
        file.write(b"\xff" * 200)
    kept = Maintenance(f"sqlite:///{path}")
    assert any("SQLite finds its file damaged" in fault for fault in kept.check().faults)
    kept.close()


def test_space_that_retention_freed_is_given_back(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'camwatch.db'}"
    _fill(url, 40, flows=5000)
    kept = Maintenance(url)
    assert kept.prune(Retention(), NOW_NS)["flows"] == 5000
    assert kept.check().free_bytes > 1_000_000
    before, after = kept.vacuum()
    assert after < before / 4
    assert kept.check(is_full=True).faults == ()
    kept.close()


def test_postgresql_is_vacuumed_too(postgres_url: str) -> None:
    _fill(postgres_url, 40, 1)
    kept = Maintenance(postgres_url)
    kept.prune(Retention(), NOW_NS)
    before, after = kept.vacuum()
    kept.close()
    assert before > 0 < after


def test_pruning_counts_what_it_removed_and_then_finds_nothing(store_url: str) -> None:
    _fill(store_url, 40, 1)
    kept = Maintenance(store_url)
    removed = kept.prune(Retention(), NOW_NS)
    assert removed["flows"] == 400
    assert removed["joined"] > 0
    assert not kept.prune(Retention(), NOW_NS)
    kept.close()
    assert sum(flows for flows, _ in stores.totals_by_camera(store_url).values()) == 800


def test_a_schema_is_created_and_then_up_to_date(store_url: str) -> None:
    kept = Maintenance(store_url)
    before, after = kept.upgrade()
    assert before == ""
    assert kept.upgrade() == (after, after)
    assert kept.require() == after
    kept.close()


def test_a_store_without_our_schema_is_to_be_upgraded_first(postgres_url: str) -> None:
    kept = Maintenance(postgres_url)
    with pytest.raises(StoreError, match=r"its schema is not there yet.*run 'camwatch db upgrade'"):
        kept.require()
    kept.close()


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    kept = Maintenance(f"sqlite:///{tmp_path}/none.db")
    with pytest.raises(StoreError, match="there is no such file; name another one"):
        kept.require()
    kept.close()
    assert not (tmp_path / "none.db").exists()


def test_a_backup_is_the_store_of_one_moment_while_a_sensor_writes(tmp_path: Path) -> None:
    url, copy = f"sqlite:///{tmp_path / 'camwatch.db'}", tmp_path / "copy.db"
    _fill(url, 1)
    writer = LiveStore.open(url, "gate-1", version="1.2", started_ns=NOW_NS)
    kept = Maintenance(url)

    def in_between(_: object) -> None:
        assert kept.backup(copy) == copy.stat().st_size

    batch = Traffic(10, 2).batch(50, NOW_NS, HOUR_NS)
    writer.commit(Step(now_ns=NOW_NS, records=[batch], writes=[in_between]))
    writer.close()
    kept.close()
    copied = Maintenance(f"sqlite:///{copy}")
    assert (copied.check(is_full=True).flows, copied.check().faults) == (400, ())
    copied.close()


def test_a_backup_over_a_file_or_of_postgresql_is_refused(
    tmp_path: Path, postgres_url: str
) -> None:
    url = f"sqlite:///{tmp_path / 'camwatch.db'}"
    _fill(url, 1)
    for store, target, why in (
        (url, tmp_path / "camwatch.db", "it is there already; name a new file"),
        (url, tmp_path / "none" / "copy.db", "name a file that can be written"),
        (postgres_url, tmp_path / "copy.db", "use pg_dump"),
    ):
        kept = Maintenance(store)
        with pytest.raises(StoreError, match=why):
            kept.backup(target)
        kept.close()
