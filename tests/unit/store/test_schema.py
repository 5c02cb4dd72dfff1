import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Table

from monitor.errors import StoreError
from monitor.store import (
    access_tables,
    alert_tables,
    delivery_tables,
    engine,
    live_tables,
    schema,
    tables,
)
from monitor.store.tables import METADATA

MODULES = (tables, live_tables, alert_tables, delivery_tables, access_tables)
"""Every module that defines tables: importing it makes them known to `METADATA`."""


def _upgrade(path: Path) -> None:
    url = engine.parse(f"sqlite:///{path}")
    database = engine.connect(url)
    try:
        schema.upgrade(database, url)
    finally:
        database.dispose()


def _tables(path: Path) -> set[str]:
    connection = sqlite3.connect(path)
    try:
        found = connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        )
        # SQLite's own table keeps the highest id of tables whose ids rise for ever.
        return {name for (name,) in found} - {"sqlite_sequence"}
    finally:
        connection.close()


def _execute(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_an_empty_database_gets_all_tables(tmp_path: Path) -> None:
    _upgrade(tmp_path / "new.db")
    assert _tables(tmp_path / "new.db") == {
        "camwatch_schema",
        *("runs", "cameras", "destinations", "evidence", "flows", "findings"),
        *("sensors", "totals"),
        *("alerts", "alert_events", "silences", "learnt", "updates"),
        *("deliveries", "targets"),
        *("tokens", "sessions", "audit", "labels", "jobs"),
    }


def test_every_table_stands_in_a_module_that_the_migrations_are_compared_with() -> None:
    made = {
        value.name
        for module in MODULES
        for value in vars(module).values()
        if isinstance(value, Table)
    }
    assert made == set(METADATA.tables)


# Neither SQLAlchemy nor Alembic reads back an index of an expression; the claim below looks at it.
@pytest.mark.filterwarnings("ignore:.*expression-based index")
def test_the_migrations_lead_to_the_tables_that_the_program_writes() -> None:
    url = engine.parse("sqlite://")
    database = engine.connect(url)
    schema.upgrade(database, url)
    with database.connect() as connection:
        options = {"version_table": schema.VERSION_TABLE, "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, METADATA) == []
        sql = "SELECT sql FROM sqlite_schema WHERE name = 'ix_flows_slice_flow_id'"
        made = connection.exec_driver_sql(sql).scalar_one()
        assert made.endswith("ON flows ((start_ns >> 40), flow_id)")
    database.dispose()


def test_an_up_to_date_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "same.db"
    _upgrade(path)
    before = path.stat().st_mtime_ns
    _upgrade(path)
    assert path.stat().st_mtime_ns == before


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "newer.db"
    _upgrade(path)
    _execute(path, "UPDATE camwatch_schema SET version_num = '9999'")
    with pytest.raises(StoreError, match=r"schema 9999 is newer than 0007.*update camwatch"):
        _upgrade(path)


def test_tables_of_another_program_are_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    _execute(path, "CREATE TABLE songs (title TEXT)")
    with pytest.raises(StoreError, match=r"tables of another program \(songs\)"):
        _upgrade(path)
    assert _tables(path) == {"songs"}


def test_an_upgrade_that_breaks_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "migrations"
    (broken / "versions").mkdir(parents=True)
    env = (schema.MIGRATIONS / "env.py").read_text()
    (broken / "env.py").write_text(env)
    (broken / "script.py.mako").touch()
    (broken / "versions" / "0001.py").write_text(
        "from alembic import op\nimport sqlalchemy as sa\n"
        "revision, down_revision = '0001', None\n"
        "def upgrade():\n"
        "    op.create_table('runs', sa.Column('no', sa.Integer))\n"
        "    raise RuntimeError('power cut')\n"
    )
    monkeypatch.setattr(schema, "MIGRATIONS", broken)
    with pytest.raises(RuntimeError, match="power cut"):
        _upgrade(tmp_path / "half.db")
    assert _tables(tmp_path / "half.db") == set()
