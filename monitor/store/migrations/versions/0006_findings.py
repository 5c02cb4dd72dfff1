"""Findings name a few of their flows."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; findings from before it name none."""
    op.add_column("findings", sa.Column("flow_ids", sa.JSON(), nullable=False, server_default="[]"))
