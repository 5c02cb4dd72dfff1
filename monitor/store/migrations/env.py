"""Runs the steps on the connection that `monitor.store.schema` hands over; Alembic imports this file."""

from alembic import context

from monitor.store.schema import VERSION_TABLE
from monitor.store.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
    # SQLite takes part in this because `engine` begins transactions itself.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
