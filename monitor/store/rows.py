"""Records as rows: flat, with plain text for vocabularies and a hash for what is shared."""

import hashlib
from collections.abc import Mapping
from typing import Any, TypeAlias

from monitor.model.records import Destination, Device, Evidence, Finding, FlowRecord
from monitor.model.words import Confidence, Purpose, Scope

Row: TypeAlias = dict[str, Any]

_PLAIN: dict[str, str] = {
    word: word.value for kind in (Scope, Purpose, Confidence) for word in kind
}


def clean(text: str) -> str:
    """Return text that every database takes: no NUL, nothing that UTF-8 cannot write."""
    if text.isascii() and "\0" not in text:
        return text
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "\ufffd")


def content_id(parts: tuple[str, ...]) -> int:
    """Return a signed 64-bit id that follows from the parts alone."""
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        raw = part.encode("utf-8", "replace")
        # The length in front keeps ("ab", "c") and ("a", "bc") apart.
        digest.update(len(raw).to_bytes(4) + raw)
    return int.from_bytes(digest.digest(), signed=True)


def destination_row(destination: Destination) -> Row:
    """Return the row of a destination, its id included."""
    (ip, port, name, name_source, country, asn, as_org, operator, operator_country, hosting,
     hosting_country) = destination  # fmt: skip
    row: Row = {
        "ip": ip,
        "port": port,
        "name": clean(name),
        "name_source": str(name_source),
        "country": country,
        "asn": asn,
        "as_org": clean(as_org),
        "operator": clean(operator),
        "operator_country": operator_country,
        "hosting": clean(hosting),
        "hosting_country": hosting_country,
    }
    row["id"] = content_id(tuple(str(value) for value in row.values()))
    return row


def evidence_items(evidence: tuple[Evidence, ...]) -> list[Mapping[str, str]]:
    """Return evidence as objects of text."""
    return [
        {"kind": clean(e.kind), "value": clean(e.value), "catalog": clean(e.catalog)}
        for e in evidence
    ]


def evidence_row(evidence: tuple[Evidence, ...]) -> Row:
    """Return the row of a set of evidence, its id included."""
    items = evidence_items(evidence)
    parts = tuple(text for item in items for text in item.values())
    return {"id": content_id(parts), "items": items}


def flow_row(
    record: FlowRecord, run_no: int, destination_id: int, evidence_id: int
) -> tuple[Any, ...]:
    """Return the row of a flow, in the order of the columns of `tables.FLOWS`."""
    (flow_id, community_id, start_ns, end_ns, vlan, scope, protocol, service, camera, _,
     initiated_by, outcome, orig, resp, verdict) = record  # fmt: skip
    # A StrEnum's `value` is plain text; a driver may make something else of the member itself.
    return (
        run_no, start_ns, flow_id, community_id, end_ns, vlan, _PLAIN[scope], protocol, service,
        camera.ip, destination_id, initiated_by, str(outcome), *orig, *resp,
        _PLAIN[verdict.purpose], _PLAIN[verdict.confidence], evidence_id,
    )  # fmt: skip


def camera_row(device: Device, run_no: int, vlan: int | None, used_ns: int) -> Row:
    """Return the row of a device."""
    return {
        "run_no": run_no,
        "ip": device.ip,
        "vlan": vlan,
        "mac": device.mac,
        "oui": clean(device.oui),
        "maker": clean(device.maker),
        "brand": clean(device.brand),
        "model": clean(device.model),
        "firmware": clean(device.firmware),
        "kind": str(device.kind),
        "confidence": str(device.confidence),
        "signals": [
            {
                "kind": clean(s.kind),
                "value": clean(s.value),
                "says": clean(s.says),
                "weight": s.weight,
                "source": clean(s.source),
            }
            for s in device.signals
        ],
        "used_ns": used_ns,
    }


def finding_row(finding: Finding, run_no: int, position: int) -> Row:
    """Return the row of a finding."""
    return {
        "run_no": run_no,
        "position": position,
        "rule": finding.rule,
        "severity": str(finding.severity),
        "title": clean(finding.title),
        "camera_ip": finding.camera_ip,
        "explanation": clean(finding.explanation),
        "first_ns": finding.first_ns,
        "last_ns": finding.last_ns,
        "flows": finding.flows,
        "evidence": evidence_items(finding.evidence),
        "flow_ids": list(finding.flow_ids),
    }
