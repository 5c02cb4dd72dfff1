"""Messages as syslog: the header, structured data and escaping of RFC 5424, the framing of RFC 5425."""

from monitor.model.clock import utc_text
from monitor.model.words import Severity
from monitor.notify.message import Message, change, severity

LOCAL0 = 16
SEVERITIES = {
    Severity.INFO: 6,
    Severity.LOW: 5,
    Severity.MEDIUM: 4,
    Severity.HIGH: 3,
    Severity.CRITICAL: 2,
}
"""Informational, notice, warning, error, critical. Source: RFC 5424 table 2."""

ENTERPRISE = 32473
"""The enterprise number that RFC 5612 keeps for examples; camwatch has none of its own."""

BOM = "\ufeff"
TIME_CHARS = 26


def line(message: Message, text: str | None = None, *, enterprise: int = ENTERPRISE) -> bytes:
    """Return one message without its frame.

    Args:
        message: What is told.
        text: The part after the structured data; None: title and explanation in words.
        enterprise: Number of who defines the structured data (RFC 5424 section 7.2.2).
    """
    alert = message.alert
    # RFC 5424 allows six decimals: microseconds.
    time = utc_text(message.at_ns)[:TIME_CHARS] + "Z"
    priority = LOCAL0 * 8 + SEVERITIES[severity(message)]
    header = f"<{priority}>1 {time} {_name(message.sensor, 255)} camwatch - {change(message)}"
    if text is None:
        text = BOM + (
            f"{alert.title}. {_one_line(alert.explanation)}"
            if alert is not None
            else f"{message.sensor} is watching"
        )
    return f"{header} {_structured(message, enterprise)} {text}".encode()


def framed(lines: list[bytes]) -> bytes:
    """Return messages with their lengths in front (octet counting, RFC 5425 section 4.3)."""
    return b"".join(b"%d %s" % (len(one), one) for one in lines)


def _structured(message: Message, enterprise: int) -> str:
    alert = message.alert
    values = {"id": message.id, "type": message.type, "version": message.version}
    if alert is not None:
        values |= {
            "alert": alert.id,
            "fingerprint": alert.fingerprint,
            "rule": alert.rule,
            "severity": alert.severity,
            "state": alert.state,
            "cameras": ",".join(subject.ip for subject in alert.subjects[:20]),
            "camerasTotal": str(len(alert.subjects)),
            "operator": alert.operator,
            "operatorCountry": alert.operator_country,
            "destinations": ",".join(alert.destinations[:20]),
            "times": str(alert.times),
        }
    told = "".join(f' {k}="{_escaped(v)}"' for k, v in values.items() if v)
    return f"[camwatch@{enterprise}{told}]"


def _escaped(value: str) -> str:
    """Escape a value: quote, backslash and closing bracket (RFC 5424 section 6.3.3)."""
    text = _one_line(value)
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def _name(text: str, most: int) -> str:
    """Return a header field: printable ASCII without spaces, ``-`` where nothing is left."""
    return "".join(c for c in text if "!" <= c <= "~")[:most] or "-"
