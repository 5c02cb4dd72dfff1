"""What the live sensor says of itself, and sums over flows."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "sensors",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("run_no", sa.Integer(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("started_ns", sa.BigInteger(), nullable=False),
        sa.Column("seen_ns", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_sensors"),
    )
    op.create_table(
        "totals",
        sa.Column("run_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("bucket_ns", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("camera_ip", sa.String(length=45), nullable=False),
        sa.Column("vlan", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("operator_country", sa.String(length=2), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("initiated_by", sa.String(length=16), nullable=False),
        sa.Column("span_s", sa.Integer(), nullable=False),
        sa.Column("flows", sa.BigInteger(), nullable=False),
        sa.Column("out_bytes", sa.BigInteger(), nullable=False),
        sa.Column("in_bytes", sa.BigInteger(), nullable=False),
        sa.Column("last_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "run_no",
            "bucket_ns",
            "camera_ip",
            "vlan",
            "scope",
            "purpose",
            "operator",
            "operator_country",
            "country",
            "outcome",
            "initiated_by",
            name="pk_totals",
        ),
        sqlite_with_rowid=False,
    )
    columns = ["run_no", "camera_ip", "bucket_ns"]
    op.create_index("ix_totals_run_no_camera_ip_bucket_ns", "totals", columns)
