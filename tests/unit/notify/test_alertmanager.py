import json
from typing import Any

from monitor.model.alerts import AlertChange
from monitor.notify import alertmanager, message
from tests.support.told import CAMERA, SECOND, T0, alert, resolved

LATER = T0 + 3_600_000_000_000


def _one(told: message.Message) -> dict[str, Any]:
    (found,) = json.loads(alertmanager.alerts([told], LATER))
    assert isinstance(found, dict)
    return found


def test_labels_do_not_change_while_an_alert_is_open() -> None:
    opened = message.of_alert(alert(), AlertChange.OPENED, T0, version="1.0")
    grown = alert(subjects=(CAMERA, SECOND), times=99, title="other")
    updated = message.of_alert(grown, AlertChange.UPDATED, LATER, version="2.0")
    over = message.of_alert(resolved(grown, LATER), AlertChange.RESOLVED, LATER, version="2.0")
    labels = _one(opened)["labels"]
    assert labels == {
        "alertname": "diagnostics-listed",
        "sensor": "hall-1",
        "severity": "high",
        "operator": "Hikvision",
        "operator_country": "CN",
        "fingerprint": alert().fingerprint,
    }
    assert _one(updated)["labels"] == _one(over)["labels"] == labels


def test_an_open_alert_stands_for_a_day_and_a_resolved_one_has_its_end() -> None:
    opened = _one(message.of_alert(alert(), AlertChange.OPENED, T0, version="1.0"))
    over = message.of_alert(resolved(alert(), LATER), AlertChange.RESOLVED, LATER, version="1.0")
    assert opened["startsAt"] == "2026-11-18T11:06:40.000000000Z"
    assert opened["endsAt"] == "2026-11-19T12:06:40.000000000Z"
    assert _one(over)["endsAt"] == "2026-11-18T12:06:40.000000000Z"


def test_a_test_and_a_heartbeat_lapse_by_themselves() -> None:
    assert _one(message.sample("hall-1", T0, version="1.0"))["endsAt"].startswith(
        "2026-11-18T12:07:40"
    )
    beat = _one(message.heartbeat("hall-1", T0, {}, version="1.0"))
    assert beat["endsAt"].startswith("2026-11-18T12:21:40")


def test_what_is_not_known_is_no_label() -> None:
    told = message.of_alert(
        alert(operator="", operator_country=""), AlertChange.OPENED, T0, version="1.0"
    )
    assert "operator" not in _one(told)["labels"]
