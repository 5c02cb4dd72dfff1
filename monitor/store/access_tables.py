"""Tables of the API: who may do what, what was done, and captures that were uploaded."""

from sqlalchemy import JSON, BigInteger, Column, Integer, String, Table, Text

from monitor.store.tables import METADATA

TOKENS = Table(
    "tokens",
    METADATA,
    Column("id", String(16), primary_key=True, doc="Public part of the token"),
    Column("name", Text, nullable=False, doc="Whom or what it is for"),
    Column("role", String(16), nullable=False, doc="reader, analyst, admin"),
    Column("sha256", String(64), nullable=False, doc="Digest of the secret part, which is random"),
    Column("created_ns", BigInteger, nullable=False, doc="When it was made"),
    Column("expires_ns", BigInteger, doc="NULL: never"),
    Column("used_ns", BigInteger, doc="Last use, to the hour; NULL: never"),
    Column("revoked_ns", BigInteger, doc="NULL: it is good"),
)

SESSIONS = Table(
    "sessions",
    METADATA,
    Column("sha256", String(64), primary_key=True, doc="Digest of the cookie"),
    Column("token_id", String(16), nullable=False, doc="Row of `tokens` that signed in"),
    Column("created_ns", BigInteger, nullable=False, doc="When"),
    Column("expires_ns", BigInteger, nullable=False, doc="When it ends"),
)

AUDIT = Table(
    "audit",
    METADATA,
    Column(
        "id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, doc="Running number"
    ),
    Column("at_ns", BigInteger, nullable=False, doc="When"),
    Column("author", Text, nullable=False, doc="Name of the token"),
    Column("action", String(64), nullable=False, doc="alert.acknowledge, camera.label, ..."),
    Column("subject", Text, nullable=False, doc="What it was done to"),
    Column("detail", JSON, nullable=False, doc="What was given"),
)

LABELS = Table(
    "labels",
    METADATA,
    Column("camera_ip", String(45), primary_key=True, doc="Camera"),
    Column("label", Text, nullable=False, doc="Name that people gave it"),
    Column("note", Text, nullable=False, doc="Remark"),
    Column("author", Text, nullable=False, doc="Who"),
    Column("at_ns", BigInteger, nullable=False, doc="When"),
)

JOBS = Table(
    "jobs",
    METADATA,
    Column("id", String(32), primary_key=True, doc="32 hex digits"),
    Column("file_name", Text, nullable=False, doc="As uploaded; never used as a path"),
    Column("bytes", BigInteger, nullable=False, doc="Size of the upload"),
    Column("sha256", String(64), nullable=False, doc="Digest of the upload"),
    Column(
        "state", String(16), nullable=False, doc="waiting, running, finished, failed, cancelled"
    ),
    Column("progress", Integer, nullable=False, doc="Percent of the bytes read"),
    Column("error", Text, nullable=False, doc="Why it failed"),
    Column("run_id", String(64), nullable=False, doc="`runs.id` of the result; empty: none yet"),
    Column("author", Text, nullable=False, doc="Who uploaded it"),
    Column("created_ns", BigInteger, nullable=False, doc="When"),
    Column("finished_ns", BigInteger, doc="NULL: not yet"),
)
