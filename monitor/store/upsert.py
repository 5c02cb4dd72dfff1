"""Inserts that may meet their own row: the one place where dialects differ in SQL."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from sqlalchemy import Column, Connection, Dialect, MetaData, Table, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.dml import Insert

from monitor.store.rows import Row


class Meeting(Enum):
    """What becomes of a column where the row's key is there already."""

    REPLACE = "the new value"
    ADD = "the sum of both"
    MAX = "the larger one"


def replacing(table: Table) -> dict[str, Meeting]:
    """Return the rules by which a new row takes the place of the old one."""
    return {c.name: Meeting.REPLACE for c in table.columns if not c.primary_key}


KEEPING: Mapping[str, Meeting] = {}
"""The rules by which the old row stays as it is."""


def statement(table: Table, dialect: Dialect, rules: Mapping[str, Meeting]) -> Insert:
    """Return an insert that, where the primary key is there already, changes columns by rules."""
    insert: postgresql.Insert | sqlite.Insert
    is_postgresql = dialect.name == "postgresql"
    insert = (postgresql if is_postgresql else sqlite).insert(table)
    keys = [column.name for column in table.primary_key]
    if not rules:
        return insert.on_conflict_do_nothing(index_elements=keys)
    larger = func.greatest if is_postgresql else func.max
    changed: dict[str, Any] = {}
    for name, rule in rules.items():
        old, new = table.c[name], insert.excluded[name]
        match rule:
            case Meeting.REPLACE:
                changed[name] = new
            case Meeting.ADD:
                changed[name] = old + new
            case Meeting.MAX:
                changed[name] = larger(old, new)
    return insert.on_conflict_do_update(index_elements=keys, set_=changed)


def write(
    connection: Connection, table: Table, values: Sequence[Row], rules: Mapping[str, Meeting]
) -> None:
    """Insert rows given by name; where their key is there already, change columns by rules."""
    if values:
        connection.execute(statement(table, connection.dialect, rules), list(values))


class FastUpsert:
    """Writes tuples in the order of the table's columns, past SQLAlchemy's handling of each row.

    That handling costs as much as SQLite's insert. Going past it is right only for columns whose
    values the driver takes as they are: integers and text. SQLite gets the statement compiled
    once; PostgreSQL gets the rows by COPY into a temporary table, and inserts from there: a third
    of the time of arrays that are unnested.
    """

    def __init__(self, table: Table, dialect: Dialect, rules: Mapping[str, Meeting]) -> None:
        names = [column.name for column in table.columns]
        self._is_copied = dialect.name == "postgresql"
        if self._is_copied:
            self._copy_sqls = _copy_statements(table, dialect, rules)
            return
        compiled = statement(table, dialect, rules).compile(dialect=dialect, column_keys=names)
        self._sql = str(compiled)
        if getattr(compiled, "positiontup", None) != names:
            raise ValueError(f"parameters of {table.name} are not in the order of its columns")

    def write(self, connection: Connection, values: Sequence[tuple[Any, ...]]) -> int:
        """Insert rows; where their key is there already, change columns by the rules.

        Returns:
            How many rows were inserted or changed.
        """
        if not values:
            return 0
        if not self._is_copied:
            return connection.exec_driver_sql(self._sql, list(values)).rowcount
        create, empty, copy, insert = self._copy_sqls
        connection.exec_driver_sql(create)
        connection.exec_driver_sql(empty)
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
        return connection.exec_driver_sql(insert).rowcount


def _copy_statements(
    table: Table, dialect: Dialect, rules: Mapping[str, Meeting]
) -> tuple[str, str, str, str]:
    """Return the statements that create a temporary table, empty it, copy into it, insert from it."""
    name = f"incoming_{table.name}"
    incoming = Table(name, MetaData(), *(Column(c.name, c.type) for c in table.columns))
    # Once a connection: a table made for each transaction would swell PostgreSQL's catalogue.
    create = (
        f"CREATE TEMPORARY TABLE IF NOT EXISTS {name} (LIKE {table.name}) ON COMMIT DELETE ROWS"
    )
    # Nothing is left from an earlier transaction, but there may be from earlier in this one.
    empty = f"DELETE FROM {name}"  # noqa: S608 - the name is a table's of ours
    copy = f"COPY {name} ({', '.join(c.name for c in table.columns)}) FROM STDIN"
    # One statement may not write a row twice: of equal keys one is taken.
    keys = [incoming.c[column.name] for column in table.primary_key]
    chosen = select(incoming).ext(distinct_on(*keys))
    insert = statement(table, dialect, rules).from_select(list(incoming.c.keys()), chosen)
    return create, empty, copy, str(insert.compile(dialect=dialect))
