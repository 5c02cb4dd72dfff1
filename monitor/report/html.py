"""The report as one self-contained HTML page: no script, no outside request, prints well."""

import os
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import override

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

MAX_TALKS = 24
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

    class Environment(jinja2.Environment):
        """Looks into dictionaries first: nearly all that the page names are keys."""

        @override
        def getattr(self, obj: Any, attribute: str) -> Any:
            if type(obj) is dict and attribute in obj:
                return obj[attribute]
            return super().getattr(obj, attribute)

    environment = Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja2.PackageLoader("monitor.report", "."),
        bytecode_cache=_bytecode_cache(),
    )
    environment.filters["bytes"] = bytes_text
    environment.filters["count"] = count_text
    environment.filters["change"] = change_text
    return environment.get_template("report.html.j2")


def _bytecode_cache() -> "jinja2.BytecodeCache | None":
    """Return where the compiled template is kept, beside other compiled code; none where nobody may."""
    import jinja2  # noqa: PLC0415  # see above

    folder = Path(__file__).parent / "__pycache__"
    try:
        folder.mkdir(exist_ok=True)
    except OSError:
        return None
    if not os.access(folder, os.W_OK):
        return None

    class Cache(jinja2.FileSystemBytecodeCache):
        """Does without where the disk is full."""

        @override
        def dump_bytecode(self, bucket: Any) -> None:
            with suppress(OSError):
                super().dump_bytecode(bucket)

    return Cache(str(folder))
