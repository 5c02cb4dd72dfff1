"""A flow record as the fields that conditions ask for: the slow twin of compiled conditions."""

from typing import Any

from monitor.model.facts import Dissection
from monitor.model.records import FlowRecord
from monitor.model.words import PURPOSE_GROUPS


def values_of(record: FlowRecord, dissection: Dissection, names: dict[str, str]) -> dict[str, Any]:
    """Return field -> value for one record, read off the record alone."""
    to, camera = record.destination, record.camera
    sides = (record.orig, record.resp)
    ours, theirs = sides if record.initiated_by == "camera" else sides[::-1]
    clear = [f.value for f in dissection.facts if f.kind == "credential"]
    return {
        "purpose": str(record.verdict.purpose),
        "group": PURPOSE_GROUPS[record.verdict.purpose],
        "confidence": str(record.verdict.confidence),
        "scope": str(record.scope),
        "outcome": record.outcome,
        "initiated_by": record.initiated_by,
        "service": record.service,
        "protocol": record.protocol,
        "name": to.name,
        "name_source": to.name_source,
        "destination": to.ip,
        "port": to.port,
        "country": to.country,
        "asn": to.asn,
        "as_org": to.as_org,
        "operator": to.operator,
        "operator_country": to.operator_country,
        "camera": camera.ip,
        "camera_name": names.get(camera.ip, ""),
        "mac": camera.mac,
        "maker": camera.maker,
        "brand": camera.brand,
        "model": camera.model,
        "firmware": camera.firmware,
        "kind": str(camera.kind),
        "vlan": record.vlan,
        "out_bytes": ours.bytes,
        "in_bytes": theirs.bytes,
        "sends_more": ours.bytes > theirs.bytes,
        "packets": ours.packets + theirs.packets,
        "duration": record.end_ns - record.start_ns,
        "time": record.start_ns,
        "fact": tuple(f"{f.kind}={f.value}" for f in dissection.facts),
        "clear_password": any("digest" not in v and "wsse" not in v for v in clear),
    }
