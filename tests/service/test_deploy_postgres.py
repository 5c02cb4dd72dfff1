"""The database of the compose file: camwatch makes its tables, the boards read theirs and nothing else."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.support import boards, postgres
from tests.support.compose import DEPLOY
from tests.support.shared import ROOT

GRANTED = {"flows", "destinations", "cameras", "runs", "totals", "updates"}
SAMPLE = ROOT / "pcaps" / "a-hikvision-camera-keeps-its-cloud-connections" / "input.pcap"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the socket's directory of a server that was set up by the script, with one replay in it."""
    programs = postgres.binaries()
    if programs is None:
        pytest.skip("PostgreSQL is not installed")
    with pytest.MonkeyPatch.context() as patch:
        # As in the image: the superuser is postgres, and camwatch is made by the script.
        patch.setattr(postgres, "USER", "postgres")
        server = postgres.Server(programs)
        secrets = tmp_path_factory.mktemp("secrets")
        for name in ("postgres_password", "grafana_db_password"):
            (secrets / name).write_text(f"it's {name}")
        environment = os.environ | {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "PGHOST": str(server.directory),
            "SECRETS": str(secrets),
        }
        try:
            _passes(["sh", str(DEPLOY / "compose/postgres/10-roles.sh")], environment)
            store = f"postgresql://camwatch@/camwatch?host={server.directory}"
            _passes(
                [sys.executable, "-m", "monitor", "replay", str(SAMPLE), "--store", store],
                environment,
            )
            yield server.directory
        finally:
            server.close()


def _passes(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(  # noqa: S603  # our own script and program
        command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _as(user: str, folder: Path) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(f"postgresql://{user}@/camwatch?host={folder}")


@pytest.mark.parametrize("one", boards.asked("rawSql"), ids=lambda one: one.name)
def test_a_panel_gets_rows(folder: Path, one: boards.Asked) -> None:
    with _as("grafana", folder) as connection:
        cameras = connection.execute("SELECT DISTINCT ip FROM cameras").fetchall()
        quoted = ", ".join(f"'{ip}'" for (ip,) in cameras)
        text = boards.sql(
            one.target["rawSql"], from_ns=0, to_ns=2**62, span_s=60, runs="'1'", cameras=quoted
        )
        cursor = connection.execute(text.encode())
        rows = cursor.fetchall()
        headings = [column.name for column in cursor.description or ()]
    assert rows or "Empty" in one.panel["description"], text
    if one.target["format"] == "time_series":
        assert headings == ["time", "metric", "value"]
    named = [
        override["matcher"]["options"]
        for override in one.panel["fieldConfig"]["overrides"]
        if one.target["format"] == "table"
    ]
    assert set(named) <= set(headings)


@pytest.mark.parametrize("file", boards.FILES, ids=lambda path: path.stem)
def test_what_can_be_chosen_is_there(folder: Path, file: Path) -> None:
    for variable in boards.load(file)["templating"]["list"]:
        if isinstance(variable.get("query"), str) and variable["query"].startswith("SELECT"):
            with _as("grafana", folder) as connection:
                asked = variable["query"].replace("$run", "'1'")
                assert connection.execute(asked.encode()).fetchall(), variable["name"]


def test_grafana_reads_its_tables_only(folder: Path) -> None:
    with _as("camwatch", folder) as connection:
        tables = {
            str(name)
            for (name,) in connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            )
        }
    readable = set()
    for table in tables:
        with _as("grafana", folder) as connection:
            try:
                connection.execute(sql.SQL("SELECT 1 FROM {}").format(sql.Identifier(table)))
            except psycopg.errors.InsufficientPrivilege:
                continue
            readable.add(table)
    assert readable == GRANTED
    assert tables > GRANTED


def test_grafana_changes_nothing(folder: Path) -> None:
    with _as("grafana", folder) as connection:
        connection.execute("SET default_transaction_read_only = off")
        connection.commit()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM flows")


def test_passwords_are_those_of_the_files(folder: Path) -> None:
    with _as("postgres", folder) as connection:
        kept = connection.execute(
            "SELECT rolname FROM pg_authid WHERE rolpassword LIKE 'SCRAM-SHA-256$%' ORDER BY 1"
        ).fetchall()
    assert kept == [("camwatch",), ("grafana",)]
