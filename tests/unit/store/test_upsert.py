import pytest
from sqlalchemy import BigInteger, Column, MetaData, Table, Text, create_engine, make_url, select

from monitor.store import upsert

THINGS = Table(
    "things", MetaData(), Column("id", BigInteger, primary_key=True), Column("what", Text)
)

SUMS = Table(
    "sums",
    MetaData(),
    Column("id", Text, primary_key=True),
    Column("many", BigInteger),
    Column("last", BigInteger),
)


def test_a_row_with_the_same_key_is_written_over() -> None:
    engine = create_engine("sqlite://")
    THINGS.create(engine)
    writer = upsert.FastUpsert(THINGS, engine.dialect, upsert.replacing(THINGS))
    with engine.begin() as connection:
        assert writer.write(connection, [(1, "old"), (2, "other")]) == 2
        assert writer.write(connection, [(1, "new")]) == 1
        assert writer.write(connection, []) == 0
        assert connection.execute(select(THINGS).order_by(THINGS.c.id)).all() == [
            (1, "new"),
            (2, "other"),
        ]
    engine.dispose()


def test_a_row_that_is_kept_does_not_count_as_written(store_url: str) -> None:
    engine = create_engine(store_url)
    THINGS.create(engine)
    writer = upsert.FastUpsert(THINGS, engine.dialect, upsert.KEEPING)
    with engine.begin() as connection:
        assert writer.write(connection, [(1, "first"), (1, "second"), (2, "other")]) == 2
        assert writer.write(connection, [(1, "third"), (3, "new")]) == 1
        rows = connection.execute(select(THINGS).order_by(THINGS.c.id)).all()
    engine.dispose()
    assert [row.id for row in rows] == [1, 2, 3]
    assert rows[0].what in {"first", "second"}


def test_sums_are_added_and_the_latest_time_stays(store_url: str) -> None:
    engine = create_engine(store_url)
    SUMS.create(engine)
    rules = {"many": upsert.Meeting.ADD, "last": upsert.Meeting.MAX}
    writer = upsert.FastUpsert(SUMS, engine.dialect, rules)
    with engine.begin() as connection:
        writer.write(connection, [("a", 1, 50), ("b", 5, 50)])
        writer.write(connection, [("a", 2, 40)])
        upsert.write(connection, SUMS, [{"id": "b", "many": 1, "last": 60}], rules)
        upsert.write(connection, SUMS, [], rules)
        rows = connection.execute(select(SUMS).order_by(SUMS.c.id)).all()
    engine.dispose()
    assert rows == [("a", 3, 50), ("b", 6, 60)]


@pytest.mark.parametrize(("keep", "end"), [(True, "DO NOTHING"), (False, "what = excluded.what")])
def test_postgresql_gets_its_own_insert(keep: bool, end: str) -> None:
    dialect = make_url("postgresql://").get_dialect()()
    rules = upsert.KEEPING if keep else upsert.replacing(THINGS)
    sql = str(upsert.statement(THINGS, dialect, rules).compile(dialect=dialect))
    assert "ON CONFLICT (id)" in sql
    assert sql.endswith(end)
