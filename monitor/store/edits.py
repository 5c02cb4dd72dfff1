"""What people write through the API: each change with its line in the audit log, in one transaction."""

import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.engine import URL

from monitor.model.clock import utc_text
from monitor.store import access, schema
from monitor.store import engine as engines
from monitor.store.access_tables import JOBS, LABELS
from monitor.store.alert_tables import ALERT_EVENTS, ALERTS, SILENCES
from monitor.store.rows import clean
from monitor.store.upsert import replacing, statement


class Edits:
    """The writing side of the API: one transaction at a time."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self._engine = engines.connect(url)
        self._lock = threading.Lock()

    def upgrade(self) -> None:
        """Create or upgrade the schema.

        Raises:
            StoreError: The store cannot be reached, or is not ours.
        """
        with engines.explained(self.url):
            schema.upgrade(self._engine, self.url)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Yield a connection that writes; what it wrote counts when the block ends well.

        Raises:
            StoreError: The database does not do its part.
        """
        with self._lock, engines.explained(self.url), self._engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()


def acknowledge(
    connection: Connection, alert_id: str, *, author: str, text: str, now_ns: int
) -> bool:
    """Mark an alert as seen; return whether there is one. The first who has seen it stays."""
    found = connection.execute(
        select(ALERTS.c.acknowledged_ns).where(ALERTS.c.id == alert_id)
    ).first()
    if found is None:
        return False
    if found.acknowledged_ns is None:
        connection.execute(
            update(ALERTS)
            .where(ALERTS.c.id == alert_id)
            .values(acknowledged_by=clean(author), acknowledged_ns=now_ns)
        )
        _event(connection, alert_id, "acknowledged", author=author, text=text, now_ns=now_ns)
        _log(connection, "alert.acknowledge", alert_id, author, now_ns, {"text": text})
    return True


def note(connection: Connection, alert_id: str, *, author: str, text: str, now_ns: int) -> bool:
    """Add a remark to an alert; return whether there is one."""
    known = connection.execute(select(ALERTS.c.id).where(ALERTS.c.id == alert_id)).first()
    if known is None:
        return False
    _event(connection, alert_id, "note", author=author, text=text, now_ns=now_ns)
    _log(connection, "alert.note", alert_id, author, now_ns, {"text": text})
    return True


def snooze(
    connection: Connection,
    alert_id: str,
    *,
    author: str,
    reason: str,
    until_ns: int,
    now_ns: int,
) -> str | None:
    """Silence what an alert is about until a time; return the silence's id, None without the alert."""
    query = select(ALERTS.c.fingerprint).where(ALERTS.c.id == alert_id)
    fingerprint = connection.execute(query).scalar()
    if fingerprint is None:
        return None
    told = f"{reason} (until {utc_text(until_ns)})"
    _event(connection, alert_id, "snoozed", author=author, text=told, now_ns=now_ns)
    return silence(
        connection, {"fingerprint": fingerprint}, author=author, reason=reason,
        until_ns=until_ns, now_ns=now_ns,
    )  # fmt: skip


def silence(
    connection: Connection,
    matches: Mapping[str, str],
    *,
    author: str,
    reason: str,
    until_ns: int,
    now_ns: int,
) -> str:
    """Make a silence; return its id."""
    silence_id = secrets.token_hex(16)
    told = {key: clean(value) for key, value in matches.items()}
    connection.execute(
        insert(SILENCES).values(
            id=silence_id, matches=told, author=clean(author), reason=clean(reason),
            created_ns=now_ns, until_ns=until_ns,
        )
    )  # fmt: skip
    detail = {"matches": told, "reason": clean(reason), "until_ns": until_ns}
    _log(connection, "silence.create", silence_id, author, now_ns, detail)
    return silence_id


def end_silence(connection: Connection, silence_id: str, *, author: str, now_ns: int) -> bool:
    """End a silence now; return whether one was in force."""
    done = connection.execute(
        update(SILENCES)
        .where(SILENCES.c.id == silence_id, SILENCES.c.until_ns > now_ns)
        .values(until_ns=now_ns)
    )
    if done.rowcount:
        _log(connection, "silence.end", silence_id, author, now_ns, {})
    return done.rowcount > 0


def label(
    connection: Connection, camera_ip: str, *, text: str, remark: str, author: str, now_ns: int
) -> None:
    """Give a camera a name and a remark, in the place of those before; both empty: take them away."""
    if not text and not remark:
        connection.execute(delete(LABELS).where(LABELS.c.camera_ip == camera_ip))
    else:
        row = {
            "camera_ip": camera_ip, "label": clean(text), "note": clean(remark),
            "author": clean(author), "at_ns": now_ns,
        }  # fmt: skip
        connection.execute(statement(LABELS, connection.dialect, replacing(LABELS)), row)
    detail = {"label": clean(text), "note": clean(remark)}
    _log(connection, "camera.label", camera_ip, author, now_ns, detail)


def add_job(
    connection: Connection,
    *,
    job_id: str,
    file_name: str,
    size: int,
    sha256: str,
    author: str,
    now_ns: int,
) -> None:
    """Write an uploaded capture that waits for its replay."""
    connection.execute(
        insert(JOBS).values(
            id=job_id, file_name=clean(file_name), bytes=size, sha256=sha256, state="waiting",
            progress=0, error="", run_id="", author=clean(author), created_ns=now_ns,
        )
    )  # fmt: skip
    detail = {"file_name": clean(file_name), "bytes": size, "sha256": sha256}
    _log(connection, "job.upload", job_id, author, now_ns, detail)


def change_job(connection: Connection, job_id: str, **values: Any) -> None:
    """Write what became of a job."""
    if "error" in values:
        values["error"] = clean(values["error"])
    connection.execute(update(JOBS).where(JOBS.c.id == job_id).values(**values))


def waiting_jobs(connection: Connection) -> int:
    """Return how many jobs wait or run."""
    query = select(func.count()).select_from(JOBS).where(JOBS.c.state.in_(("waiting", "running")))
    return connection.execute(query).scalar_one()


def _event(
    connection: Connection, alert_id: str, kind: str, *, author: str, text: str, now_ns: int
) -> None:
    connection.execute(
        insert(ALERT_EVENTS).values(
            alert_id=alert_id, at_ns=now_ns, kind=kind, author=clean(author), text=clean(text)
        )
    )


def _log(
    connection: Connection,
    action: str,
    subject: str,
    author: str,
    now_ns: int,
    detail: Mapping[str, Any],
) -> None:
    access.log(
        connection, at_ns=now_ns, author=author, action=action, subject=subject, detail=detail
    )
