"""The report as one self-contained HTML page: no script, no outside request, prints well."""

from functools import cache
from importlib.resources import files
from typing import Any

import jinja2

from monitor.model.words import PURPOSE_GROUPS, Scope
from monitor.report.units import bytes_text, count_text

OPEN_CAMERAS = 8
"""Cameras shown unfolded; the others unfold on a click."""


def render(report: dict[str, Any]) -> str:
    """Return the page for a report (see `monitor.report.build.build`)."""
    talks = [t for c in report["cameras"] for t in c["talks"] if t["scope"] == Scope.OUTSIDE]
    sent = sum(t["bytes_out"] for t in talks)
    countries = sorted({t["country"] for t in talks if t["country"]})
    groups: dict[str, int] = {}
    for talk in talks:
        group = PURPOSE_GROUPS[talk["purpose"]]
        groups[group] = groups.get(group, 0) + talk["bytes_out"]
    return _template().render(
        report=report,
        sent=sent,
        received=sum(t["bytes_in"] for t in talks),
        countries=countries,
        groups=sorted(groups.items(), key=lambda item: -item[1]),
        open_cameras=OPEN_CAMERAS,
        outside=Scope.OUTSIDE.value,
        purpose_groups={str(k): v for k, v in PURPOSE_GROUPS.items()},
    )


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["bytes"] = bytes_text
    environment.filters["count"] = count_text
    text = files("monitor.report").joinpath("report.html.j2").read_text(encoding="utf-8")
    return environment.from_string(text)
