from pathlib import Path

import pytest

from monitor.store import RunStart, Store
from monitor.store.engine import parse
from monitor.store.reading import flows
from monitor.store.reading.reader import Reader
from tests.support import records

YEAR_NS = 365 * 86_400 * 10**9


def _put(url: str, run: str, *starts: tuple[int, int]) -> None:
    with Store.open(url) as store:
        store.begin_run(RunStart(id=run, started_ns=1, versions={}))
        store.write(
            records.flow(number)._replace(start_ns=start_ns, end_ns=start_ns + 1)
            for number, start_ns in starts
        )
        store.finish_run(finished_ns=2, counters={})


def _start(url: str, run: str | None, number: int) -> int | None:
    reader = Reader(parse(url), 10)
    with reader.connect() as connection:
        found = flows.flow(connection, run, f"{number:016x}")
    reader.close()
    return None if found is None else int(found["start_ns"])


@pytest.mark.parametrize("years", [0, 2, 200], ids=["a moment", "two years", "a broken clock"])
def test_a_flow_is_found_by_its_id_whatever_time_its_run_spans(tmp_path: Path, years: int) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    late_ns = 5 + years * YEAR_NS
    _put(url, "a", (1, 5), (2, late_ns))
    assert _start(url, None, 1) == 5
    assert _start(url, "a", 2) == late_ns
    assert _start(url, "a", 3) is None
    assert _start(url, "b", 1) is None


def test_of_several_runs_the_newest_one_that_has_it_is_taken(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    _put(url, "old", (1, 3 * YEAR_NS))
    _put(url, "new", (1, YEAR_NS))
    assert _start(url, None, 1) == YEAR_NS
    assert _start(url, "old", 1) == 3 * YEAR_NS
