"""Alertmanager's API v2: alerts that stand until they are resolved, told again before they lapse.

Alertmanager keeps alerts in memory and forgets those it is not told of. An open alert is therefore
posted with an end `HOLD_NS` ahead, and the delivery loop posts all open ones again every
`REFRESH_S`; a resolved one is posted with its end. Source: Alertmanager 0.25, ``api/v2/openapi.yaml``.
"""

from collections.abc import Sequence
from typing import Any

import orjson

from monitor.model.alerts import Alert, AlertState
from monitor.model.clock import utc_text
from monitor.notify.message import Message
from monitor.notify.receipt import Receipt
from monitor.notify.webhook import Endpoint

PATH = "/api/v2/alerts"
REFRESH_S = 300.0
"""After a restart of Alertmanager, open alerts are back within this time."""

HOLD_NS = 24 * 3_600_000_000_000
"""How long an alert stands when this sensor is lost. Much shorter would look like "resolved"."""

HEARTBEAT_NAME = "CamwatchHeartbeat"
HEARTBEAT_HOLD_NS = 900_000_000_000
"""Three heartbeats at the default of 300 s: the alert that always fires; its end is the news."""

TEST_HOLD_NS = 60_000_000_000
NAMED = 20
"""Cameras that the annotation names."""


def alerts(messages: Sequence[Message], now_ns: int) -> bytes:
    """Return the body of a post: one alert for each message.

    Labels tell alerts apart and must not change while one is open, so what can change (cameras,
    counts, texts) stands in annotations.
    """
    return orjson.dumps([_alert(message, now_ns) for message in messages])


def _alert(message: Message, now_ns: int) -> dict[str, Any]:
    alert = message.alert
    if alert is None:
        return {
            "labels": {"alertname": HEARTBEAT_NAME, "sensor": message.sensor, "severity": "info"},
            "annotations": {"summary": f"{message.sensor} is watching"},
            "startsAt": utc_text(message.at_ns),
            "endsAt": utc_text(now_ns + HEARTBEAT_HOLD_NS),
        }
    labels = {
        "alertname": alert.rule,
        "sensor": alert.sensor,
        "severity": alert.severity,
        "operator": alert.operator,
        "operator_country": alert.operator_country,
        "fingerprint": alert.fingerprint,
    }
    return {
        "labels": {name: value for name, value in labels.items() if value},
        "annotations": {
            "summary": alert.title,
            "description": alert.explanation,
            "cameras": _cameras(alert),
            "destinations": ", ".join(alert.destinations[:NAMED]),
            "alert_id": alert.id,
            "runbook": alert.runbook,
        },
        "startsAt": utc_text(alert.opened_ns),
        "endsAt": utc_text(_end_ns(message, alert, now_ns)),
    }


def _end_ns(message: Message, alert: Alert, now_ns: int) -> int:
    if alert.state is AlertState.RESOLVED and alert.resolved_ns is not None:
        return alert.resolved_ns
    is_alert = message.type.startswith("camwatch.alert.")
    return now_ns + (HOLD_NS if is_alert else TEST_HOLD_NS)


def _cameras(alert: Alert) -> str:
    shown = [f"{s.name} ({s.ip})" if s.name else s.ip for s in alert.subjects[:NAMED]]
    more = len(alert.subjects) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


class Alertmanager:
    """A target that is an Alertmanager."""

    batch = 1
    refresh_s = REFRESH_S

    def __init__(self, endpoint: Endpoint) -> None:
        """Take where it is; `PATH` belongs to the endpoint."""
        self._endpoint = endpoint

    def check(self) -> None:
        """Read every file once.

        Raises:
            ConfigError: One cannot be used.
        """
        self._endpoint.check()

    def send(self, messages: Sequence[Message], now_ns: int) -> Receipt:
        """Post messages, or open alerts again."""
        headers = {"User-Agent": f"camwatch/{messages[0].version}"}
        return self._endpoint.post(headers, alerts(messages, now_ns), now_ns)
