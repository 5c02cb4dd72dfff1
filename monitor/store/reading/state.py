"""Runs, sensors, deliveries, jobs and the audit log."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, func, select

from monitor.store.access_tables import AUDIT, JOBS
from monitor.store.alert_tables import ALERT_EVENTS
from monitor.store.delivery_tables import DELIVERIES, TARGETS
from monitor.store.live_tables import SENSORS
from monitor.store.reading.paging import Cut, Sort, cut
from monitor.store.tables import CAMERAS, FINDINGS, FLOWS, RUNS


def runs(connection: Connection, *, after: str | None = None, limit: int = 100) -> Cut:
    """Return runs, newest first."""
    return cut(
        connection, select(RUNS), Sort("runs", (RUNS.c.no,), is_descending=True), after, limit
    )


def run(connection: Connection, run_id: str) -> RowMapping | None:
    """Return one run."""
    return connection.execute(select(RUNS).where(RUNS.c.id == run_id)).mappings().first()


def run_times(connection: Connection, run_no: int) -> tuple[int | None, int | None]:
    """Return when the first flow of a run began and the last one ended."""
    first, last = connection.execute(
        select(func.min(FLOWS.c.start_ns), func.max(FLOWS.c.end_ns)).where(FLOWS.c.run_no == run_no)
    ).one()
    return first, last


def counts(connection: Connection, table: Table, run_no: int) -> int:
    """Return how many rows of a table belong to a run."""
    if table not in (FLOWS, CAMERAS, FINDINGS):
        raise ValueError(table.name)
    query = select(func.count()).select_from(table).where(table.c.run_no == run_no)
    return connection.execute(query).scalar_one()


def findings(connection: Connection, run_no: int) -> Sequence[RowMapping]:
    """Return the findings of a run, in their order."""
    query = select(FINDINGS).where(FINDINGS.c.run_no == run_no).order_by(FINDINGS.c.position)
    return connection.execute(query).mappings().all()


def sensors(connection: Connection) -> Sequence[RowMapping]:
    """Return the live sensors, by name."""
    query = select(SENSORS, RUNS.c.id.label("run")).outerjoin(RUNS, RUNS.c.no == SENSORS.c.run_no)
    return connection.execute(query.order_by(SENSORS.c.name)).mappings().all()


def deliveries(
    connection: Connection,
    *,
    state: str | None = None,
    target: str | None = None,
    after: str | None = None,
    limit: int = 100,
) -> Cut:
    """Return messages to be sent or sent, newest first, without their bodies."""
    columns = [c for c in DELIVERIES.columns if c.name != "body"]
    query = select(*columns)
    if state is not None:
        query = query.where(DELIVERIES.c.state == state)
    if target is not None:
        query = query.where(DELIVERIES.c.target == target)
    order = Sort("deliveries", (DELIVERIES.c.id,), is_descending=True)
    return cut(connection, query, order, after, limit)


def targets(connection: Connection) -> Sequence[RowMapping]:
    """Return where messages go, by name."""
    return connection.execute(select(TARGETS).order_by(TARGETS.c.name)).mappings().all()


def jobs(connection: Connection, *, after: str | None = None, limit: int = 100) -> Cut:
    """Return uploaded captures, newest first."""
    order = Sort("jobs", (JOBS.c.created_ns, JOBS.c.id), is_descending=True)
    return cut(connection, select(JOBS), order, after, limit)


def job(connection: Connection, job_id: str) -> RowMapping | None:
    """Return one uploaded capture."""
    return connection.execute(select(JOBS).where(JOBS.c.id == job_id)).mappings().first()


def uploaded_names(connection: Connection, run_ids: Sequence[str]) -> dict[str, str]:
    """Return the file names of runs that were uploaded."""
    query = select(JOBS.c.run_id, JOBS.c.file_name).where(JOBS.c.run_id.in_(run_ids))
    return dict(connection.execute(query).all())


def audit(connection: Connection, *, after: str | None = None, limit: int = 100) -> Cut:
    """Return what was written through the API and the command line, newest first."""
    order = Sort("audit", (AUDIT.c.id,), is_descending=True)
    return cut(connection, select(AUDIT), order, after, limit)


def marks(connection: Connection) -> dict[str, Any]:
    """Return what changes when something happens: for live events, cheap to ask each second."""
    return {
        "event": connection.execute(select(func.max(ALERT_EVENTS.c.id))).scalar() or 0,
        "delivery": connection.execute(select(func.max(DELIVERIES.c.id))).scalar() or 0,
        "sensors": dict(connection.execute(select(SENSORS.c.name, SENSORS.c.seen_ns)).all()),
        "jobs": {
            job_id: [state, progress]
            for job_id, state, progress in connection.execute(
                select(JOBS.c.id, JOBS.c.state, JOBS.c.progress)
                .order_by(JOBS.c.created_ns.desc())
                .limit(20)
            )
        },
    }


def run_id(connection: Connection, run_no: int) -> str | None:
    """Return the id of a run; None where it is gone."""
    found: str | None = connection.execute(select(RUNS.c.id).where(RUNS.c.no == run_no)).scalar()
    return found


def unfinished_jobs(connection: Connection) -> int:
    """Return how many uploads wait or are replayed."""
    query = select(func.count()).select_from(JOBS).where(JOBS.c.state.in_(("waiting", "running")))
    return connection.execute(query).scalar_one()


def ping(connection: Connection) -> None:
    """Read something that every store of ours has."""
    connection.execute(select(RUNS.c.no).limit(1)).first()
