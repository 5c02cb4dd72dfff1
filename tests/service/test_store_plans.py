"""Pages of flows come from an index that gives their order: what they cost does not grow with the store."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Select, func, literal_column, select, text

from monitor.store.live import LiveStore, Step
from monitor.store.live_tables import TOTALS
from monitor.store.tables import FLOWS, SLICE
from tests.bench.large_store import fill
from tests.bench.store import questions
from tests.support.traffic import Traffic

START_NS = 1_794_182_400 * 10**9


def _plan(connection: Connection, query: Select[Any]) -> str:
    sql = str(query.compile(connection, compile_kwargs={"literal_binds": True}))
    words = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
    return "\n".join(str(row[-1]) for row in connection.execute(text(f"{words} {sql}")))


def _filled(url: str) -> LiveStore:
    store = LiveStore.open(url, "gate-1", version="1", started_ns=1)
    batch = Traffic(200).batch(20_000, START_NS, 10**13)
    store.commit(Step(now_ns=1, records=[batch]))
    if url.startswith("postgresql"):
        store.write(lambda c: c.exec_driver_sql("ANALYZE").close())
    return store


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ("newest flows", "{key}"),
        ("flows of a camera", "ix_flows_run_no_camera_ip_start_ns"),
        ("flows of a rare purpose", "ix_flows_run_no_purpose_start_ns"),
    ],
)
def test_a_page_is_read_in_the_order_of_an_index(store_url: str, asked: str, index: str) -> None:
    store = _filled(store_url)
    query = questions(START_NS)[asked]
    key = "sqlite_autoindex_flows_1" if store_url.startswith("sqlite") else "pk_flows"
    for narrowed in (query, query.where(FLOWS.c.start_ns >= START_NS + 10**12)):
        plan = store.read(lambda c, q=narrowed: _plan(c, q))  # type: ignore[misc]
        assert index.format(key=key) in plan, plan
        # Flows of one and the same time are put in order, never all of them.
        assert "TEMP B-TREE FOR ORDER BY" not in plan
    store.close()


def test_sums_of_a_camera_and_a_flow_by_its_id_have_an_index(store_url: str) -> None:
    store = _filled(store_url)
    t = TOTALS.c
    mine = (t.run_no == 1) & (t.camera_ip == "10.20.0.7") & (t.bucket_ns >= START_NS)
    for query, index in (
        (select(func.sum(t.flows)).where(mine), "ix_totals_run_no_camera_ip_bucket_ns"),
        (
            select(FLOWS).where(
                literal_column(f"(flows.{SLICE})").in_([START_NS >> 40, (START_NS >> 40) + 1]),
                FLOWS.c.flow_id == "00000000000000aa",
            ),
            "ix_flows_slice_flow_id",
        ),
    ):
        assert index in store.read(lambda c, q=query: _plan(c, q))  # type: ignore[misc]
    store.close()


def test_sums_by_camera_of_a_time_with_two_ends_read_that_time_alone(tmp_path: Path) -> None:
    """PostgreSQL decides by the statistics that it makes itself."""
    store = _filled(f"sqlite:///{tmp_path / 'camwatch.db'}")
    t = TOTALS.c
    time = (t.run_no == 1) & (t.bucket_ns >= START_NS) & (t.bucket_ns < START_NS + 10**12)
    query = select(t.camera_ip, func.sum(t.flows)).where(time).group_by(t.camera_ip)
    plan = store.read(lambda c: _plan(c, query))
    store.close()
    assert "USING PRIMARY KEY (run_no=? AND bucket_ns>? AND bucket_ns<?)" in plan


def test_a_store_that_was_filled_without_indices_has_the_same_plans(tmp_path: Path) -> None:
    """SQLite drops the statistics of an index with it."""
    url = f"sqlite:///{tmp_path / 'camwatch.db'}"
    fill(url, flows=1000, cameras=10, days=1)
    store = LiveStore.open(url, "gate-1", version="1", started_ns=1)
    plan = store.read(lambda c: _plan(c, questions(START_NS)["newest flows"]))
    store.close()
    assert "sqlite_autoindex_flows_1" in plan
