"""Brings a database to the newest schema, or refuses it."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, func, inspect, select, text
from sqlalchemy.engine import URL

from monitor.errors import StoreError
from monitor.store import statistics

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "camwatch_schema"
"""Alembic's own default name would not tell our databases from those of other programs."""

LOCK = 0x63616D77
"""Number of PostgreSQL's advisory lock around an upgrade; any number, the same in every version."""


def configuration() -> Config:
    """Return the configuration that Alembic would otherwise read from an ini file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def upgrade(engine: Engine, url: URL) -> None:
    """Create the schema in an empty database, or bring an older one of ours up to date.

    One transaction: it is done altogether or not at all.

    Raises:
        StoreError: The database has a newer schema, or tables of another program.
    """
    config = configuration()
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            # SQLite's BEGIN IMMEDIATE lets one process in at a time; here a lock has to be taken.
            connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
        present = revision(connection, url)
        scripts = ScriptDirectory.from_config(config)
        head = scripts.get_current_head()
        if present == head:
            return
        known = {script.revision for script in scripts.walk_revisions()}
        if present and present not in known:
            raise StoreError(
                f"store {url}: its schema {present} is newer than {head}, the newest that this "
                "camwatch knows; update camwatch, or name another database"
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        if connection.dialect.name == "sqlite":
            statistics.write(connection)


def newest() -> str:
    """Return the revision that this program writes."""
    return ScriptDirectory.from_config(configuration()).get_current_head() or ""


def revision(connection: Connection, url: URL) -> str:
    """Return the revision of the schema, empty where the database is.

    Raises:
        StoreError: It holds tables of another program.
    """
    tables = inspect(connection).get_table_names()
    if VERSION_TABLE in tables:
        # The name is a constant of this module.
        query = text(f"SELECT version_num FROM {VERSION_TABLE}")  # noqa: S608 - see above
        return connection.execute(query).scalar() or ""
    if tables:
        raise StoreError(
            f"store {url}: it holds tables of another program ({', '.join(sorted(tables)[:3])}); "
            "name a database of its own"
        )
    return ""
