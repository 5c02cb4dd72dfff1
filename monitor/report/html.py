"""The report as one self-contained HTML page: no script, no outside request, prints well."""

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from monitor.model.words import PURPOSE_GROUPS, Scope
from monitor.report.closed import change_text
from monitor.report.order import by_urgency
from monitor.report.units import bytes_text, count_text

if TYPE_CHECKING:
    import jinja2

OPEN_CAMERAS = 8
"""Cameras shown unfolded, of those that spoke to the outside; the others unfold on a click."""

MAX_CAMERAS = 100
"""Cameras shown: beyond, a page is no longer read."""

MAX_TALKS = 40
"""Parties shown of each camera."""


def render(report: dict[str, Any]) -> str:
    """Return the page for a report (see `monitor.report.build.build`)."""
    talks = [t for c in report["cameras"] for t in c["talks"] if t["scope"] == Scope.OUTSIDE]
    sent = sum(t["bytes_out"] for t in talks)
    countries = sorted({country for t in talks for country in t["countries"]})
    groups: dict[str, int] = {}
    for talk in talks:
        group = PURPOSE_GROUPS[talk["purpose"]]
        groups[group] = groups.get(group, 0) + talk["bytes_out"]
    return _template().render(
        report=report,
        cameras=by_urgency(report["cameras"])[:MAX_CAMERAS],
        findings=_grouped(report["findings"]),
        max_talks=MAX_TALKS,
        sent=sent,
        received=sum(t["bytes_in"] for t in talks),
        countries=countries,
        groups=sorted(groups.items(), key=lambda item: -item[1]),
        open_cameras=OPEN_CAMERAS,
        outside=Scope.OUTSIDE.value,
        purpose_groups={str(k): v for k, v in PURPOSE_GROUPS.items()},
    )


def _grouped(findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return one row for each rule: forty cameras that do one thing are one row."""
    rows: dict[str, dict[str, Any]] = {}
    for finding in findings:
        row = rows.setdefault(
            finding["rule"], {**finding, "cameras": [], "seen": {}, "flows": 0, "flow_ids": []}
        )
        row["cameras"].append(finding["camera"])
        row["flows"] += finding["flows"]
        row["flow_ids"] += finding["flow_ids"]
        row["seen"].update(dict.fromkeys(e["value"] for e in finding["evidence"]))
    return [{**row, "seen": list(row["seen"])} for row in rows.values()]


@cache
def _template() -> "jinja2.Template":
    import jinja2  # noqa: PLC0415  # seldom needed, and not before the end

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["bytes"] = bytes_text
    environment.filters["count"] = count_text
    environment.filters["change"] = change_text
    text = files("monitor.report").joinpath("report.html.j2").read_text(encoding="utf-8")
    return environment.from_string(text)
