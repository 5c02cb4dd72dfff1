"""Tables of alerts: their life, what was silenced, what was learnt, firmware that was fetched."""

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, String, Table, Text

from monitor.store.tables import METADATA

ALERTS = Table(
    "alerts",
    METADATA,
    Column("id", String(32), primary_key=True, doc="alerts.Alert.id"),
    Column("fingerprint", String(32), nullable=False, doc="alerts.Alert.fingerprint"),
    Column("sensor", String(64), nullable=False, doc="Sensor that found it"),
    Column("run_no", Integer, nullable=False, doc="Row of `runs` that its flows belong to"),
    Column("rule", String(64), nullable=False, doc="Rule that found it"),
    Column("severity", String(16), nullable=False, doc="words.Severity"),
    Column("title", Text, nullable=False, doc="One line"),
    Column("explanation", Text, nullable=False, doc="What it means, and what to do"),
    Column("state", String(16), nullable=False, doc="alerts.AlertState"),
    Column("subjects", JSON, nullable=False, doc="alerts.Subject as objects"),
    Column("operator", Text, nullable=False, doc="Company behind the service"),
    Column("operator_country", String(2), nullable=False, doc="Its home"),
    Column("destinations", JSON, nullable=False, doc="Names or addresses, bounded"),
    Column("opened_ns", BigInteger, nullable=False, doc="When it was opened"),
    Column("updated_ns", BigInteger, nullable=False, doc="When a message was last due"),
    Column("last_ns", BigInteger, nullable=False, doc="Last flow or event that showed it"),
    Column("resolved_ns", BigInteger, doc="When it was resolved; NULL: it is open"),
    Column("times", BigInteger, nullable=False, doc="Flows or events since it was opened"),
    Column("evidence", JSON, nullable=False, doc="records.Evidence as objects"),
    Column("flow_ids", JSON, nullable=False, doc="A few of the flows"),
    Column("told", Integer, nullable=False, doc="Cameras that the last message named"),
    Column("group_by", JSON, nullable=False, doc="Values of what the rule groups by"),
    Column("runbook", Text, nullable=False, doc="Page that says how to look into it"),
    Column("acknowledged_by", Text, nullable=False, doc="Who has seen it; empty: nobody yet"),
    Column("acknowledged_ns", BigInteger, doc="When; NULL: not yet"),
    Index("ix_alerts_state_opened_ns", "state", "opened_ns"),
    Index("ix_alerts_fingerprint", "fingerprint"),
)

ALERT_EVENTS = Table(
    "alert_events",
    METADATA,
    Column(
        "id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, doc="Running number"
    ),
    Column("alert_id", String(32), nullable=False, index=True, doc="Row of `alerts`"),
    Column("at_ns", BigInteger, nullable=False, doc="When"),
    Column(
        "kind", String(16), nullable=False, doc="opened, updated, resolved, acknowledged, note, ..."
    ),
    Column("author", Text, nullable=False, doc="Person who did it; empty: the sensor"),
    Column("text", Text, nullable=False, doc="What changed, or the note"),
)

SILENCES = Table(
    "silences",
    METADATA,
    Column("id", String(32), primary_key=True, doc="32 hex digits"),
    Column("matches", JSON, nullable=False, doc="alerts.Silence.matches"),
    Column("author", Text, nullable=False, doc="Who asked for it"),
    Column("reason", Text, nullable=False, doc="Why"),
    Column("created_ns", BigInteger, nullable=False, doc="When it was made"),
    Column("until_ns", BigInteger, nullable=False, doc="When it ends"),
)

LEARNT = Table(
    "learnt",
    METADATA,
    Column("sensor", String(64), primary_key=True, doc="Sensor that learnt it"),
    Column(
        "kind", String(32), primary_key=True, doc="Which memory: operators, purposes, volumes, ..."
    ),
    Column("key", Text, primary_key=True, doc="Of what: camera, model, operator, name"),
    Column("value", JSON, nullable=False, doc="What was learnt"),
    Column("first_ns", BigInteger, nullable=False, doc="First seen"),
    Column("last_ns", BigInteger, nullable=False, doc="Last seen"),
)

UPDATES = Table(
    "updates",
    METADATA,
    Column("run_no", Integer, primary_key=True, autoincrement=False, doc="Row of `runs`"),
    Column("flow_id", String(32), primary_key=True, doc="Flow that carried it"),
    Column("camera_ip", String(45), nullable=False, doc="Camera that fetched it"),
    Column("at_ns", BigInteger, nullable=False, doc="When it began"),
    Column("name", Text, nullable=False, doc="Server"),
    Column("url", Text, nullable=False, doc="What was asked for; empty: encrypted"),
    Column("bytes", BigInteger, nullable=False, doc="Bytes received"),
    Column("sha256", Text, nullable=False, doc="Digest of the body; empty: not visible"),
)
