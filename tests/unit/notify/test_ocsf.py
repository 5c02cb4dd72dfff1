"""OCSF, held against the classes of py-ocsf-models."""

from typing import Any

import pytest
from py_ocsf_models.events.findings.detection_finding import DetectionFinding

from monitor.model.alerts import AlertChange
from monitor.model.words import Severity
from monitor.notify import message, ocsf
from tests.support.told import T0, alert, resolved


def _event(change: AlertChange, **changes: Any) -> dict[str, Any]:
    one = alert(**changes)
    if change is AlertChange.RESOLVED:
        one = resolved(one, T0 + 60_000_000_000)
    return ocsf.event(message.of_alert(one, change, T0, version="1.0"))


@pytest.mark.parametrize(
    ("change", "type_uid", "status"),
    [
        (AlertChange.OPENED, 200401, "New"),
        (AlertChange.UPDATED, 200402, "New"),
        (AlertChange.RESOLVED, 200403, "Resolved"),
    ],
)
@pytest.mark.parametrize("severity", Severity)
def test_an_alert_is_a_detection_finding_that_validates(
    change: AlertChange, type_uid: int, status: str, severity: Severity
) -> None:
    found = _event(change, severity=severity)
    made = DetectionFinding.model_validate(found)
    assert (made.class_uid, made.category_uid, made.type_uid.value) == (2004, 2, type_uid)
    assert (made.status, made.time) == (status, 1_795_000_000_000)
    assert made.finding_info.uid == alert().id
    # Nothing that we write is unknown to the model: it would have dropped it.
    assert _unknown(found, made.model_dump()) == set()


def _unknown(ours: Any, theirs: Any, path: str = "") -> set[str]:
    if isinstance(ours, dict) and isinstance(theirs, dict) and not path.endswith("unmapped."):
        gone = {f"{path}{key}" for key in ours if key not in theirs}
        for key in ours.keys() & theirs.keys():
            gone |= _unknown(ours[key], theirs[key], f"{path}{key}.")
        return gone
    if isinstance(ours, list) and isinstance(theirs, list):
        pairs = zip(ours, theirs, strict=True)
        return {name for mine, other in pairs for name in _unknown(mine, other, path)}
    return set()


def test_severities_are_the_frameworks() -> None:
    numbers = [_event(AlertChange.OPENED, severity=s)["severity_id"] for s in Severity]
    assert numbers == [1, 2, 3, 4, 5]


def test_a_heartbeat_is_no_finding() -> None:
    found = ocsf.event(message.heartbeat("hall-1", T0, {"flows": 3}, version="1.0"))
    assert (found["class_uid"], found["category_uid"], found["type_uid"]) == (0, 0, 99)
    assert "finding_info" not in found
