"""What is asked of a store."""

from typing import NamedTuple

from sqlalchemy import Connection, func, select

from monitor.store.tables import CAMERAS, FINDINGS, FLOWS, RUNS


class PurposeTotal(NamedTuple):
    """Flows of one purpose."""

    purpose: str
    flows: int
    bytes: int
    """Bytes on the wire, both directions."""


class RunSummary(NamedTuple):
    """One run in numbers."""

    state: str
    flows: int
    cameras: int
    destinations: int
    findings: int
    first_ns: int | None
    """Start of the earliest flow; None without flows."""

    last_ns: int | None
    purposes: tuple[PurposeTotal, ...]
    """Most flows first, then by name."""


def summarise(connection: Connection, run_id: str) -> RunSummary | None:
    """Return a run in numbers, or None where there is no such run."""
    run = connection.execute(select(RUNS.c.no, RUNS.c.state).where(RUNS.c.id == run_id)).first()
    if run is None:
        return None
    flow = FLOWS.c
    counted = connection.execute(
        select(
            func.count(),
            func.count(flow.destination_id.distinct()),
            func.min(flow.start_ns),
            func.max(flow.end_ns),
        ).where(flow.run_no == run.no)
    ).one()
    flows, destinations, first_ns, last_ns = counted
    cameras, findings = (
        connection.execute(
            select(func.count()).select_from(table).where(table.c.run_no == run.no)
        ).scalar_one()
        for table in (CAMERAS, FINDINGS)
    )
    # PostgreSQL sums bigint as numeric; the record says int.
    volume = func.sum(flow.orig_bytes + flow.resp_bytes)
    grouped = connection.execute(
        select(flow.purpose, func.count().label("many"), volume)
        .where(flow.run_no == run.no)
        .group_by(flow.purpose)
        .order_by(func.count().desc(), flow.purpose)
    )
    purposes = tuple(PurposeTotal(purpose, many, int(total)) for purpose, many, total in grouped)
    return RunSummary(
        run.state, flows, cameras, destinations, findings, first_ns, last_ns, purposes
    )
