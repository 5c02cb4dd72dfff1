"""Inserts that may meet their own row: the one place where dialects differ in SQL."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Dialect, Table
from sqlalchemy.dialects import postgresql, sqlite
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
    """Writes tuples in the order of the table's columns.

    The statement is compiled once and given to the driver as text: SQLAlchemy's handling of the
    parameters of each row costs as much as SQLite's insert. This is right only for columns whose
    values the driver takes as they are: integers and text.
    """

    def __init__(self, table: Table, dialect: Dialect) -> None:
        self._names = [column.name for column in table.columns]
        compiled = statement(table, dialect, keep=False).compile(
            dialect=dialect, column_keys=self._names
        )
        self._sql = str(compiled)
        self._is_positional = dialect.positional
        order = getattr(compiled, "positiontup", None)
        if self._is_positional and order != self._names:
            raise ValueError(f"parameters of {table.name} are not in the order of its columns")

    def write(self, connection: Connection, values: Sequence[tuple[Any, ...]]) -> None:
        """Insert rows, or write over those with the same key."""
        if self._is_positional:
            connection.exec_driver_sql(self._sql, list(values))
        else:
            named = [dict(zip(self._names, row, strict=True)) for row in values]
            connection.exec_driver_sql(self._sql, named)
