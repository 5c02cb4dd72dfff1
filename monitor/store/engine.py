"""Opens a database by URL, and says in one line what is wrong with it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import StaticPool

from monitor.errors import StoreError

BUSY_TIMEOUT_S = 10.0
"""How long a writer waits for another one. Raising it hides a second sensor on the same file longer."""

TCP_TIMEOUT_MS = 20_000
"""How long PostgreSQL may leave what was sent to it unacknowledged."""

READS = {"camwatch_reads": True}
"""Execution options of a connection that will not write: it does not ask for the write lock."""

DRIVERS = {"postgresql": "psycopg"}

PRAGMAS = (
    # Readers go on while one writes.
    "journal_mode=WAL",
    # May lose the last commits on power failure, never the database; a replay can be repeated.
    "synchronous=NORMAL",
    # 64 MiB. Flow ids are hashes, so their index is written all over: with the default of 2 MiB
    # inserts are a third slower.
    "cache_size=-65536",
    # Pages between checkpoints, ten times the default: a batch of flows is about 600.
    "wal_autocheckpoint=10000",
    # After a burst the log's file is cut back to this.
    "journal_size_limit=67108864",
)
"""Foreign keys stay unchecked in SQLite, where checking them costs a third of the speed: `Store`
writes what is referred to first, in the same transaction. PostgreSQL checks them."""

SQLITE_REMEDIES = (
    # (part of SQLite's message, why, what to do)
    ("file is not a database", "it is not an SQLite database", "name another file"),
    (
        "locked",
        f"another process has been writing to it for {BUSY_TIMEOUT_S:g} s",
        "stop that one, or give each sensor a store of its own",
    ),
    (
        "readonly",
        "it cannot be written",
        "give camwatch write permission for the file and its directory",
    ),
    ("disk is full", "the disk is full", "free space, then repeat the run"),
    ("malformed", "the file is damaged", "restore a copy, or name another file"),
)


def parse(url: str) -> URL:
    """Return a URL of a database that is supported.

    Raises:
        StoreError: It is not a URL, or names another kind of database.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError(
            f"store {url}: this is not a database URL; give sqlite:///FILE or postgresql://USER@HOST/NAME"
        ) from error
    if parsed.get_backend_name() not in ("sqlite", *DRIVERS):
        raise StoreError(
            f"store {parsed}: {parsed.get_backend_name()} is not supported; "
            "give sqlite:///FILE or postgresql://USER@HOST/NAME"
        )
    return parsed


def is_there(url: URL) -> bool:
    """Return whether a database is there to be opened; of a server that is not asked."""
    return url.get_backend_name() != "sqlite" or Path(url.database or "").exists()


def connect(
    url: URL, busy_timeout_s: float = BUSY_TIMEOUT_S, *, is_durable: bool = False
) -> Engine:
    """Return an engine that holds one connection and begins transactions as writers must.

    Args:
        url: A URL that `parse` took.
        busy_timeout_s: How long to wait for another writer (SQLite).
        is_durable: Whether what was committed outlives a power failure, too (SQLite: it waits for
            the disk at every commit; PostgreSQL always does).

    Raises:
        StoreError: The driver is not installed.
    """
    is_sqlite = url.get_backend_name() == "sqlite"
    special: dict[str, Any] = {"json_serializer": as_json, "json_deserializer": from_json}
    if is_sqlite:
        # One connection for the life of the store: an in-memory database lives as long as it does.
        special["poolclass"] = StaticPool
        special["connect_args"] = {"timeout": busy_timeout_s, "check_same_thread": False}
    else:
        special |= {"pool_size": 1, "max_overflow": 1, "pool_pre_ping": True}
        # A server that is gone without a word must not hold up the writer for longer than a lock.
        limits = {"connect_timeout": int(busy_timeout_s) or 1, "tcp_user_timeout": TCP_TIMEOUT_MS}
        special["connect_args"] = {k: v for k, v in limits.items() if k not in url.query}
    try:
        engine = create_engine(url, **special)
    except NoSuchModuleError as error:
        raise StoreError(f"store {url}: {error}; use the default driver") from error
    except ModuleNotFoundError as error:
        raise StoreError(f"store {url}: {_how_to_get(error.name or '')}") from error
    if is_sqlite:
        event.listen(engine, "connect", _prepare_sqlite)
        if is_durable:
            event.listen(engine, "connect", _sync_fully)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _limit_locks(busy_timeout_s))
    return engine


def as_json(value: Any) -> str:
    """Return JSON as the columns of JSON hold it."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def from_json(value: Any) -> Any:
    """Return what a column of JSON holds."""
    # To SQLite a column of JSON is one of numbers where it can be: a bare number comes as one.
    return value if isinstance(value, int | float) else orjson.loads(value)


def _how_to_get(driver: str) -> str:
    if driver.strip("_").startswith("sqlite3"):
        # Python has it by itself: whoever became another user may not read Python any more.
        return (
            f"Python's sqlite3 cannot be loaded by this user; make {sys.base_prefix} readable for "
            "it, or install Python and camwatch elsewhere than in a home directory"
        )
    wanted = "'psycopg[binary]'" if driver == "psycopg" else driver
    return f"the driver {driver} is not installed; pip install {wanted}"


def _prepare_sqlite(connection: Any, _: Any) -> None:
    # Python's sqlite3 would begin transactions late and leave DDL outside of them. Taking that
    # away from it and sending BEGIN ourselves is the way SQLAlchemy documents for pysqlite.
    connection.isolation_level = None
    cursor = connection.cursor()
    if cursor.execute("PRAGMA page_count").fetchone() == (0,):
        # Pages that retention frees can then be given back bit by bit, without a copy of the whole
        # file and without stopping the sensor. To be set before the first table; later it would
        # change nothing, and ask for the write lock to do so.
        cursor.execute("PRAGMA auto_vacuum=INCREMENTAL")
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _limit_locks(busy_timeout_s: float) -> Callable[[Any, Any], None]:
    def limit(connection: Any, _: Any) -> None:
        connection.execute(f"SET lock_timeout = {round(busy_timeout_s * 1000)}")
        connection.commit()

    return limit


def _sync_fully(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA synchronous=FULL").close()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that begins as a reader and writes later can fail at once with "locked",
    # without waiting; a writer therefore asks for the write lock first.
    reads = connection.get_execution_options().get("camwatch_reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


@contextmanager
def explained(url: URL) -> Iterator[None]:
    """Turn what the driver raises into one line for the operator."""
    try:
        yield
    except DBAPIError as error:
        why, remedy = _reason(url, " ".join(str(error.orig).split()))
        raise StoreError(f"store {url}: {why}; {remedy}") from error


def _reason(url: URL, message: str) -> tuple[str, str]:
    if url.get_backend_name() != "sqlite":
        return message, "check address, user, password and that the server runs"
    for part, why, remedy in SQLITE_REMEDIES:
        if part in message:
            return why, remedy
    if "unable to open" in message:
        return _why_not_opened(Path(url.database or ""))
    return message, "see the message of SQLite"


def _why_not_opened(path: Path) -> tuple[str, str]:
    if path.is_dir():
        return "this is a directory", "name a file in it"
    if not path.parent.is_dir():
        return f"there is no directory {path.parent}", "make it, or name another file"
    return (
        "the file cannot be opened",
        "give camwatch write permission for the file and its directory",
    )
