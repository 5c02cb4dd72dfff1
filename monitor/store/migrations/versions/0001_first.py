"""The first schema: runs, cameras, destinations, evidence, flows, findings."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _numbers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger, nullable=False) for name in names]


def _address(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(45), nullable=False)


def _port(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)


def _json(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.JSON, nullable=False) for name in names]


def _run_no(table: str) -> tuple[sa.Column[int], sa.ForeignKeyConstraint]:
    column = sa.Column("run_no", sa.Integer, nullable=False, autoincrement=False)
    key = sa.ForeignKeyConstraint(["run_no"], ["runs.no"], f"fk_{table}_run_no", ondelete="CASCADE")
    return column, key


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "runs",
        sa.Column("no", sa.Integer, nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        *_text("state"),
        *_numbers("started_ns"),
        sa.Column("finished_ns", sa.BigInteger),
        *_json("inputs", "versions", "counters"),
        sa.PrimaryKeyConstraint("no", name="pk_runs"),
        sa.UniqueConstraint("id", name="uq_runs_id"),
    )
    op.create_table(
        "cameras",
        *_run_no("cameras"),
        _address("ip"),
        sa.Column("vlan", sa.Integer),
        *_text("mac", "oui", "maker", "brand", "model", "firmware", "kind", "confidence"),
        *_json("signals"),
        *_numbers("used_ns"),
        sa.PrimaryKeyConstraint("run_no", "ip", name="pk_cameras"),
    )
    op.create_table(
        "destinations",
        sa.Column("id", sa.BigInteger, nullable=False, autoincrement=False),
        _address("ip"),
        _port("port"),
        *_text("name", "name_source", "country"),
        *_numbers("asn"),
        *_text("as_org", "operator", "operator_country", "hosting", "hosting_country"),
        *_numbers("used_ns"),
        sa.PrimaryKeyConstraint("id", name="pk_destinations"),
    )
    op.create_table(
        "evidence",
        sa.Column("id", sa.BigInteger, nullable=False, autoincrement=False),
        *_json("items"),
        *_numbers("used_ns"),
        sa.PrimaryKeyConstraint("id", name="pk_evidence"),
    )
    _create_flows()
    op.create_table(
        "findings",
        *_run_no("findings"),
        sa.Column("position", sa.Integer, nullable=False, autoincrement=False),
        *_text("rule", "severity", "title"),
        _address("camera_ip"),
        *_text("explanation"),
        *_numbers("first_ns", "last_ns", "flows"),
        *_json("evidence"),
        sa.PrimaryKeyConstraint("run_no", "position", name="pk_findings"),
    )


def _create_flows() -> None:
    op.create_table(
        "flows",
        sa.Column("run_no", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("start_ns", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("flow_id", sa.String(32), nullable=False),
        *_text("community_id"),
        *_numbers("end_ns"),
        sa.Column("vlan", sa.Integer),
        *_text("scope", "protocol", "service"),
        _address("camera_ip"),
        *_numbers("destination_id"),
        *_text("initiated_by", "outcome"),
        _address("orig_ip"),
        _port("orig_port"),
        *_numbers("orig_packets", "orig_bytes"),
        _address("resp_ip"),
        _port("resp_port"),
        *_numbers("resp_packets", "resp_bytes"),
        *_text("purpose", "confidence"),
        *_numbers("evidence_id"),
        sa.PrimaryKeyConstraint("run_no", "start_ns", "flow_id", name="pk_flows"),
    )
    op.create_index("ix_flows_flow_id", "flows", ["flow_id"])
    for column in ("camera_ip", "purpose", "destination_id"):
        columns = ["run_no", column, "start_ns"]
        op.create_index(f"ix_flows_{'_'.join(columns)}", "flows", columns)
