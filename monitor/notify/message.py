"""What is told to a target, before it has the target's own format; and how it stands in the outbox."""

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from monitor.model.alerts import Alert, AlertChange, AlertState, Subject
from monitor.model.records import Evidence
from monitor.model.words import Severity

ALERT = "camwatch.alert."
HEARTBEAT = "camwatch.heartbeat"
TEST = "camwatch.test"
TYPES = (*(f"{ALERT}{change}" for change in AlertChange), HEARTBEAT, TEST)

SEVERITIES = tuple(Severity)
"""From the least to the worst."""


class Message(NamedTuple):
    """One thing to tell."""

    id: str
    """The same at every attempt and for every target, so that a receiver can tell repetitions."""

    type: str
    """One of `TYPES`."""

    at_ns: int
    """When what is told happened; not when it is sent."""

    sensor: str
    version: str
    """Program version."""

    alert: Alert | None = None
    """None: the message is of the sensor itself."""

    text: str = ""
    """What changed, in words."""

    facts: Mapping[str, Any] = {}
    """What a heartbeat says of the sensor."""


def of_alert(
    alert: Alert, change: AlertChange, at_ns: int, *, version: str, text: str = ""
) -> Message:
    """Return the message of a change; the same change gives the same id, also after a restart."""
    return Message(
        message_id(alert.id, change, at_ns),
        f"{ALERT}{change}",
        at_ns,
        alert.sensor,
        version,
        alert,
        text,
    )


def heartbeat(sensor: str, at_ns: int, facts: Mapping[str, Any], *, version: str) -> Message:
    """Return the sign of life of a sensor."""
    return Message(
        message_id(sensor, HEARTBEAT, at_ns), HEARTBEAT, at_ns, sensor, version, facts=facts
    )


def sample(sensor: str, at_ns: int, *, version: str) -> Message:
    """Return the message of ``camwatch notify test``: shaped as an alert, marked as a test throughout."""
    name = "This is a test: nothing happened"
    alert = Alert(
        id=hashlib.sha256(f"{sensor}{at_ns}".encode()).hexdigest()[:32],
        fingerprint=hashlib.sha256(b"test").hexdigest()[:32],
        sensor=sensor,
        rule="test",
        severity=Severity.INFO,
        title=name,
        explanation="Somebody ran 'camwatch notify test'. No camera did anything; nothing is to be done.",
        state=AlertState.OPEN,
        # Addresses and names that RFC 5737 and RFC 2606 keep free for examples.
        subjects=(Subject("192.0.2.10", "00:00:5e:00:53:0a", "test camera", "Example", vlan=30),),
        operator="Example",
        operator_country="ZZ",
        destinations=("camera.example",),
        opened_ns=at_ns,
        updated_ns=at_ns,
        last_ns=at_ns,
        resolved_ns=None,
        times=1,
        evidence=(Evidence("test", "camwatch notify test"),),
        flow_ids=(),
    )
    return Message(message_id(alert.id, TEST, at_ns), TEST, at_ns, sensor, version, alert)


def message_id(*parts: object) -> str:
    """Return an id that follows from its parts and has no full stop in it, as the signature asks."""
    return "msg_" + hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:32]


def to_body(message: Message) -> str:
    """Return the message as it stands in the outbox."""
    alert = message.alert
    values = message._asdict() | {"alert": _alert_values(alert) if alert is not None else None}
    return orjson.dumps(values, option=orjson.OPT_SORT_KEYS).decode()


def from_body(body: str) -> Message:
    """Return the message that `to_body` wrote.

    Raises:
        ValueError: It is not such a body.
    """
    try:
        values = orjson.loads(body)
        if values["alert"] is not None:
            values["alert"] = _alert(values["alert"])
        return Message(**values)
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a message of the outbox: {error}") from error


def severity(message: Message) -> Severity:
    """Return how much a message matters; one of the sensor itself is information."""
    return message.alert.severity if message.alert is not None else Severity.INFO


def change(message: Message) -> str:
    """Return the last word of the type: ``opened``, ``heartbeat``, ..."""
    return message.type.rpartition(".")[2]


def _alert_values(alert: Alert) -> dict[str, Any]:
    return alert._asdict() | {
        "subjects": [subject._asdict() for subject in alert.subjects],
        "evidence": [evidence._asdict() for evidence in alert.evidence],
    }


def _alert(values: dict[str, Any]) -> Alert:
    lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    parts = {
        "severity": Severity(values["severity"]),
        "state": AlertState(values["state"]),
        "subjects": tuple(Subject(**_known(Subject, item)) for item in values["subjects"]),
        "evidence": tuple(Evidence(**_known(Evidence, item)) for item in values["evidence"]),
    }
    return Alert(**_known(Alert, values | lists | parts))


def _known(record: type[Alert | Subject | Evidence], values: dict[str, Any]) -> dict[str, Any]:
    """Leave out fields that another version wrote and this one does not know."""
    return {name: values[name] for name in record._fields if name in values}
