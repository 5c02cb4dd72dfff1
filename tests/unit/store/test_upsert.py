import pytest
from sqlalchemy import BigInteger, Column, MetaData, Table, Text, create_engine, make_url, select

from monitor.store import upsert

THINGS = Table(
    "things", MetaData(), Column("id", BigInteger, primary_key=True), Column("what", Text)
)


def test_a_row_with_the_same_key_is_written_over() -> None:
    engine = create_engine("sqlite://")
    THINGS.create(engine)
    writer = upsert.FastUpsert(THINGS, engine.dialect)
    with engine.begin() as connection:
        writer.write(connection, [(1, "old"), (2, "other")])
        writer.write(connection, [(1, "new")])
        assert connection.execute(select(THINGS).order_by(THINGS.c.id)).all() == [
            (1, "new"),
            (2, "other"),
        ]
    engine.dispose()


def test_a_shared_row_is_kept_as_it_was_first_written() -> None:
    engine = create_engine("sqlite://")
    THINGS.create(engine)
    with engine.begin() as connection:
        upsert.share(connection, THINGS, [{"id": 1, "what": "first"}])
        upsert.share(connection, THINGS, [{"id": 1, "what": "second"}])
        upsert.share(connection, THINGS, [])
        assert connection.execute(select(THINGS)).all() == [(1, "first")]
    engine.dispose()


@pytest.mark.parametrize(("keep", "end"), [(True, "DO NOTHING"), (False, "what = excluded.what")])
def test_postgresql_gets_its_own_insert(keep: bool, end: str) -> None:
    dialect = make_url("postgresql://").get_dialect()()
    sql = str(upsert.statement(THINGS, dialect, keep=keep).compile(dialect=dialect))
    assert "ON CONFLICT (id)" in sql
    assert sql.endswith(end)
