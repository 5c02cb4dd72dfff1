from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from monitor.store.engine import parse
from monitor.store.live import LiveStore, Step
from monitor.store.reading import sums
from monitor.store.reading.reader import Reader
from monitor.store.reading.scope import Scope
from monitor.store.reading.sums import MOST_POINTS, series, step_for
from monitor.store.tables import FLOWS
from tests.support.traffic import Traffic

HOUR_NS = 3600 * 10**9


@pytest.mark.parametrize(
    ("span_ns", "wanted_s", "step_s"),
    [
        (24 * HOUR_NS, None, 600),
        (24 * HOUR_NS, 3600, 3600),
        (24 * HOUR_NS, 1, 600),
        (7 * 24 * HOUR_NS, None, 10_800),
        (60 * 10**9, None, 1),
        (0, None, 1),
        (365 * 24 * HOUR_NS, None, 604_800),
        (1 << 62, None, 30_844_800),
    ],
)
def test_a_step_gives_a_chart_that_can_be_read(
    span_ns: int, wanted_s: int | None, step_s: int
) -> None:
    step_ns = step_for(span_ns, wanted_s)
    assert step_ns == step_s * 10**9
    assert span_ns // step_ns <= MOST_POINTS


@pytest.fixture
def hour(tmp_path: Path) -> Iterator[tuple[Connection, Scope]]:
    """A sensor's store with 600 flows of one hour, and the scope of that hour."""
    url = f"sqlite:///{tmp_path}/camwatch.db"
    start_ns = 1_794_182_400 * 10**9
    store = LiveStore.open(url, "gate-1", version="1", started_ns=1)
    store.commit(Step(now_ns=1, records=[Traffic(20).batch(600, start_ns, HOUR_NS)]))
    store.close()
    reader = Reader(parse(url), 10)
    with reader.connect() as connection:
        yield connection, Scope((1,), ("sensor:gate-1",), start_ns, start_ns + HOUR_NS)
    reader.close()


def _outside(connection: Connection) -> int:
    told = select(func.count()).select_from(FLOWS).where(FLOWS.c.scope == "outside")
    return connection.execute(told).scalar_one()


def test_an_hour_is_shown_by_the_minute_though_sums_are_coarser(
    hour: tuple[Connection, Scope],
) -> None:
    connection, scope = hour
    told = series(connection, scope)
    assert told.step_ns == 60 * 10**9
    assert len({point.at_ns for point in told.points}) > 50
    assert sum(point.flows for point in told.points) == _outside(connection) > 0


def test_a_busy_hour_is_shown_by_its_sums_in_their_own_step(
    hour: tuple[Connection, Scope], monkeypatch: pytest.MonkeyPatch
) -> None:
    connection, scope = hour
    monkeypatch.setattr(sums, "FINE_FLOWS", 100)
    told = series(connection, scope)
    assert told.step_ns == 600 * 10**9
    assert sum(point.flows for point in told.points) == _outside(connection)
