"""The life of alerts: opened, counted, updated, resolved; what is told, and what is only kept."""

import dataclasses
from collections.abc import Iterable
from typing import Final, NamedTuple, TypeVar

from monitor.model.alerts import Alert, AlertChange, AlertEvent, AlertState, Subject, fingerprint
from monitor.model.records import Evidence
from monitor.policy.cover import Cover
from monitor.policy.rule import HOUR_NS, WATCHES, Rule

UPDATE_EVERY_NS: Final = HOUR_NS // 4
"""Shortest time between two messages of one alert. Forty cameras that join within it are one message."""

GRACE_NS: Final = HOUR_NS
"""After a start, nothing is resolved for so long: what was not seen while nobody looked may go on. A
flow that goes on gives a record every half hour."""

MOST_ALERTS: Final = 20_000
"""Open alerts. A hit that would open one more is counted as refused."""

MOST_SUBJECTS: Final = 1000
MOST_DESTINATIONS: Final = 16
MOST_EVIDENCE: Final = 12
MOST_FLOWS: Final = 8


_T = TypeVar("_T")


class Hit(NamedTuple):
    """A rule holds for a camera."""

    rule: Rule
    group: tuple[str, ...]
    """Values of what the rule groups by."""

    subject: Subject | None
    """None: it is about the sensor."""

    last_ns: int
    """Last flow or event that shows it."""

    times: int = 1
    operator: str = ""
    operator_country: str = ""
    destinations: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    flow_ids: tuple[str, ...] = ()


@dataclasses.dataclass(slots=True)
class Counts:
    """Running totals: ``hits == opened + repeated + refused``."""

    hits: int = 0
    opened: int = 0
    repeated: int = 0
    refused: int = 0
    resolved: int = 0
    updated: int = 0
    quiet: int = 0
    """Hits that a silence or a window held back; they are among the others too."""


