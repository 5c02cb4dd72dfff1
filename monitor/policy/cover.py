"""What holds alerts back: silences of people, and windows of the settings."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from ipaddress import ip_address, ip_network
from typing import Any, Final, NamedTuple

from monitor.errors import ConfigError
from monitor.language import Expression, ExpressionError, Where, parse
from monitor.language.match import holds
from monitor.model.alerts import Alert, AlertState, Silence, Subject

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_WINDOW: Final = re.compile(
    r"\s*(daily|\w{3}(?:,\w{3})*)\s+(\d\d):(\d\d)-(\d\d):(\d\d)\s*(.*)", re.IGNORECASE | re.DOTALL
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Window(NamedTuple):
    """A time of the week in which some alerts are kept but not sent."""

    text: str
    days: frozenset[int]
    """0 is Monday; the day on which it begins."""

    begin: int
    """Minute of the day."""

    end: int
    """Minute of the day; not after `begin`: on the next day."""

    when: Expression | None
    """On alerts; None: all."""

    def is_open(self, now_ns: int, zone: tzinfo) -> bool:
        """Return whether a moment lies in it."""
        local = (_EPOCH + timedelta(microseconds=now_ns // 1000)).astimezone(zone)
        minute, day = local.hour * 60 + local.minute, local.weekday()
        if self.begin < self.end:
            return day in self.days and self.begin <= minute < self.end
        is_begun = day in self.days and minute >= self.begin
        return is_begun or ((day - 1) % 7 in self.days and minute < self.end)


def read_window(text: str, where: str = "policy.windows") -> Window:
    """Return the window that a text such as ``Tue,Thu 02:00-04:00 rule = plain-update`` describes.

    Raises:
        ConfigError: It is none.
    """
    match = _WINDOW.fullmatch(text)
    days = [] if match is None else match[1].lower().split(",")
    known = match is not None and (days == ["daily"] or all(day in DAYS for day in days))
    if match is None or not known:
        raise ConfigError(
            f"{where}: '{text}' is no window; write 'daily 02:00-04:00' or "
            "'Tue,Thu 02:00-04:00 rule in (plain-update)'"
        )
    begin, end = int(match[2]) * 60 + int(match[3]), int(match[4]) * 60 + int(match[5])
    if max(begin, end) > 24 * 60 or max(int(match[3]), int(match[5])) > 59 or begin == end:
        raise ConfigError(f"{where}: '{text}' has no such time; write 02:00-04:00")
    try:
        when = parse(match[6], Where.ALERT) if match[6] else None
    except ExpressionError as error:
        raise ConfigError(f"{where}: '{match[6]}': {error}") from error
    numbers = range(7) if days == ["daily"] else (DAYS.index(day) for day in days)
    return Window(text, frozenset(numbers), begin, end, when)


class Cover:
    """Says of one camera of an alert whether something holds it back now."""

    def __init__(self, windows: Sequence[Window] = (), zone: tzinfo = UTC) -> None:
        self._windows = windows
        self._zone = zone
        self._silences: list[tuple[Silence, Expression | None]] = []

    def silence(self, silences: Sequence[Silence]) -> None:
        """Take the silences in force. One whose condition cannot be read covers nothing."""
        self._silences = []
        for silence in silences:
            text = silence.matches.get("when", "")
            try:
                when = parse(text, Where.ALERT) if text else None
            except ExpressionError:
                continue
            if silence.matches:
                self._silences.append((silence, when))

    def holds_back(self, alert: Alert, subject: Subject, now_ns: int) -> str:
        """Return what holds it back, such as ``silence 3f..``; empty where nothing does."""
        for silence, when in self._silences:
            if silence.created_ns <= now_ns < silence.until_ns and _agrees(
                silence, when, alert, subject
            ):
                return f"silence {silence.id}"
        for window in self._windows:
            if window.is_open(now_ns, self._zone) and (
                window.when is None or holds(window.when, alert_values(alert, subject))
            ):
                return f"window {window.text}"
        return ""


def _agrees(silence: Silence, when: Expression | None, alert: Alert, subject: Subject) -> bool:
    for key, wanted in silence.matches.items():
        if key == "camera":
            if not _in_network(subject.ip, wanted):
                return False
        elif key == "when":
            if when is None or not holds(when, alert_values(alert, subject)):
                return False
        elif key not in ("rule", "operator", "fingerprint") or getattr(alert, key) != wanted:
            return False
    return True


def _in_network(ip: str, network: str) -> bool:
    try:
        return ip_address(ip) in ip_network(network, strict=False)
    except ValueError:
        return False


def alert_values(alert: Alert, subject: Subject) -> dict[str, Any]:
    """Return what a condition on alerts asks for, for one of its cameras."""
    return {
        "rule": alert.rule,
        "severity": str(alert.severity),
        "state": str(AlertState.OPEN if alert.resolved_ns is None else AlertState.RESOLVED),
        "name": alert.destinations[0] if alert.destinations else "",
        "operator": alert.operator,
        "operator_country": alert.operator_country,
        "camera": subject.ip,
        "camera_name": subject.name,
        "mac": subject.mac,
        "maker": subject.maker,
        "brand": subject.brand,
        "vlan": subject.vlan,
        "opened": alert.opened_ns,
        "last": alert.last_ns,
        "times": alert.times,
        "acknowledged": False,
    }
