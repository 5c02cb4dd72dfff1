"""A board with the answers to its queries, as a page: for docs and for eyes.

No Grafana server is asked: the layout is Grafana's grid, panels are drawn by `dashboards/draw.py`.
What that shows is whether titles, units, legends and sizes do; not that Grafana takes the file.
"""

import html
import re
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from dashboards import draw
from dashboards.draw import Series, Table

COLUMNS: Final = 24
CELL, GAP, EDGE, HEAD = 30, 8, 16, 32
"""Height of a grid row, what lies between, the page's edge, and a panel's heading, in pixels."""

_LABEL: Final = re.compile(r"{{(\w+)}}")

TOP: Final = 92
"""Height of title and variables."""

STYLE: Final = """
*{box-sizing:border-box}body{margin:0;background:#111217;color:#ccccdc;font:14px/1.4 Inter,"DejaVu Sans",sans-serif}
body>*{position:absolute}header{left:16px;top:12px;right:16px}header h1{font-size:18px;font-weight:500;margin:0 0 10px}
header span{display:inline-block;border:1px solid #2e3038;background:#181b1f;padding:4px 8px;margin-right:8px;font-size:12px}
header span b{font-weight:400;color:#6e9fff;margin-right:6px}.row{font-weight:500;line-height:30px}
.panel{background:#181b1f;border:1px solid #25272d;border-radius:2px;overflow:hidden}
.panel h2{font-size:14px;font-weight:500;margin:0;padding:6px 8px;height:32px;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.panel h2 i{font-style:normal;color:#8e8ea0;border:1px solid #55565f;border-radius:50%;font-size:10px;padding:0 5px;margin-left:6px}
.in{padding:0 8px 8px;overflow:hidden}.nothing{color:#8e8ea0;text-align:center;padding-top:36px;font-size:18px}
.stat{display:flex;height:100%;gap:4px}.down{flex-direction:column}.value{flex:1;min-width:0;display:flex;flex-direction:column;
justify-content:center;align-items:center;overflow:hidden}.value small{white-space:nowrap;font-size:12px;color:inherit;opacity:.9}
.value b{font-weight:500;white-space:nowrap}.bars{display:flex;flex-direction:column;gap:6px}.bar{display:flex;align-items:center;gap:8px}
.bar span{width:38%;text-align:right;white-space:nowrap;overflow:hidden;text-overflow:ellipsis;font-size:13px}
.bar i{flex:1;height:100%;background:#22252b}.bar u{display:block;height:100%}.bar b{width:74px;font-weight:500;white-space:nowrap}
svg{display:block}svg text{fill:#9fa0ad;font-size:11px}svg text.on{fill:#fff}.g{stroke:#2c2e35}.land{fill:#2d3440;stroke:#181b1f;stroke-width:.6}
.legend{font-size:12px;line-height:18px;max-height:54px;overflow:hidden}.legend span{margin-right:14px;white-space:nowrap;display:inline-block}
.legend i{display:inline-block;width:14px;height:4px;border-radius:2px;margin-right:6px;vertical-align:middle}
table{width:100%;border-collapse:collapse;font-size:13px}th{text-align:left;color:#6e9fff;font-weight:500;border-bottom:1px solid #2e3038;padding:5px 6px}
td{border-bottom:1px solid #24262c;padding:4px 6px;white-space:nowrap;overflow:hidden;text-overflow:ellipsis;max-width:220px}.num{text-align:right}
.link{color:#6e9fff}
"""


def page(
    board: Mapping[str, Any], name: str, answers: Mapping[str, Any], now: float, span_s: float,
    width: int,
) -> tuple[str, int]:  # fmt: skip
    """Return a board as HTML, and its height in pixels.

    Args:
        board: The file that Grafana reads.
        name: What it is called in `answers`.
        answers: By ``name/panel id/letter``: results of Prometheus, or columns and rows of SQL.
        now: End of the time shown, s since 1970.
        span_s: Length of it.
        width: Of the window, in pixels.
    """
    column = (width - 2 * EDGE - (COLUMNS - 1) * GAP) / COLUMNS
    parts, lowest = [_header(board)], 0.0
    for panel in board["panels"]:
        place = panel["gridPos"]
        x = EDGE + place["x"] * (column + GAP)
        y = TOP + place["y"] * (CELL + GAP)
        w = place["w"] * column + (place["w"] - 1) * GAP
        h = place["h"] * CELL + (place["h"] - 1) * GAP
        lowest = max(lowest, y + h)
        style = f"left:{x:.0f}px;top:{y:.0f}px;width:{w:.0f}px;height:{h:.0f}px"
        title = html.escape(panel["title"])
        if panel["type"] == "row":
            parts.append(f'<div class="row" style="{style}">&#8964; {title}</div>')
            continue
        targets = {
            one["refId"]: answers[f"{name}/{panel['id']}/{one['refId']}"]
            for one in panel["targets"]
        }
        room = (int(w) - 18, int(h) - HEAD - 10)
        inside = _inside(panel, targets, room, (now - span_s, now))
        parts.append(
            f'<div class="panel" style="{style}"><h2>{title}<i>i</i></h2>'
            f'<div class="in" style="height:{room[1]}px">{inside}</div></div>'
        )
    return f"<!doctype html><meta charset=utf-8><style>{STYLE}</style>{''.join(parts)}", int(
        lowest
    ) + EDGE


