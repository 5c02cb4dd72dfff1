"""A message as an event of the Open Cybersecurity Schema Framework: Detection Finding, class 2004.

What says nothing of an alert (a heartbeat, a test) is the schema's Base Event, class 0: a finding
would be a lie. Source: schema.ocsf.io, version 1.5.0.
"""

from typing import Any

from monitor.model.alerts import AlertState
from monitor.model.words import Severity
from monitor.notify.ecs import SHOWN, is_address, own
from monitor.notify.message import ALERT, Message, change, severity

OCSF_VERSION = "1.5.0"
DETECTION_FINDING = 2004
ACTIVITIES = {"opened": (1, "Create"), "updated": (2, "Update"), "resolved": (3, "Close")}
SEVERITIES = {
    Severity.INFO: (1, "Informational"),
    Severity.LOW: (2, "Low"),
    Severity.MEDIUM: (3, "Medium"),
    Severity.HIGH: (4, "High"),
    Severity.CRITICAL: (5, "Critical"),
}
HOSTNAME, IP_ADDRESS = (1, "Hostname"), (2, "IP Address")


def event(message: Message) -> dict[str, Any]:
    """Return the message as an OCSF event; times are milliseconds, as the schema has them."""
    is_finding = message.type.startswith(ALERT)
    activity_id, activity = ACTIVITIES[change(message)] if is_finding else (99, change(message))
    severity_id, severity_name = SEVERITIES[severity(message)]
    class_uid = DETECTION_FINDING if is_finding else 0
    found = {
        "activity_id": activity_id,
        "activity_name": activity,
        "category_uid": class_uid // 1000,
        "category_name": "Findings" if is_finding else "Uncategorized",
        "class_uid": class_uid,
        "class_name": "Detection Finding" if is_finding else "Base Event",
        "type_uid": class_uid * 100 + activity_id,
        "severity_id": severity_id,
        "severity": severity_name,
        "time": _ms(message.at_ns),
        "message": message.alert.title if message.alert else f"{message.sensor} is watching",
        "metadata": {
            "version": OCSF_VERSION,
            "uid": message.id,
            "event_code": message.type,
            "product": {
                "name": "camwatch",
                "vendor_name": "camwatch",
                "version": message.version,
            },
            "log_name": "camwatch",
            "log_provider": message.sensor,
        },
        "unmapped": {"camera_egress": own(message)},
    }
    return found | _finding(message) if is_finding else found


def _finding(message: Message) -> dict[str, Any]:
    alert = message.alert
    if alert is None:
        raise ValueError(f"a message of type {message.type} without an alert")
    is_open = alert.state is AlertState.OPEN
    places = alert.destinations[:SHOWN]
    seen = [("camera.ip", subject.ip) for subject in alert.subjects[:SHOWN]]
    seen += [("destination", place) for place in places]
    observables = []
    for name, value in seen:
        type_id, kind = IP_ADDRESS if is_address(value) else HOSTNAME
        observables.append({"name": name, "value": value, "type_id": type_id, "type": kind})
    found: dict[str, Any] = {
        "status_id": 1 if is_open else 4,
        "status": "New" if is_open else "Resolved",
        "count": alert.times,
        "start_time": _ms(alert.opened_ns),
        "end_time": _ms(alert.resolved_ns or alert.last_ns),
        "finding_info": {
            "uid": alert.id,
            "title": alert.title,
            "desc": alert.explanation,
            "types": [alert.rule],
            "created_time": _ms(alert.opened_ns),
            "modified_time": _ms(alert.updated_ns),
            "first_seen_time": _ms(alert.opened_ns),
            "last_seen_time": _ms(alert.last_ns),
            "analytic": {"name": alert.rule, "uid": alert.rule, "type_id": 1, "type": "Rule"},
        },
        "resources": [
            {"uid": subject.ip, "name": subject.name or subject.ip, "type": "camera"}
            for subject in alert.subjects[:SHOWN]
        ],
        "evidences": [{"data": evidence._asdict()} for evidence in alert.evidence],
        "observables": observables,
    }
    if alert.runbook:
        found["remediation"] = {"desc": alert.explanation, "references": [alert.runbook]}
    return found


def _ms(ns: int) -> int:
    return ns // 1_000_000
