"""Ids of flows are looked up by slice of time."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Exchange the index: a large store is busy with it for some seconds per million flows."""
    op.drop_index("ix_flows_flow_id", "flows")
    op.create_index("ix_flows_slice_flow_id", "flows", [sa.text("(start_ns >> 40)"), "flow_id"])
