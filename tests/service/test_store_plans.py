"""Pages of flows come from an index that gives their order: what they cost does not grow with the store."""

import pytest
from sqlalchemy import Connection, Select, text

from monitor.store.live import LiveStore, Step
from monitor.store.tables import FLOWS
from tests.bench.store import questions
from tests.support.traffic import Traffic

START_NS = 1_794_182_400 * 10**9


def _plan(connection: Connection, query: Select[tuple[object, ...]]) -> str:
    sql = str(query.compile(connection, compile_kwargs={"literal_binds": True}))
    words = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
    return "\n".join(str(row[-1]) for row in connection.execute(text(f"{words} {sql}")))


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ("newest flows", "{key}"),
        ("flows of a camera", "ix_flows_run_no_camera_ip_start_ns_flow_id"),
        ("flows of a rare purpose", "ix_flows_run_no_purpose_start_ns_flow_id"),
    ],
)
def test_a_page_is_read_in_the_order_of_an_index(store_url: str, asked: str, index: str) -> None:
    store = LiveStore.open(store_url, "gate-1", version="1", started_ns=1)
    traffic = Traffic(200)
    store.commit(Step(now_ns=1, records=[traffic.batch(20_000, START_NS, 10**12)]))
    is_sqlite = store_url.startswith("sqlite")
    if not is_sqlite:
        store.write(lambda c: c.exec_driver_sql("ANALYZE flows").close())
    query = questions(START_NS)[asked]
    key = "sqlite_autoindex_flows_1" if is_sqlite else "pk_flows"
    for narrowed in (query, query.where(FLOWS.c.start_ns >= START_NS + 10**11)):
        plan = store.read(lambda c, q=narrowed: _plan(c, q))  # type: ignore[misc]
        assert index.format(key=key) in plan, plan
        assert "TEMP B-TREE" not in plan
        assert "Sort" not in plan
    store.close()
