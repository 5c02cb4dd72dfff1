"""The outbox: what is to be sent to whom, written in the transaction of the alert."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text

from monitor.store.tables import METADATA

DELIVERIES = Table(
    "deliveries",
    METADATA,
    Column(
        "id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, doc="Order of writing"
    ),
    Column("message_id", String(64), nullable=False, doc="webhook-id: the same at every attempt"),
    Column("target", String(64), nullable=False, doc="Name of the target in the settings"),
    Column(
        "type", String(64), nullable=False, doc="camwatch.alert.opened, camwatch.heartbeat, ..."
    ),
    Column("alert_id", String(32), nullable=False, doc="Row of `alerts`; empty: none"),
    Column("body", Text, nullable=False, doc="The message, before the target's own format"),
    Column("state", String(16), nullable=False, doc="pending, delivered, dead"),
    Column("created_ns", BigInteger, nullable=False, doc="When it was written"),
    Column("due_ns", BigInteger, nullable=False, doc="Not to be tried before"),
    Column("expires_ns", BigInteger, nullable=False, doc="Given up after"),
    Column("attempts", Integer, nullable=False, doc="How often it was tried in vain"),
    Column(
        "leased_until_ns", BigInteger, nullable=False, doc="Somebody tries it until then; 0: nobody"
    ),
    Column("settled_ns", BigInteger, doc="When it was acknowledged or given up; NULL: not yet"),
    Column("status", Integer, doc="Last answer's status; NULL: none came"),
    Column("error", Text, nullable=False, doc="Why the last attempt failed"),
    Index("ix_deliveries_target_state_due_ns", "target", "state", "due_ns"),
    Index("ix_deliveries_alert_id", "alert_id"),
    Index("ix_deliveries_message_id_target", "message_id", "target", unique=True),
    # Ids rise for ever: messages of one alert are sent in their order, and a late answer of a
    # process that was thought dead must not settle another message.
    sqlite_autoincrement=True,
)

TARGETS = Table(
    "targets",
    METADATA,
    Column("name", String(64), primary_key=True, doc="Name in the settings"),
    Column("failures", Integer, nullable=False, doc="Failures in a row"),
    Column(
        "open_until_ns",
        BigInteger,
        nullable=False,
        doc="Circuit breaker: not tried before; 0: closed",
    ),
    Column(
        "is_gone",
        Boolean,
        nullable=False,
        doc="It answered 410: switched off until it is tested again",
    ),
    Column("last_success_ns", BigInteger, doc="NULL: never"),
    Column("last_error", Text, nullable=False, doc="Empty: none since the last success"),
)
