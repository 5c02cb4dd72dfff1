from sqlalchemy import func, select

from monitor.store import engine, schema
from monitor.store.shared import Shared
from monitor.store.tables import DESTINATIONS, EVIDENCE
from tests.support import records, stores

HOUR_NS = 3_600_000_000_000


def _write(url: str, shared: Shared) -> None:
    parsed = engine.parse(url)
    database = engine.connect(parsed)
    schema.upgrade(database, parsed)
    with database.begin() as connection:
        shared.write(connection)
    shared.written()
    database.dispose()


def test_equal_ones_have_one_id_and_one_row(store_url: str) -> None:
    shared = Shared()
    shared.at(5 * HOUR_NS + 17)
    ids = {shared.destination(records.destination(n % 3)) for n in range(9)}
    why = shared.evidence(records.verdict().evidence)
    assert why == shared.evidence(records.verdict().evidence)
    _write(store_url, shared)
    assert {
        row["id"]: row["used_ns"] for row in stores.table(store_url, DESTINATIONS)
    } == dict.fromkeys(ids, 5 * HOUR_NS)
    assert [row["id"] for row in stores.table(store_url, EVIDENCE)] == [why]


def test_the_hour_of_the_last_use_is_renewed_and_never_goes_back(store_url: str) -> None:
    shared = Shared()
    for hour, expected in ((5, 5), (7, 7), (6, 7)):
        shared.at(hour * HOUR_NS)
        shared.destination(records.destination())
        _write(store_url, shared)
        assert [row["used_ns"] for row in stores.table(store_url, DESTINATIONS)] == [
            expected * HOUR_NS
        ]


def test_what_was_not_committed_is_written_by_the_next_transaction(store_url: str) -> None:
    shared = Shared()
    shared.at(HOUR_NS)
    shared.destination(records.destination())
    parsed = engine.parse(store_url)
    database = engine.connect(parsed)
    schema.upgrade(database, parsed)
    with database.connect() as connection:
        shared.write(connection)
        connection.rollback()
        assert connection.scalar(select(func.count()).select_from(DESTINATIONS)) == 0
    database.dispose()
    _write(store_url, shared)
    assert len(stores.table(store_url, DESTINATIONS)) == 1
