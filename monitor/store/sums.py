"""Sums over flows, for `totals`: who sent how much, to whom, what for, in which span of time."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, case, delete, func, insert, literal, select

from monitor.model.arrays import VLAN_NONE
from monitor.model.rows import SCOPES, RecordBatch
from monitor.model.words import OUTCOMES
from monitor.store import upsert
from monitor.store.live_tables import TOTALS
from monitor.store.rows import clean
from monitor.store.tables import DESTINATIONS, FLOWS

S_NS = 1_000_000_000

LIVE_SPAN_S = 3600
"""An hour. Sums for each ten minutes were but half as many as the flows, and three times as slow to
read: a camera does most things less than once in ten minutes."""

SPANS_S = (60, 600, 3600, 86_400)
"""Spans that a replay's sums may have: the shortest that gives no more than `MOST_SPANS`."""

MOST_SPANS = 200

UNTAGGED = -1

RULES = {
    "span_s": upsert.Meeting.MAX,
    "flows": upsert.Meeting.ADD,
    "out_bytes": upsert.Meeting.ADD,
    "in_bytes": upsert.Meeting.ADD,
    "last_ns": upsert.Meeting.MAX,
}
"""How sums meet sums of the same key."""

Key = tuple[int, int, str, int, str, str, str, str, str, str, str]
"""The primary key of `totals`, in order."""


def span_of(first_ns: int, last_ns: int) -> int:
    """Return the length of the spans that sums of a run from `first_ns` to `last_ns` get."""
    for span_s in SPANS_S:
        if (last_ns - first_ns) // (span_s * S_NS) < MOST_SPANS:
            return span_s
    return SPANS_S[-1]


def of_batches(
    batches: Iterable[RecordBatch], run_no: int, span_s: int = LIVE_SPAN_S
) -> list[tuple[Any, ...]]:
    """Return rows of `totals`, one for each key, that sum up these flows."""
    span_ns = span_s * S_NS
    sums: dict[Key, list[int]] = {}
    for batch in batches:
        words = batch.words
        for by_index, amounts in _by_index(batch, span_ns).items():
            bucket_ns, camera, vlan, scope, verdict, party, outcome, is_ours = by_index
            other = words.parties[party]
            key = (
                run_no, bucket_ns, words.cameras[camera].ip,
                UNTAGGED if vlan == VLAN_NONE else vlan, SCOPES[scope].value,
                words.verdicts[verdict].purpose.value, clean(other.operator),
                other.operator_country, other.country, OUTCOMES[outcome].value,
                "camera" if is_ours else "destination",
            )  # fmt: skip
            _add(sums, key, amounts)
    return [(*key, span_s, *amounts) for key, amounts in sums.items()]


def _by_index(batch: RecordBatch, span_ns: int) -> dict[tuple[int, ...], list[int]]:
    """Sum up by the numbers of the columns: texts are looked up once for each kind of flow."""
    sums: dict[tuple[int, ...], list[int]] = {}
    columns = (
        batch.start_ns - batch.start_ns % span_ns, batch.camera, batch.vlan, batch.scope,
        batch.verdict, batch.party, batch.outcome, batch.is_ours,
    )  # fmt: skip
    keys = zip(*(column.tolist() for column in columns), strict=True)
    sides = (batch.is_ours, batch.orig_bytes, batch.resp_bytes, batch.end_ns)
    for key, is_ours, orig, resp, end_ns in zip(
        keys, *(column.tolist() for column in sides), strict=True
    ):
        _add(sums, key, (1, orig, resp, end_ns) if is_ours else (1, resp, orig, end_ns))
    return sums


def _add(sums: dict[Any, list[int]], key: Any, amounts: Iterable[int]) -> None:
    known = sums.get(key)
    if known is None:
        sums[key] = list(amounts)
        return
    flows, out_bytes, in_bytes, last_ns = amounts
    known[0] += flows
    known[1] += out_bytes
    known[2] += in_bytes
    if last_ns > known[3]:
        known[3] = last_ns


def of_run(connection: Connection, run_no: int) -> None:
    """Put sums over all flows of a run in the place of those it had."""
    connection.execute(delete(TOTALS).where(TOTALS.c.run_no == run_no))
    first_ns, last_ns = connection.execute(
        select(func.min(FLOWS.c.start_ns), func.max(FLOWS.c.start_ns)).where(
            FLOWS.c.run_no == run_no
        )
    ).one()
    if first_ns is None:
        return
    span_s = span_of(first_ns, last_ns)
    columns, query = summing(span_s)
    connection.execute(insert(TOTALS).from_select(columns, query.where(FLOWS.c.run_no == run_no)))


def summing(span_s: int) -> tuple[list[str], Any]:
    """Return the names of the columns of `totals`, and the query that makes them from flows."""
    flow, to = FLOWS.c, DESTINATIONS.c
    span_ns = span_s * S_NS
    is_ours = flow.initiated_by == "camera"
    keys = (
        flow.run_no,
        (flow.start_ns - flow.start_ns % span_ns).label("bucket_ns"),
        flow.camera_ip,
        func.coalesce(flow.vlan, UNTAGGED).label("vlan"),
        flow.scope,
        flow.purpose,
        to.operator,
        to.operator_country,
        to.country,
        flow.outcome,
        flow.initiated_by,
    )
    sums = (
        func.count().label("flows"),
        func.sum(case((is_ours, flow.orig_bytes), else_=flow.resp_bytes)).label("out_bytes"),
        func.sum(case((is_ours, flow.resp_bytes), else_=flow.orig_bytes)).label("in_bytes"),
        func.max(flow.end_ns).label("last_ns"),
    )
    span = literal(span_s).label("span_s")
    query = (
        select(*keys, span, *sums)
        .join_from(FLOWS, DESTINATIONS, flow.destination_id == to.id)
        .group_by(*keys)
    )
    return [column.name for column in (*keys, span, *sums)], query
