from sqlalchemy import create_engine, text

from monitor.store import statistics
from monitor.store.maintenance import Maintenance
from monitor.store.tables import METADATA


def test_every_index_that_has_statistics_exists_with_as_many_columns(tmp_path: object) -> None:
    kept = Maintenance(f"sqlite:///{tmp_path}/camwatch.db")
    kept.upgrade()
    kept.close()
    engine = create_engine(f"sqlite:///{tmp_path}/camwatch.db")
    with engine.connect() as connection:
        found = connection.execute(text("SELECT tbl, idx, stat FROM sqlite_stat1")).all()
        for table, index, stat in found:
            # A table that is kept in the order of its key has no index of that name.
            columns = (
                len(METADATA.tables[table].primary_key)
                if index == table
                else len(connection.execute(text(f"PRAGMA index_info('{index}')")).all())
            )
            assert len(stat.split()) <= columns + 1
            assert columns
    engine.dispose()
    assert {(t, i): s for t, i, s in found} == {
        (table, index): stat
        for table, indices in statistics.ROWS.items()
        for index, stat in indices.items()
    }


def test_every_index_of_flows_and_sums_has_statistics() -> None:
    for name in ("flows", "totals"):
        known = set(statistics.ROWS[name])
        assert {str(index.name) for index in METADATA.tables[name].indexes} <= known
