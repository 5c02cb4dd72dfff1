"""Inserts that may meet their own row: the one place where dialects differ in SQL."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Connection, Dialect, MetaData, Table, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.dml import Insert

from monitor.store.rows import Row


def statement(table: Table, dialect: Dialect, *, keep: bool) -> Insert:
    """Return an insert that, where the primary key is there already, keeps or replaces the row."""
    insert: postgresql.Insert | sqlite.Insert
    insert = (postgresql if dialect.name == "postgresql" else sqlite).insert(table)
    keys = [column.name for column in table.primary_key]
    if keep:
        return insert.on_conflict_do_nothing(index_elements=keys)
    changed = {c.name: insert.excluded[c.name] for c in table.columns if not c.primary_key}
    return insert.on_conflict_do_update(index_elements=keys, set_=changed)


def share(connection: Connection, table: Table, values: Sequence[Row]) -> None:
    """Insert rows whose key is a hash of the rest: a row that is there already is the same row."""
    if values:
        connection.execute(statement(table, connection.dialect, keep=True), list(values))


class FastUpsert:
    """Writes tuples in the order of the table's columns, past SQLAlchemy's handling of each row.

    That handling costs as much as SQLite's insert. Going past it is right only for columns whose
    values the driver takes as they are: integers and text. SQLite gets the statement compiled
    once; PostgreSQL gets the rows by COPY into a temporary table, and inserts from there.
    """

    def __init__(self, table: Table, dialect: Dialect) -> None:
        names = [column.name for column in table.columns]
        self._is_copied = dialect.name == "postgresql"
        if self._is_copied:
            self._copy_sqls = _copy_statements(table, dialect)
            return
        compiled = statement(table, dialect, keep=False).compile(dialect=dialect, column_keys=names)
        self._sql = str(compiled)
        if getattr(compiled, "positiontup", None) != names:
            raise ValueError(f"parameters of {table.name} are not in the order of its columns")

    def write(self, connection: Connection, values: Sequence[tuple[Any, ...]]) -> None:
        """Insert rows, or write over those with the same key."""
        if not self._is_copied:
            connection.exec_driver_sql(self._sql, list(values))
            return
        create, copy, insert = self._copy_sqls
        connection.exec_driver_sql(create)
        cursor: Any = connection.connection.cursor()
        try:
            with cursor.copy(copy) as stream:
                for row in values:
                    stream.write_row(row)
        except connection.dialect.loaded_dbapi.Error as error:
            # SQLAlchemy wraps what goes through it; what goes past it is wrapped here.
            raise DBAPIError(copy, None, error) from error
        finally:
            cursor.close()
        connection.exec_driver_sql(insert)


def _copy_statements(table: Table, dialect: Dialect) -> tuple[str, str, str]:
    """Return the statements that create a temporary table, copy into it, and insert from it."""
    name = f"incoming_{table.name}"
    incoming = Table(name, MetaData(), *(Column(c.name, c.type) for c in table.columns))
    create = f"CREATE TEMPORARY TABLE {name} (LIKE {table.name}) ON COMMIT DROP"
    copy = f"COPY {name} ({', '.join(c.name for c in table.columns)}) FROM STDIN"
    # One statement may not write a row twice: of equal keys one is taken.
    keys = [incoming.c[column.name] for column in table.primary_key]
    chosen = select(incoming).ext(distinct_on(*keys))
    insert = statement(table, dialect, keep=False).from_select(list(incoming.c.keys()), chosen)
    return create, copy, str(insert.compile(dialect=dialect))
