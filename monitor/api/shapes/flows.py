"""Flows: the members of a line of flows.jsonl, and the run."""

from enum import StrEnum
from typing import Any

from pydantic import Field
from sqlalchemy import RowMapping

from monitor.api.shapes.common import EvidenceItem, Moment, Shape, Side
from monitor.model.clock import utc_text


class FlowCamera(Shape):
    """The camera of a flow."""

    ip: str
    mac: str | None
    maker: str | None
    brand: str | None


class FlowDestination(Shape):
    """The other side of a flow."""

    ip: str
    port: int = Field(description="0 where the protocol has none")
    name: str | None
    name_source: str | None = Field(description="`sni`, `http`, `dns`, `certificate`, `payload`")
    country: str | None = Field(description="Country of the address block, never of a host")
    asn: int | None
    as_org: str | None
    operator: str | None = Field(description="Company behind the service")
    operator_country: str | None = Field(description="Its home, or its parent's")


class Flow(Shape):
    """One flow of a camera, as in flows.jsonl."""

    run: str = Field(description="Id of the run that it is of")
    flow_id: str = Field(description="Unique in the run")
    community_id: str = Field(description="Community ID, to join with other tools")
    start: Moment
    end: Moment
    vlan: int | None = Field(description="Null: untagged")
    scope: str = Field(description="`outside`, `site`, `multicast`, `broadcast`")
    protocol: str
    service: str | None = Field(description="Protocol recognised from bytes")
    camera: FlowCamera
    destination: FlowDestination
    initiated_by: str = Field(description="`camera` or `destination`")
    outcome: str = Field(description="`answered`, `unanswered`, `refused`")
    orig: Side = Field(description="Who spoke first")
    resp: Side
    bytes_out: int = Field(description="Bytes of the camera on the wire")
    bytes_in: int = Field(description="Bytes of the destination")
    purpose: str
    confidence: str = Field(description="`high`, `medium`, `low`, `none`")
    evidence: list[EvidenceItem]


class PacketsAre(StrEnum):
    """Where the packets of a flow are."""

    KEPT = "kept"
    SENSOR = "sensor"
    REMOVED = "removed"
    ELSEWHERE = "elsewhere"


class FlowDetail(Shape):
    """One flow, and why it was given its answer."""

    flow: Flow
    account: dict[str, Any] = Field(
        description="Step by step, as `camwatch explain --json` gives it"
    )
    text: list[str] = Field(description="The same in words, line by line")
    packets: PacketsAre = Field(
        description="`kept`: `GET /flows/{flow_id}/packets` has them. `sensor`: a sensor keeps none. "
        "`removed`: the upload is not kept any more. `elsewhere`: replayed from a file that this "
        "server does not have"
    )


def flow(row: RowMapping) -> Flow:
    """Return a flow as `reading.flows` gives it."""
    return Flow(**plain(row))


def plain(row: RowMapping) -> dict[str, Any]:
    """Return the members of a flow, unchecked: lists hold many, and checking each takes half their time."""
    is_ours = row["initiated_by"] == "camera"
    orig, resp = row["orig_bytes"], row["resp_bytes"]
    return {
        "run": row["run"],
        "flow_id": row["flow_id"],
        "community_id": row["community_id"],
        "start": utc_text(row["start_ns"]),
        "end": utc_text(row["end_ns"]),
        "vlan": row["vlan"],
        "scope": row["scope"],
        "protocol": row["protocol"],
        "service": row["service"] or None,
        "camera": {
            "ip": row["camera_ip"],
            "mac": row["camera_mac"] or None,
            "maker": row["camera_maker"] or None,
            "brand": row["camera_brand"] or None,
        },
        "destination": {
            "ip": row["destination_ip"],
            "port": row["destination_port"],
            "name": row["destination_name"] or None,
            "name_source": row["name_source"] or None,
            "country": row["country"] or None,
            "asn": row["asn"] or None,
            "as_org": row["as_org"] or None,
            "operator": row["operator"] or None,
            "operator_country": row["operator_country"] or None,
        },
        "initiated_by": row["initiated_by"],
        "outcome": row["outcome"],
        "orig": {
            "ip": row["orig_ip"],
            "port": row["orig_port"],
            "packets": row["orig_packets"],
            "bytes": orig,
        },
        "resp": {
            "ip": row["resp_ip"],
            "port": row["resp_port"],
            "packets": row["resp_packets"],
            "bytes": resp,
        },
        "bytes_out": orig if is_ours else resp,
        "bytes_in": resp if is_ours else orig,
        "purpose": row["purpose"],
        "confidence": row["confidence"],
        "evidence": [
            {"kind": one["kind"], "value": one["value"], "catalog": one.get("catalog") or None}
            for one in row["evidence"] or ()
        ],
    }
