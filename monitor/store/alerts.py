"""Alerts, silences and fetched firmware: written in the transaction of the flows that they rest on.

    writes=[lambda c: alerts.write(c, run_no, events), lambda c: alerts.write_updates(c, run_no, updates)]
    engine.restore(store.learnt(), alerts.load_open(c, sensor), now_ns)

All that is written comes from the arguments, so that a step can be tried again.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, select

from monitor.model.alerts import Alert, AlertEvent, AlertState, Silence, Subject
from monitor.model.learnt import Learnt, Update
from monitor.model.records import Evidence
from monitor.model.words import Severity
from monitor.store import upsert
from monitor.store.alert_tables import ALERT_EVENTS, ALERTS, LEARNT, SILENCES, UPDATES
from monitor.store.rows import Row, clean, evidence_items

_CHANGES = {
    name: rule
    for name, rule in upsert.replacing(ALERTS).items()
    # People change them, or nothing does.
    if name not in {"acknowledged_by", "acknowledged_ns", "run_no", "opened_ns"}
}
"""Columns of an alert that are written again, and how."""


def write(connection: Connection, run_no: int, events: Sequence[AlertEvent]) -> None:
    """Write alerts as they are now, and a line of history for each change that was told."""
    if not events:
        return
    # The last state of each counts; a statement must not meet a row twice.
    rows = {event.alert.id: alert_row(event.alert, run_no) for event in events}
    upsert.write(connection, ALERTS, list(rows.values()), _CHANGES)
    told = [
        {
            "alert_id": event.alert.id,
            "at_ns": event.at_ns,
            "kind": event.change.value,
            "author": "",
            "text": clean(event.text),
        }
        for event in events
        if event.change is not None
    ]
    if told:
        connection.execute(ALERT_EVENTS.insert(), told)


def alert_row(alert: Alert, run_no: int) -> Row:
    """Return the row of an alert."""
    return {
        "id": alert.id,
        "fingerprint": alert.fingerprint,
        "sensor": alert.sensor,
        "run_no": run_no,
        "rule": alert.rule,
        "severity": str(alert.severity),
        "title": clean(alert.title),
        "explanation": clean(alert.explanation),
        "state": str(alert.state),
        "subjects": [
            {k: clean(v) if isinstance(v, str) else v for k, v in s._asdict().items()}
            for s in alert.subjects
        ],
        "operator": clean(alert.operator),
        "operator_country": alert.operator_country,
        "destinations": [clean(text) for text in alert.destinations],
        "opened_ns": alert.opened_ns,
        "updated_ns": alert.updated_ns,
        "last_ns": alert.last_ns,
        "resolved_ns": alert.resolved_ns,
        "times": alert.times,
        "evidence": evidence_items(alert.evidence),
        "flow_ids": list(alert.flow_ids),
        "told": alert.told,
        "group_by": [clean(text) for text in alert.group],
        "runbook": alert.runbook,
        "acknowledged_by": "",
        "acknowledged_ns": None,
    }


def alert_of(row: Any) -> Alert:
    """Return the alert that a row of `alerts` holds."""
    return Alert(
        id=row.id,
        fingerprint=row.fingerprint,
        sensor=row.sensor,
        rule=row.rule,
        severity=Severity(row.severity),
        title=row.title,
        explanation=row.explanation,
        state=AlertState(row.state),
        subjects=tuple(Subject(**subject) for subject in row.subjects),
        operator=row.operator,
        operator_country=row.operator_country,
        destinations=tuple(row.destinations),
        opened_ns=row.opened_ns,
        updated_ns=row.updated_ns,
        last_ns=row.last_ns,
        resolved_ns=row.resolved_ns,
        times=row.times,
        evidence=tuple(Evidence(**item) for item in row.evidence),
        flow_ids=tuple(row.flow_ids),
        told=row.told,
        group=tuple(row.group_by),
        runbook=row.runbook,
    )


def load_open(connection: Connection, sensor: str) -> list[Alert]:
    """Return the open alerts of a sensor, oldest first."""
    wanted = select(ALERTS).where(
        ALERTS.c.sensor == sensor, ALERTS.c.state == AlertState.OPEN.value
    )
    ordered = wanted.order_by(ALERTS.c.opened_ns, ALERTS.c.id)
    return [alert_of(row) for row in connection.execute(ordered)]


def write_updates(connection: Connection, run_no: int, updates: Iterable[Update]) -> None:
    """Write firmware that was fetched."""
    made = {
        update.flow_id: {
            "run_no": run_no,
            **update._asdict(),
            "name": clean(update.name),
            "url": clean(update.url),
        }
        for update in updates
    }
    upsert.write(connection, UPDATES, list(made.values()), upsert.replacing(UPDATES))


def load_learnt(connection: Connection, sensor: str = "") -> list[tuple[str, Learnt]]:
    """Return what sensors learnt, each with its sensor; of one, or of all."""
    c = LEARNT.c
    wanted = select(c.sensor, c.kind, c.key, c.value, c.first_ns, c.last_ns)
    if sensor:
        wanted = wanted.where(c.sensor == sensor)
    ordered = wanted.order_by(c.sensor, c.kind, c.key)
    return [(row[0], Learnt(*row[1:])) for row in connection.execute(ordered)]


def load_silences(connection: Connection, now_ns: int) -> list[Silence]:
    """Return the silences that have not ended."""
    wanted = select(SILENCES).where(SILENCES.c.until_ns > now_ns).order_by(SILENCES.c.id)
    return [
        Silence(row.id, row.matches, row.author, row.reason, row.created_ns, row.until_ns)
        for row in connection.execute(wanted)
    ]
