"""A message in the Common Event Format, version 0, for SIEMs that know nothing newer.

Source: ArcSight "Common Event Format", version 25: header of seven fields, extension of
``key=value``; header fields escape ``|``, values escape ``=``, both escape the backslash.
"""

from monitor.model.words import Severity
from monitor.notify.ecs import is_address
from monitor.notify.message import Message, severity

SEVERITIES = {
    Severity.INFO: 1,
    Severity.LOW: 3,
    Severity.MEDIUM: 5,
    Severity.HIGH: 8,
    Severity.CRITICAL: 10,
}


def text(message: Message) -> str:
    """Return the message as one line of CEF."""
    alert = message.alert
    name = alert.title if alert is not None else f"{message.sensor} is watching"
    signature = alert.rule if alert is not None else message.type
    header = ("camwatch", "camwatch", message.version, signature, name)
    fields = "|".join(_header(field) for field in header)
    extension = " ".join(f"{key}={_value(value)}" for key, value in _extension(message).items())
    return f"CEF:0|{fields}|{SEVERITIES[severity(message)]}|{extension}"


def _extension(message: Message) -> dict[str, str]:
    alert = message.alert
    found = {
        "rt": str(message.at_ns // 1_000_000),
        "externalId": message.id,
        "dvchost": message.sensor,
        "act": message.type,
    }
    if alert is None:
        return found
    found |= {
        "start": str(alert.opened_ns // 1_000_000),
        "end": str((alert.resolved_ns or alert.last_ns) // 1_000_000),
        "cnt": str(alert.times),
        "msg": alert.explanation,
        "cs1Label": "alertId",
        "cs1": alert.id,
        "cs2Label": "operator",
        "cs2": alert.operator,
        "cs3Label": "operatorCountry",
        "cs3": alert.operator_country,
        "cs4Label": "cameras",
        "cs4": ",".join(subject.ip for subject in alert.subjects[:20]),
        "cn1Label": "camerasTotal",
        "cn1": str(len(alert.subjects)),
    }
    if len(alert.subjects) == 1:
        (subject,) = alert.subjects
        found |= {"src": subject.ip} | ({"smac": subject.mac} if subject.mac else {})
    if len(alert.destinations) == 1:
        (place,) = alert.destinations
        found["dst" if is_address(place) else "dhost"] = place
    return found


def _header(field: str) -> str:
    return " ".join(field.split()).replace("\\", "\\\\").replace("|", "\\|")


def _value(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("=", "\\=")
    return escaped.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "\\n")
