"""Connections that only read: several at once, each question bounded in time."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import QueuePool

from monitor.errors import StoreError
from monitor.store import engine as engines
from monitor.store.reading.elements import SQLITE_FUNCTION, in_network

CONNECTIONS = 8
"""Questions at once. More only wait for one another on the cores that there are."""

PRAGMAS = (
    "query_only=ON",
    # 16 MiB for each connection, where the writer has 64.
    "cache_size=-16384",
    # Pages that are in the system's cache are read without copying them.
    "mmap_size=1073741824",
    "temp_store=MEMORY",
)

STEPS = 5_000
"""Steps of SQLite's machine between looks at the time: about a millisecond."""


class SlowQueryError(StoreError):
    """The question took longer than is allowed."""


class BusyStoreError(StoreError):
    """All connections are in use."""


class Reader:
    """A store that is read, by many threads."""

    def __init__(self, url: URL, timeout_s: float, connections: int = CONNECTIONS) -> None:
        self.url = url
        self._timeout_s = timeout_s
        self._is_sqlite = url.get_backend_name() == "sqlite"
        if self._is_sqlite and url.database in (None, "", ":memory:"):
            raise StoreError(
                f"store {url}: a database in memory belongs to one process; give sqlite:///FILE"
            )
        special: dict[str, Any] = {"check_same_thread": False} if self._is_sqlite else {}
        self._engine = create_engine(
            url,
            json_serializer=engines.as_json,
            json_deserializer=engines.from_json,
            poolclass=QueuePool,
            pool_size=connections,
            max_overflow=0,
            pool_timeout=timeout_s,
            pool_pre_ping=not self._is_sqlite,
            connect_args=special,
        )
        if self._is_sqlite:
            event.listen(self._engine, "connect", _prepare)
            event.listen(self._engine, "begin", _begin)

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """Yield a connection that sees one state of the store throughout.

        Raises:
            SlowQueryError: A statement took longer than the limit.
            BusyStoreError: No connection became free in time.
            StoreError: The database does not do its part.
        """
        try:
            with engines.explained(self.url), self._engine.connect() as connection:
                if self._is_sqlite:
                    with _deadline(connection, self._timeout_s):
                        yield connection
                else:
                    # One state for all statements, as SQLite gives it anyway.
                    reading = connection.execution_options(
                        isolation_level="REPEATABLE READ", postgresql_readonly=True
                    )
                    reading.execute(
                        text("SELECT set_config('statement_timeout', :ms, true)"),
                        {"ms": str(int(self._timeout_s * 1000))},
                    )
                    yield reading
        except PoolTimeoutError as error:
            raise BusyStoreError(
                "store: every connection is in use; try again in a moment"
            ) from error
        except StoreError as error:
            if is_interrupted(error.__cause__):
                raise SlowQueryError(
                    f"question: it took longer than {self._timeout_s:g} s; "
                    "ask for a shorter time, or filter by what is rarer"
                ) from error
            raise

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()


def is_interrupted(error: BaseException | None) -> bool:
    """Return whether a statement was ended because it took too long."""
    if not isinstance(error, DBAPIError):
        return False
    message = str(error.orig)
    return message == "interrupted" or "statement timeout" in message


def _prepare(connection: Any, _: Any) -> None:
    # As in `engine`: transactions begin when we say so.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
    connection.create_function(SQLITE_FUNCTION, 2, in_network, deterministic=True)


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


@contextmanager
def _deadline(connection: Connection, seconds: float) -> Iterator[None]:
    driver: Any = connection.connection.driver_connection
    end = time.monotonic() + seconds
    driver.set_progress_handler(lambda: time.monotonic() > end, STEPS)
    try:
        yield
    finally:
        driver.set_progress_handler(None, 0)
