import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from monitor.errors import StoreError
from monitor.store import engine
from monitor.store.writer import Store


def _open(url: str) -> None:
    Store.open(url, busy_timeout_s=0.05).close()


@pytest.mark.parametrize("url", ["camwatch.db", "", "://", "sqlite"])
def test_what_is_no_url_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(StoreError, match="not a database URL; give sqlite:///FILE"):
        _open(url)


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(StoreError, match="mysql is not supported; give sqlite:///FILE"):
        _open("mysql://root@localhost/camwatch")


def test_an_unknown_driver_is_refused() -> None:
    with pytest.raises(StoreError, match="use the default driver"):
        _open("sqlite+nonsense:///x.db")


@pytest.mark.parametrize(
    ("driver", "told"),
    [
        ("psycopg", r"driver psycopg is not installed; pip install 'psycopg\[binary\]'"),
        ("_sqlite3", "Python's sqlite3 cannot be loaded by this user; make .* readable"),
    ],
)
def test_a_missing_driver_is_named_and_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, driver: str, told: str
) -> None:
    def no_driver(*_: object, **__: object) -> None:
        raise ModuleNotFoundError(f"No module named {driver!r}", name=driver)

    monkeypatch.setattr(engine, "create_engine", no_driver)
    with pytest.raises(StoreError, match=told):
        _open("postgresql://somebody@localhost/camwatch")


def test_a_password_is_not_shown() -> None:
    url = engine.parse("postgresql://camwatch:secret@db.example/camwatch")
    with pytest.raises(StoreError) as caught, engine.explained(url):
        raise DBAPIError("SELECT 1", None, RuntimeError("connection refused"))
    assert str(caught.value) == (
        "store postgresql://camwatch:***@db.example/camwatch: connection refused; "
        "check address, user, password and that the server runs"
    )


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=f"there is no directory {tmp_path}/none; make it"):
        _open(f"sqlite:///{tmp_path}/none/camwatch.db")


def test_a_directory_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="this is a directory; name a file in it"):
        _open(f"sqlite:///{tmp_path}")


def test_a_file_that_cannot_be_opened_asks_for_permission() -> None:
    # /proc is a directory in which nobody, not even root, can make a file.
    with pytest.raises(StoreError, match="cannot be opened; give camwatch write permission"):
        _open("sqlite:////proc/camwatch.db")


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, and long enough to look like one. " * 40)
    before = path.read_bytes()
    with pytest.raises(StoreError, match="it is not an SQLite database; name another file"):
        _open(f"sqlite:///{path}")
    assert path.read_bytes() == before


def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "fixed.db"
    sqlite3.connect(path).close()
    with pytest.raises(StoreError, match="cannot be written; give camwatch write permission"):
        _open(f"sqlite:///file:{path}?mode=ro&uri=true")


def test_a_locked_database_is_refused_after_a_wait(tmp_path: Path) -> None:
    path = tmp_path / "busy.db"
    _open(f"sqlite:///{path}")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match=r"another process has been writing.*store of its own"):
        _open(f"sqlite:///{path}")
    other.execute("ROLLBACK")
    other.close()
    _open(f"sqlite:///{path}")


def test_a_reader_does_not_wait_for_a_writer(tmp_path: Path) -> None:
    path = tmp_path / "shared.db"
    _open(f"sqlite:///{path}")
    database = engine.connect(engine.parse(f"sqlite:///{path}"), 0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with database.connect() as connection:
        reading = connection.execution_options(**engine.READS)
        assert reading.execute(text("SELECT count(*) FROM runs")).scalar_one() == 0
    other.execute("ROLLBACK")
    other.close()
    database.dispose()


def test_sqlite_writes_ahead_and_syncs_normally(tmp_path: Path) -> None:
    database = engine.connect(engine.parse(f"sqlite:///{tmp_path}/modes.db"))
    with database.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar_one() == 1
    database.dispose()
