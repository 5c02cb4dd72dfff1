"""Pages of flows that several indices, or several runs, each have in order."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from monitor.language import Where, parse
from monitor.store import RunStart, Store
from monitor.store import engine as engines
from monitor.store.reading import flows, scope
from monitor.store.reading.reader import Reader
from tests.support import records

EVERY_CAMERA = "camera in (10.20.3.11, 10.20.3.12)"


@pytest.fixture
def two_runs(store_url: str) -> str:
    """Flows 0 to 199, one a second, in turns of two runs and two cameras."""
    for of_run in (0, 1):
        with Store.open(store_url) as store:
            store.begin_run(RunStart(id=f"run-{of_run}", started_ns=1, versions={}))
            store.write(records.flow(number) for number in range(of_run, 200, 2))
            store.finish_run(finished_ns=2, counters={})
    return store_url


@pytest.mark.parametrize("text", [None, EVERY_CAMERA, "name ~ *", "out_bytes > 0"])
@pytest.mark.parametrize("sort", ["-start", "start"])
def test_pages_over_several_runs_hold_every_flow_once_in_order(
    two_runs: str, text: str | None, sort: str
) -> None:
    reader = Reader(engines.parse(two_runs), 10)
    tree = None if text is None else parse(text, Where.FLOW)
    found: list[int] = []
    after = None
    for _ in range(5):
        with reader.connect() as connection:
            everything = scope.resolve(connection, None, None, None)
            assert everything is not None
            page = flows.flows(connection, everything, tree=tree, sort=sort, after=after, limit=47)
        found += [int(row["flow_id"], 16) for row in page.rows]
        after = page.next
    reader.close()
    assert after is None
    assert found == sorted(range(200), reverse=sort == "-start")


@pytest.mark.parametrize("text", [None, EVERY_CAMERA])
def test_flows_of_several_runs_are_merged_not_sorted(tmp_path: Path, text: str | None) -> None:
    """SQLite would read all flows of both runs to sort them."""
    url = f"sqlite:///{tmp_path / 'camwatch.db'}"
    for run in ("a", "b"):
        with Store.open(url) as store:
            store.begin_run(RunStart(id=run, started_ns=1, versions={}))
            store.finish_run(finished_ns=2, counters={})
    reader = Reader(engines.parse(url), 10)
    tree = None if text is None else parse(text, Where.FLOW)
    asked: list[tuple[str, Any]] = []

    def note(*told: Any) -> None:
        asked.append((told[2], told[3]))

    with reader.connect() as connection:
        everything = scope.resolve(connection, None, None, None)
        assert everything is not None
        event.listen(reader._engine, "before_cursor_execute", note)
        flows.flows(connection, everything, tree=tree)
        event.remove(reader._engine, "before_cursor_execute", note)
        sql, values = asked[-1]
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)]
    reader.close()
    assert "MERGE (UNION ALL)" in plan
    # Those of a page, once they are found.
    assert plan.count("USE TEMP B-TREE FOR ORDER BY") == 1
