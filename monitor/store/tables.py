"""Tables of what was found: runs, cameras, destinations, evidence, flows and findings.

They stand here as the newest migration leaves them; `migrations/versions` brings a database there.
Only types that SQLite and PostgreSQL share. Times are nanoseconds since 1970 UTC. Text that is not
known is empty, never NULL, as in the records. Destinations and evidence are shared by all runs: their
ids are hashes of what they hold, so that writing them again changes nothing. Flows refer to them without
a foreign key: its check costs PostgreSQL more than the insert, and SQLite would not make it.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    text,
)

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


SLICE = "start_ns >> 40"
"""In SQL, the number of a slice of time: 18 minutes. Written so, for databases find an index by its words."""


def _text(name: str, doc: str) -> Column[str]:
    return Column(name, Text, nullable=False, doc=doc)


def _number(name: str, doc: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, doc=doc)


def _run() -> Column[int]:
    return Column(
        "run_no",
        Integer,
        ForeignKey("runs.no", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        doc="Run that the row belongs to",
    )


def _used() -> Column[int]:
    return _number("used_ns", "When a writer last referred to it, by its clock, to the hour")


RUNS = Table(
    "runs",
    METADATA,
    Column("no", Integer, primary_key=True, doc="Short number, for this database only"),
    Column("id", String(64), nullable=False, unique=True, doc="SHA-256 of inputs and settings"),
    _text("state", "``running`` (or broken off), ``finished``"),
    _number("started_ns", "When the run began, by the caller's clock"),
    Column("finished_ns", BigInteger, doc="When it ended; NULL: it has not"),
    Column("inputs", JSON, nullable=False, doc="What was read: name, SHA-256, frames, fault"),
    Column("versions", JSON, nullable=False, doc="Program, catalogue and databases"),
    Column("counters", JSON, nullable=False, doc="Every counter at the end"),
)

CAMERAS = Table(
    "cameras",
    METADATA,
    _run(),
    Column("ip", String(45), primary_key=True, doc="Address of the device"),
    Column("vlan", Integer, doc="VLAN of its first flow; NULL: untagged, or no flow"),
    _text("mac", "``aa:bb:cc:dd:ee:ff``"),
    _text("oui", "Organisation that the IEEE lists"),
    _text("maker", "Maker on the wire"),
    _text("brand", "Brand on the label"),
    _text("model", "Model, where the device says it"),
    _text("firmware", "Firmware version, where the device says it"),
    _text("kind", "words.DeviceKind"),
    _text("confidence", "words.Confidence"),
    Column("signals", JSON, nullable=False, doc="records.Signal as objects"),
    _used(),
)

DESTINATIONS = Table(
    "destinations",
    METADATA,
    Column("id", BigInteger, primary_key=True, autoincrement=False, doc="Hash of the row"),
    Column("ip", String(45), nullable=False, doc="Address"),
    Column("port", Integer, nullable=False, doc="Port; 0 where the protocol has none"),
    _text("name", "Name it was known by"),
    _text("name_source", "words.NameSource"),
    _text("country", "ISO 3166-1 alpha-2 of the address block"),
    _number("asn", "Autonomous system; 0: unknown"),
    _text("as_org", "Who holds it"),
    _text("operator", "Company behind the service"),
    _text("operator_country", "Home of that company, or of its parent"),
    _text("hosting", "Company whose network the address is in; empty: unknown"),
    _text("hosting_country", "Its home; empty: unknown"),
    _used(),
)

EVIDENCE = Table(
    "evidence",
    METADATA,
    Column("id", BigInteger, primary_key=True, autoincrement=False, doc="Hash of the items"),
    Column("items", JSON, nullable=False, doc="records.Evidence as objects, in order"),
    _used(),
)

FLOWS = Table(
    "flows",
    METADATA,
    Column("run_no", Integer, primary_key=True, autoincrement=False, doc="Row of `runs`"),
    Column("start_ns", BigInteger, primary_key=True, autoincrement=False, doc="First packet"),
    Column("flow_id", String(32), primary_key=True, doc="Unique in the run"),
    _text("community_id", "Community ID, version 1"),
    _number("end_ns", "Last packet"),
    Column("vlan", Integer, doc="VLAN id; NULL: untagged"),
    _text("scope", "words.Scope"),
    _text("protocol", "Name, or number as text"),
    _text("service", "Protocol recognised from bytes"),
    Column("camera_ip", String(45), nullable=False, doc="Row of `cameras`, when it was written"),
    _number("destination_id", "Row of `destinations`: the other side"),
    _text("initiated_by", "``camera`` or ``destination``"),
    _text("outcome", "words.Outcome"),
    Column("orig_ip", String(45), nullable=False, doc="Originator"),
    Column("orig_port", Integer, nullable=False, doc="Port; ICMP: type"),
    _number("orig_packets", "Packets of the originator"),
    _number("orig_bytes", "Bytes of the originator on the wire"),
    Column("resp_ip", String(45), nullable=False, doc="Responder"),
    Column("resp_port", Integer, nullable=False, doc="Port; ICMP: code"),
    _number("resp_packets", "Packets of the responder"),
    _number("resp_bytes", "Bytes of the responder on the wire"),
    _text("purpose", "words.Purpose"),
    _text("confidence", "words.Confidence"),
    _number("evidence_id", "Row of `evidence`: why"),
    # The key is in the order of time, so that it grows at its end, and is the order of pages.
    # Ids are hashes. An index of them alone would have a flow change a page of its own, anywhere in it; by
    # slice of time the flows of a while lie together. `slices` says how to ask.
    Index("ix_flows_slice_flow_id", text(f"({SLICE})"), "flow_id"),
    *(
        Index(f"ix_flows_run_no_{column}_start_ns", "run_no", column, "start_ns")
        for column in ("camera_ip", "purpose", "destination_id")
    ),
)

FINDINGS = Table(
    "findings",
    METADATA,
    _run(),
    Column("position", Integer, primary_key=True, autoincrement=False, doc="Place in the list"),
    _text("rule", "Rule that found it"),
    _text("severity", "words.Severity"),
    _text("title", "One line"),
    Column("camera_ip", String(45), nullable=False, doc="Camera; empty: all"),
    _text("explanation", "What it means, and what to do"),
    _number("first_ns", "First flow that shows it"),
    _number("last_ns", "Last flow that shows it"),
    _number("flows", "How many flows show it"),
    Column("evidence", JSON, nullable=False, doc="records.Evidence as objects, in order"),
    Column("flow_ids", JSON, nullable=False, server_default="[]", doc="A few of the flows"),
)
