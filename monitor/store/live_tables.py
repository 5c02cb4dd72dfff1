"""Tables of the live sensor: what it said of itself, and sums that answer without reading flows."""

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, String, Table, Text

from monitor.store.tables import METADATA

SENSORS = Table(
    "sensors",
    METADATA,
    Column("name", String(64), primary_key=True, doc="Name in the settings"),
    Column("run_no", Integer, nullable=False, doc="Row of `runs` that its flows belong to"),
    Column("version", Text, nullable=False, doc="Program version"),
    Column("started_ns", BigInteger, nullable=False, doc="When the process began"),
    Column("seen_ns", BigInteger, nullable=False, doc="When it last wrote this row"),
    Column("step", BigInteger, nullable=False, doc="Number of the last step that was committed"),
    Column("status", JSON, nullable=False, doc="Interfaces, counters, losses, coverage verdicts"),
)

TOTALS = Table(
    "totals",
    METADATA,
    Column("run_no", Integer, primary_key=True, autoincrement=False, doc="Row of `runs`"),
    Column(
        "bucket_ns", BigInteger, primary_key=True, autoincrement=False, doc="Begin of the time span"
    ),
    Column("camera_ip", String(45), primary_key=True, doc="Camera"),
    Column("vlan", Integer, primary_key=True, autoincrement=False, doc="VLAN id; -1: untagged"),
    Column("scope", String(16), primary_key=True, doc="words.Scope"),
    Column("purpose", String(32), primary_key=True, doc="words.Purpose"),
    Column("operator", Text, primary_key=True, doc="Company behind the service; empty: unknown"),
    Column("operator_country", String(2), primary_key=True, doc="Its home; empty: unknown"),
    Column(
        "country", String(2), primary_key=True, doc="Country of the address block; empty: unknown"
    ),
    Column("outcome", String(16), primary_key=True, doc="words.Outcome"),
    Column("initiated_by", String(16), primary_key=True, doc="``camera`` or ``destination``"),
    Column("span_s", Integer, nullable=False, doc="Length of the span: an hour, later a day"),
    Column("flows", BigInteger, nullable=False, doc="Flow records that started in the span"),
    Column("out_bytes", BigInteger, nullable=False, doc="Bytes of the camera"),
    Column("in_bytes", BigInteger, nullable=False, doc="Bytes of the destination"),
    Column("last_ns", BigInteger, nullable=False, doc="Last packet"),
    Index("ix_totals_run_no_camera_ip_bucket_ns", "run_no", "camera_ip", "bucket_ns"),
    # Nearly all of a row is its key: SQLite keeps it once, in the order of the key.
    sqlite_with_rowid=False,
)