class Book:
    """The open alerts of one sensor."""

    def __init__(self, rules: Iterable[Rule], sensor: str, cover: Cover) -> None:
        self.counts = Counts()
        self._rules = {rule.id: rule for rule in rules}
        self._sensor = sensor
        self._cover = cover
        self._open: dict[str, Alert] = {}
        self._touched: dict[str, str] = {}
        """Fingerprint -> what held the last hit back; what must be written."""

        self._grace_until_ns: int | None = None

    def restore(self, alerts: Iterable[Alert], now_ns: int) -> None:
        """Take the open alerts of an earlier process."""
        self._open = {a.fingerprint: a for a in alerts if a.state is AlertState.OPEN}
        self._grace_until_ns = now_ns + GRACE_NS

    @property
    def open(self) -> tuple[Alert, ...]:
        """The open alerts, oldest first."""
        return tuple(self._open.values())

    def add(self, hits: Iterable[Hit], now_ns: int) -> None:
        """Note that rules hold."""
        for hit in hits:
            self.counts.hits += 1
            key = fingerprint(self._sensor, hit.rule.id, *hit.group)
            alert = self._open.get(key)
            if alert is None:
                if len(self._open) >= MOST_ALERTS:
                    self.counts.refused += 1
                    continue
                alert = self._new(key, hit, now_ns)
                self.counts.opened += 1
            else:
                self.counts.repeated += 1
            alert = _joined(alert, hit)
            held = self._held(alert, hit, now_ns)
            self.counts.quiet += held != ""
            alert = alert._replace(subjects=_with(alert.subjects, hit.subject, is_quiet=held != ""))
            self._open[key] = alert
            self._touched[key] = held

    def settle(self, now_ns: int, *, is_status_known: bool = False) -> list[AlertEvent]:
        """Return what changed since the last time, and resolve what is over.

        Args:
            now_ns: The time now.
            is_status_known: Whether what is not shown by flows was looked at just now.
        """
        events = []
        for key in list(self._open):
            alert = self._open[key]
            held = self._touched.get(key)
            if self._is_over(alert, now_ns, is_status_known=is_status_known):
                events.append(self._resolve(alert, now_ns))
                del self._open[key]
                continue
            event = self._message(alert, now_ns)
            if event is None and held is not None:
                event = AlertEvent(alert, None, now_ns, silence=held)
            if event is not None:
                self._open[key] = event.alert
                events.append(event)
        self._touched.clear()
        return events

    def _new(self, key: str, hit: Hit, now_ns: int) -> Alert:
        rule = hit.rule
        return Alert(
            id=fingerprint(key, str(now_ns)),
            fingerprint=key,
            sensor=self._sensor,
            rule=rule.id,
            severity=rule.severity,
            title=rule.title,
            explanation=rule.text,
            state=AlertState.OPEN,
            subjects=(),
            operator=hit.operator,
            operator_country=hit.operator_country,
            destinations=(),
            opened_ns=now_ns,
            updated_ns=now_ns,
            last_ns=hit.last_ns,
            resolved_ns=None,
            times=0,
            evidence=(),
            flow_ids=(),
            told=0,
            group=hit.group,
            runbook=rule.runbook,
        )

    def _held(self, alert: Alert, hit: Hit, now_ns: int) -> str:
        return self._cover.holds_back(alert, hit.subject or _SENSOR, now_ns)

    def _message(self, alert: Alert, now_ns: int) -> AlertEvent | None:
        """Return the message that is due, if one is."""
        loud = _loud(alert)
        if loud <= alert.told:
            return None
        if alert.told == 0:
            return AlertEvent(
                alert._replace(told=loud, updated_ns=now_ns), AlertChange.OPENED, now_ns
            )
        if now_ns - alert.updated_ns < UPDATE_EVERY_NS:
            return None
        self.counts.updated += 1
        more = loud - alert.told
        text = f"{more} more camera{'s' if more > 1 else ''}"
        told = alert._replace(told=loud, updated_ns=now_ns)
        return AlertEvent(told, AlertChange.UPDATED, now_ns, text)

    def _is_over(self, alert: Alert, now_ns: int, *, is_status_known: bool) -> bool:
        rule = self._rules.get(alert.rule)
        if rule is None:
            return True  # The rule was switched off.
        if self._grace_until_ns is not None and now_ns < self._grace_until_ns:
            return False
        watch = WATCHES.get(rule.watch)
        if watch is not None and not watch.looks_at_flows and not is_status_known:
            return False
        return alert.last_ns + rule.resolve_after_ns < now_ns

    def _resolve(self, alert: Alert, now_ns: int) -> AlertEvent:
        self.counts.resolved += 1
        done = alert._replace(state=AlertState.RESOLVED, resolved_ns=now_ns, updated_ns=now_ns)
        # Who was not told that it began need not be told that it is over.
        return AlertEvent(done, AlertChange.RESOLVED if alert.told else None, now_ns)


_SENSOR: Final = Subject("")


def _loud(alert: Alert) -> int:
    return sum(not subject.is_quiet for subject in alert.subjects)


def _joined(alert: Alert, hit: Hit) -> Alert:
    """Return an alert with one more hit counted; lists stay within their bounds."""
    return alert._replace(
        times=alert.times + hit.times,
        last_ns=max(alert.last_ns, hit.last_ns),
        destinations=_more(alert.destinations, hit.destinations, MOST_DESTINATIONS),
        evidence=_more(alert.evidence, hit.evidence, MOST_EVIDENCE),
        flow_ids=_more(alert.flow_ids, hit.flow_ids, MOST_FLOWS),
    )


def _more(have: tuple[_T, ...], new: tuple[_T, ...], most: int) -> tuple[_T, ...]:
    if len(have) >= most:
        return have
    return tuple(dict.fromkeys((*have, *new)))[:most]


def _with(
    subjects: tuple[Subject, ...], subject: Subject | None, *, is_quiet: bool
) -> tuple[Subject, ...]:
    """Return the cameras of an alert with one more; one that was loud stays so."""
    new = (subject or _SENSOR)._replace(is_quiet=is_quiet)
    for at, known in enumerate(subjects):
        if known.key == new.key:
            new = new._replace(is_quiet=known.is_quiet and is_quiet)
            if new == known:
                return subjects
            return (*subjects[:at], new, *subjects[at + 1 :])
    return (*subjects, new) if len(subjects) < MOST_SUBJECTS else subjects