def _header(board: Mapping[str, Any]) -> str:
    shown = "".join(
        f"<span><b>{html.escape(one['label'])}</b>{html.escape(_value(one))}</span>"
        for one in board["templating"]["list"]
    )
    return f"<header><h1>{html.escape(board['title'])}</h1>{shown}</header>"


def _value(variable: Mapping[str, Any]) -> str:
    if variable["type"] == "datasource":
        return {"prometheus": "camwatch metrics"}.get(variable["query"], "camwatch store")
    if variable["type"] == "textbox":
        return str(variable["query"])
    return "All" if variable.get("includeAll") else "one"


def _inside(
    panel: Mapping[str, Any], answers: Mapping[str, Any], room: tuple[int, int],
    span: tuple[float, float],
) -> str:  # fmt: skip
    kind = panel["type"]
    if kind in {"table", "geomap"}:
        content = _table(panel, answers)
        if not content.rows:
            return draw.nothing(panel)
        return (draw.table if kind == "table" else draw.geomap)(panel, content, *room)
    series = _series(panel, answers)
    if not series:
        return draw.nothing(panel)
    if kind == "timeseries":
        first = min(one.points[0][0] for one in series)
        # SQL by the hour or so: what there is, is shown.
        return draw.timeseries(
            panel,
            series,
            *room,
            (span[0] if first < span[0] - 600 else max(first, span[0]), span[1]),
        )
    if kind == "state-timeline":
        return draw.states(panel, series, *room, span)
    return (draw.stat if kind == "stat" else draw.bargauge)(panel, series, *room)


def _label(labels: Mapping[str, str], found: re.Match[str]) -> str:
    return labels.get(found[1], "")


def _series(panel: Mapping[str, Any], answers: Mapping[str, Any]) -> list[Series]:
    made: list[Series] = []
    for target in panel["targets"]:
        answer = answers[target["refId"]]
        if isinstance(answer, dict):
            by_name: dict[str, list[tuple[float, float]]] = {}
            for at, metric, value in answer["rows"]:
                by_name.setdefault(metric, []).append((float(at), float(value)))
            made += [Series(name, points) for name, points in by_name.items()]
            continue
        for one in answer:
            legend = _LABEL.sub(partial(_label, one["metric"]), target["legendFormat"])
            points = one.get("values") or [one["value"]]
            kept = [(float(at), float(value)) for at, value in points if value != "NaN"]
            if kept:
                made.append(Series(legend, kept))
    return made


def _table(panel: Mapping[str, Any], answers: Mapping[str, Any]) -> Table:
    """Return what the transformations merge and organize make of the answers."""
    first = next(iter(answers.values()))
    if isinstance(first, dict):
        return Table(first["columns"], first["rows"])
    organized = [
        one["options"] for one in panel.get("transformations", ()) if one["id"] == "organize"
    ]
    merged: dict[tuple[tuple[str, str], ...], dict[str, Any]] = {}
    for letter, answer in answers.items():
        value = f"Value #{letter}" if len(answers) > 1 else "Value"
        for one in answer:
            labels = one["metric"]
            row = _row_for(merged, labels)
            row.update(labels)
            row[value] = float(one["value"][1])
    rows = list(merged.values())
    names = list(dict.fromkeys(name for row in rows for name in row))
    if not organized:
        return Table(names, [[row.get(name, "") for name in names] for row in rows])
    (how,) = organized
    names = [name for name in names if not how["excludeByName"].get(name)]
    names.sort(key=lambda name: how["indexByName"].get(name, len(names)))
    heads = [how["renameByName"].get(name, name) for name in names]
    return Table(heads, [[row.get(name, "") for name in names] for row in rows])


def _row_for(
    merged: dict[tuple[tuple[str, str], ...], dict[str, Any]], labels: Mapping[str, str]
) -> dict[str, Any]:
    """Return the row that shares the labels, as merge joins frames by their common fields."""
    for key, row in merged.items():
        common = set(dict(key)) & set(labels)
        if common and all(dict(key)[name] == labels[name] for name in common):
            return row
    return merged.setdefault(tuple(sorted(labels.items())), {})
