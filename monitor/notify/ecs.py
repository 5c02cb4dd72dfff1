"""A message in the field names of the Elastic Common Schema, with our own object `camera_egress`.

Source: ECS 9.4, field sets base, event, rule, observer, source, destination, network, related.
"""

from typing import Any

from monitor.model.alerts import Alert, Subject
from monitor.model.clock import utc_text
from monitor.model.words import Severity
from monitor.notify.message import ALERT, Message, change

ECS_VERSION = "9.4.0"

SHOWN = 100
"""Cameras, and destinations, that one message names; how many more there are is said beside them."""

NUMBERS = {
    Severity.INFO: 10,
    Severity.LOW: 30,
    Severity.MEDIUM: 50,
    Severity.HIGH: 70,
    Severity.CRITICAL: 90,
}
"""`event.severity`: a number of the source's own choice."""


def data(message: Message) -> dict[str, Any]:
    """Return the message as the `data` of the envelope."""
    alert = message.alert
    at = utc_text(message.at_ns)
    event: dict[str, Any] = {
        "id": message.id,
        "kind": "alert" if message.type.startswith(ALERT) else "state",
        "category": ["network"],
        "type": ["info"],
        "action": message.type,
        "module": "camwatch",
        "dataset": "camwatch.alert" if alert is not None else "camwatch.sensor",
        "created": at,
    }
    found: dict[str, Any] = {
        "@timestamp": at,
        "ecs": {"version": ECS_VERSION},
        "message": alert.title if alert is not None else f"{message.sensor} is watching",
        "event": event,
        "observer": {
            "name": message.sensor,
            "type": "sensor",
            "product": "camwatch",
            "version": message.version,
        },
        "tags": ["camwatch"] if message.type.startswith(ALERT) else ["camwatch", change(message)],
        "camera_egress": own(message),
    }
    if alert is not None:
        event |= {
            "severity": NUMBERS[alert.severity],
            "start": utc_text(alert.opened_ns),
            "reason": alert.explanation,
        }
        if alert.resolved_ns is not None:
            event["end"] = utc_text(alert.resolved_ns)
        found |= {
            "rule": {"id": alert.rule, "name": alert.title, "ruleset": "camwatch"},
            "related": _related(alert),
        }
        if alert.runbook:
            found["rule"]["reference"] = alert.runbook
        found |= _ends(alert)
    return found


def own(message: Message) -> dict[str, Any]:
    """Return the object `camera_egress`: everything that is known, in our own words."""
    alert = message.alert
    if alert is None:
        return {"change": change(message), "sensor": message.sensor, **message.facts}
    return {
        "change": change(message),
        "text": message.text,
        "alert_id": alert.id,
        "fingerprint": alert.fingerprint,
        "sensor": alert.sensor,
        "rule": alert.rule,
        "severity": alert.severity,
        "state": alert.state,
        "title": alert.title,
        "explanation": alert.explanation,
        "runbook": alert.runbook,
        "cameras": [_camera(subject) for subject in alert.subjects[:SHOWN]],
        "cameras_total": len(alert.subjects),
        "operator": alert.operator,
        "operator_country": alert.operator_country,
        "destinations": list(alert.destinations[:SHOWN]),
        "destinations_total": len(alert.destinations),
        "times": alert.times,
        "opened": utc_text(alert.opened_ns),
        "updated": utc_text(alert.updated_ns),
        "last": utc_text(alert.last_ns),
        "resolved": utc_text(alert.resolved_ns) if alert.resolved_ns is not None else None,
        "evidence": [evidence._asdict() for evidence in alert.evidence],
        "flow_ids": list(alert.flow_ids),
    }


def is_address(text: str) -> bool:
    """Return whether a destination is known by its address alone."""
    return ":" in text or text.replace(".", "").isdigit()


def _camera(subject: Subject) -> dict[str, Any]:
    return subject._asdict()


def _related(alert: Alert) -> dict[str, list[str]]:
    places = alert.destinations[:SHOWN]
    ips = [subject.ip for subject in alert.subjects[:SHOWN]] + [p for p in places if is_address(p)]
    names = [subject.name for subject in alert.subjects[:SHOWN] if subject.name]
    hosts = names + [place for place in places if not is_address(place)]
    return {key: value for key, value in (("ip", ips), ("hosts", hosts)) if value}


def _ends(alert: Alert) -> dict[str, Any]:
    """Return source and destination, where there is exactly one."""
    found: dict[str, Any] = {}
    if len(alert.subjects) == 1:
        (subject,) = alert.subjects
        found["source"] = {"ip": subject.ip, "address": subject.ip}
        if subject.mac:
            # ECS asks for the notation of RFC 7042: upper case, hyphens.
            found["source"]["mac"] = subject.mac.upper().replace(":", "-")
        if subject.vlan is not None:
            found["network"] = {"vlan": {"id": str(subject.vlan)}}
    if len(alert.destinations) == 1:
        (place,) = alert.destinations
        kind = "ip" if is_address(place) else "domain"
        found["destination"] = {"address": place, kind: place}
    return found
