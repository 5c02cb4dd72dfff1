"""A PostgreSQL server of our own: started once for a test run, on a socket in a private directory.

Fixtures, for every test through `tests/conftest.py`:

- `store_url`: the URL of an empty database, once on SQLite and once on PostgreSQL;
- `postgres_url`: the URL of an empty PostgreSQL database, for tests of that alone;
- `postgres_server`: the server, for tests that stop it.

Where Debian's ``postgresql-15`` (or another) is not installed those tests skip, and say so.
"""

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

USER = "camwatch"
START_S = 60.0

SETTINGS = (
    # Reached by its socket only: nothing outside this machine, and no port to collide on.
    "listen_addresses=",
    # What is tested is what a killed writer leaves, not what a power failure does.
    "fsync=off",
    "full_page_writes=off",
    "autovacuum=off",
    "shared_buffers=64MB",
    "log_min_messages=fatal",
)


def binaries() -> Path | None:
    """Return the directory of PostgreSQL's server programs, the newest version; None without."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])
    )
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


def _as_somebody(directory: Path) -> list[str]:
    """Return the words in front of a command that must not be root's; gives them the directory."""
    # The server ends with the test run, even when that is killed.
    words = ["setpriv", "--pdeathsig", "INT"]
    if os.geteuid() != 0:
        return words
    names = [entry.pw_name for entry in pwd.getpwall()]
    name = "postgres" if "postgres" in names else "nobody"
    entry = pwd.getpwnam(name)
    os.chown(directory, entry.pw_uid, entry.pw_gid)
    return [*words, f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"]


class Server:
    """A running PostgreSQL in a directory that goes with it."""

    def __init__(self, programs: Path, settings: tuple[str, ...] = SETTINGS) -> None:
        # Short: a socket's path may have 107 bytes.
        self.directory = Path(tempfile.mkdtemp(prefix="camwatch-pg-"))
        self._data = self.directory / "data"
        self._programs = programs
        self._settings = settings
        self._user = _as_somebody(self.directory)
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._run(
            "initdb", "--no-sync", "--auth=trust", f"--username={USER}", "--encoding=UTF8",
            "--no-locale", "-D", str(self._data),
        )  # fmt: skip
        self.start()

    def start(self) -> None:
        """Start the server, or start it again, and wait until it answers."""
        options = [word for setting in self._settings for word in ("-c", setting)]
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - a program of Debian, words of ours
                [*self._user, str(self._programs / "postgres"), "-D", str(self._data),
                 "-k", str(self.directory), *options],
                stdout=log, stderr=log, cwd=self.directory,
            )  # fmt: skip
        deadline = time.monotonic() + START_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"PostgreSQL does not start: {(self.directory / 'log').read_text()}")
            time.sleep(0.05)

    def stop(self, *, at_once: bool = False) -> None:
        """Stop the server: by fast shutdown, or `at_once`, as if it had crashed."""
        if self._process is not None:
            # What these mean to PostgreSQL: a fast shutdown, and an immediate one.
            self._process.send_signal(signal.SIGQUIT if at_once else signal.SIGINT)
            self._process.wait(START_S)
            self._process = None

    def url(self, database: str) -> str:
        """Return the URL of a database of this server."""
        return f"postgresql://{USER}@/{database}?host={self.directory}"

    def create(self) -> str:
        """Make an empty database and return its name."""
        name = f"test_{next(self._numbers)}"
        self._admin(f"CREATE DATABASE {name}")
        return name

    def drop(self, database: str) -> None:
        """Remove a database, whoever is still connected."""
        self._admin(f"DROP DATABASE {database} WITH (FORCE)")

    def close(self) -> None:
        """Stop the server and remove its directory."""
        self.stop(at_once=True)
        shutil.rmtree(self.directory, ignore_errors=True)

    def _admin(self, sql: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql)

    def _answers(self) -> bool:
        ask = [str(self._programs / "pg_isready"), "-q", "-h", str(self.directory)]
        return subprocess.run(ask, check=False).returncode == 0  # noqa: S603 - as above

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(  # noqa: S603 - as above
            [*self._user, str(self._programs / program), *words],
            check=False, capture_output=True, text=True, cwd=self.directory,
        )  # fmt: skip
        if done.returncode:
            pytest.fail(f"{program}: {done.stderr}")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """The server of this test run, started for the first test that needs it."""
    programs = binaries()
    if programs is None:
        pytest.skip("PostgreSQL's server is not installed; apt install postgresql-15")
    server = Server(programs)
    yield server
    server.close()


@pytest.fixture
def postgres_url(postgres_server: Server) -> Iterator[str]:
    """The URL of a PostgreSQL database without tables."""
    name = postgres_server.create()
    yield postgres_server.url(name)
    postgres_server.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without tables: once of each kind that is supported."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'camwatch.db'}"
    return str(request.getfixturevalue("postgres_url"))
