"""From the rows that a rule holds for to hits: one for each camera and group."""

from collections.abc import Callable
from typing import Final

import numpy as np

from monitor.model.addresses import ip_text
from monitor.model.alerts import Subject
from monitor.model.arrays import I64, VLAN_NONE
from monitor.model.records import Device, Evidence
from monitor.model.rows import Party, RecordBatch, Vocabulary, protocol_text
from monitor.policy.book import Hit
from monitor.policy.compile import Names
from monitor.policy.rule import Rule

ROWS_SHOWN: Final = 3
"""Rows of each camera and group that become evidence; the book keeps the first few."""

_OF_PARTY: Final[dict[str, Callable[[Party], str]]] = {
    "operator": lambda party: party.operator,
    "operator_country": lambda party: party.operator_country,
    "country": lambda party: party.country,
    "name": lambda party: party.name,
}


def subject_of(device: Device, vlan: int | None, names: Names) -> Subject:
    """Return a device as alerts name it."""
    return Subject(
        device.ip, device.mac, names.get(device.ip, ""), device.maker, device.brand, vlan
    )


def flow_hits(rule: Rule, batch: RecordBatch, rows: I64, names: Names) -> list[Hit]:
    """Return the hits of a rule that looks at each flow by itself.

    Args:
        rule: The rule.
        batch: Flow records.
        rows: The rows that it holds for, rising, at least one.
        names: Names of cameras.
    """
    groups, group_of = _groups(rule, batch, rows)
    key = batch.camera[rows].astype(np.int64) << 32 | group_of
    distinct, which, counts = np.unique(key, return_inverse=True, return_counts=True)
    order = rows[np.argsort(which, kind="stable")]
    begin = np.cumsum(counts) - counts
    last_ns = np.maximum.reduceat(batch.end_ns[order], begin)
    hits = []
    for number, first, count, last in zip(
        distinct.tolist(), begin.tolist(), counts.tolist(), last_ns.tolist(), strict=True
    ):
        shown = order[first : first + min(count, ROWS_SHOWN)].tolist()
        hits.append(
            hit_of(rule, batch, shown, names, groups[number & 0xFFFF_FFFF])._replace(
                times=count, last_ns=last
            )
        )
    return hits


def hit_of(
    rule: Rule, batch: RecordBatch, rows: list[int], names: Names, group: tuple[str, ...]
) -> Hit:
    """Return a hit that some rows of one camera show."""
    row = rows[0]
    vlan = int(batch.vlan[row])
    device = batch.words.cameras[batch.camera[row]]
    party = batch.words.parties[batch.party[row]]
    says_who = bool({"operator", "operator_country"} & set(rule.group))
    return Hit(
        rule=rule,
        group=group,
        subject=subject_of(device, None if vlan == VLAN_NONE else vlan, names),
        last_ns=int(batch.end_ns[rows].max()),
        operator=party.operator if says_who else "",
        operator_country=party.operator_country if says_who else "",
        destinations=tuple(other_side(batch, r)[0] for r in rows),
        evidence=tuple(evidence_of(batch, r) for r in rows),
        flow_ids=tuple(f"{int(batch.flow_id[r]):016x}" for r in rows),
    )


def other_side(batch: RecordBatch, row: int) -> tuple[str, int]:
    """Return name (else address) and port of the destination of a flow."""
    if batch.is_ours[row]:
        hi, lo, port = batch.resp_hi[row], batch.resp_lo[row], batch.resp_port[row]
    else:
        hi, lo, port = batch.orig_hi[row], batch.orig_lo[row], batch.orig_port[row]
    return batch.words.parties[batch.party[row]].name or ip_text(int(hi), int(lo)), int(port)


def evidence_of(batch: RecordBatch, row: int) -> Evidence:
    """Return who was on the other side of a flow, in words."""
    name, port = other_side(batch, row)
    return Evidence(
        "destination", f"{name} port {port} ({protocol_text(int(batch.protocol[row]))})"
    )


def group_of(rule: Rule, device: Device, party: Party, purpose: str) -> tuple[str, ...]:
    """Return the values of what a rule groups by, for one flow."""
    values = []
    for part in rule.group:
        if part == "camera":
            values.append(device.mac or device.ip)
        elif part == "maker":
            values.append(device.maker)
        elif part == "purpose":
            values.append(purpose)
        else:
            values.append(_OF_PARTY[part](party))
    return tuple(values)


def _groups(rule: Rule, batch: RecordBatch, rows: I64) -> tuple[list[tuple[str, ...]], I64]:
    """Return the distinct groups among some rows, and which of them each row is in."""
    if not rule.group:
        return [()], np.zeros(len(rows), np.int64)
    words: Vocabulary = batch.words
    parts = [batch.party[rows].astype(np.int64)]
    if {"camera", "maker"} & set(rule.group):
        parts.append(batch.camera[rows].astype(np.int64) << 20)
    if "purpose" in rule.group:
        parts.append(batch.verdict[rows].astype(np.int64) << 40)
    distinct, which = np.unique(np.bitwise_or.reduce(parts), return_inverse=True)
    numbers: dict[tuple[str, ...], int] = {}
    found = [
        numbers.setdefault(
            group_of(
                rule,
                words.cameras[key >> 20 & 0xF_FFFF],
                words.parties[key & 0xF_FFFF],
                str(words.verdicts[key >> 40].purpose) if words.verdicts else "",
            ),
            len(numbers),
        )
        for key in distinct.tolist()
    ]
    return list(numbers), np.array(found, np.int64)[which]
