"""What sensors say of how much they see, by VLAN."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import RowMapping

from monitor.api.shapes.overview import Coverage

FRESH_NS: Final = 120_000_000_000
"""A sensor writes its row at least each minute; one that did not for two is told apart."""

ORDER: Final = ("ok", "degraded", "blind")
"""States, best first."""

UNKNOWN: Final = Coverage(verdict=None, text=None, breaks_claim=None)


def coverage_of(sensors: Sequence[RowMapping], now_ns: int) -> dict[int | None, Coverage]:
    """Return what sensors that are up say of VLANs; of several verdicts on one the worst.

    Args:
        sensors: Rows of `sensors`; their status holds ``coverage`` as `IntervalVerdict.as_dict`
            gives it, once the first interval is over.
        now_ns: The clock.
    """
    told: dict[int | None, Coverage] = {}
    for row in sensors:
        if now_ns - row["seen_ns"] > FRESH_NS:
            continue
        for label, verdict in _vlans(row["status"]):
            vlan = int(label) if label.isdigit() else None
            found = _coverage(verdict)
            if vlan not in told or _rank(found) > _rank(told[vlan]):
                told[vlan] = found
    return told


def _vlans(status: Any) -> list[tuple[str, Mapping[str, Any]]]:
    coverage = status.get("coverage") if isinstance(status, Mapping) else None
    vlans = coverage.get("vlans") if isinstance(coverage, Mapping) else None
    if not isinstance(vlans, Mapping):
        return []
    return [(str(label), one) for label, one in vlans.items() if isinstance(one, Mapping)]


def _coverage(verdict: Mapping[str, Any]) -> Coverage:
    reasons = verdict.get("reasons") or []
    return Coverage(
        verdict=str(verdict.get("state")),
        text="; ".join(str(reason["text"]) for reason in reasons) or _good(verdict),
        breaks_claim=any(reason.get("breaks_claim") for reason in reasons),
    )


def _good(verdict: Mapping[str, Any]) -> str:
    if verdict.get("two_sided"):
        return "both sides of conversations are seen"
    return "frames are seen; no conversation showed whether both sides are"


def _rank(coverage: Coverage) -> int:
    return ORDER.index(coverage.verdict) if coverage.verdict in ORDER else len(ORDER)
