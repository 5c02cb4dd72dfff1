"""Kinds of panels, drawn as HTML and SVG: near enough to Grafana's to judge what a board shows."""

import html
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple

from dashboards.units import shown

WORLD: Final = Path(__file__).resolve().parents[1] / "monitor" / "web" / "assets" / "world.json"
PALETTE: Final = (
    "#73bf69", "#f2cc0c", "#5794f2", "#ff9830", "#f2495c", "#b877d9", "#37872d", "#e0b400",
    "#1f60c4", "#fa6400",
)  # fmt: skip
"""Grafana's classic colours, for series without one of their own."""


class Series(NamedTuple):
    """One series: its name, and values by time (s since 1970)."""

    name: str
    points: Sequence[tuple[float, float]]

    @property
    def last(self) -> float:
        """The newest value."""
        return self.points[-1][1]


class Table(NamedTuple):
    """Headings and rows."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


class Field:
    """How values of a panel are shown: unit, colours, texts, with what overrides say by name."""

    def __init__(self, panel: Mapping[str, Any]) -> None:
        config = panel["fieldConfig"]
        self.defaults = config["defaults"]
        self._by_name = {
            one["matcher"]["options"]: {p["id"]: p["value"] for p in one["properties"]}
            for one in config["overrides"]
        }

    def _get(self, name: str, key: str) -> Any:
        return self._by_name.get(name, {}).get(key, self.defaults.get(key))

    def text(self, value: float, name: str = "") -> str:
        """Return a value with its unit, or the text that stands in its place."""
        known = self._mapped(value, name)
        if known is not None:
            return str(known["text"])
        return shown(value, self._get(name, "unit") or "short", self.defaults.get("decimals"))

    def colour(self, value: float, name: str = "", default: str = "") -> str:
        """Return the colour of a value: its own, its text's, or its threshold's."""
        own = self._by_name.get(name, {}).get("color")
        if own:
            return str(own["fixedColor"])
        known = self._mapped(value, name)
        if known is not None:
            return str(known["color"])
        if default:
            return default
        steps = self.defaults["thresholds"]["steps"]
        held = [one["color"] for one in steps if one["value"] is None or value >= one["value"]]
        return str(held[-1])

    def is_mapped(self, name: str) -> bool:
        """Return whether an override gives texts to values of a column."""
        return "mappings" in self._by_name.get(name, {})

    def is_link(self, name: str) -> bool:
        """Return whether values of a column lead somewhere."""
        return "links" in self._by_name.get(name, {})

    def _mapped(self, value: Any, name: str) -> Mapping[str, Any] | None:
        for mapping in self._get(name, "mappings") or ():
            found = mapping["options"].get(_plain(value))
            if found:
                known: Mapping[str, Any] = found
                return known
        return None


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _e(text: Any) -> str:
    return html.escape(str(text))


def nothing(panel: Mapping[str, Any]) -> str:
    """Return what an empty panel says."""
    word = panel["fieldConfig"]["defaults"].get("noValue", "No data")
    return f'<div class="nothing">{_e(word)}</div>'


def stat(panel: Mapping[str, Any], series: Sequence[Series], width: int, height: int) -> str:
    """Return big numbers beside or above each other, as Grafana shares the room."""
    field = Field(panel)
    is_ground = panel["options"]["colorMode"] == "background"
    across = panel["options"]["orientation"] != "horizontal" and width > height * 1.2
    made = []
    for one in series:
        colour = field.colour(one.last, one.name)
        style = f"background:{colour};color:#fff" if is_ground else f"color:{colour}"
        label = f"<small>{_e(one.name)}</small>" if len(series) > 1 else ""
        room = (width / len(series), height) if across else (width, height / len(series))
        text = field.text(one.last, one.name)
        size = max(min(room[0] / (len(text) * 0.75 + 0.6), room[1] / 2.6, 60), 12)
        value = f'<b style="font-size:{size:.0f}px">{_e(text)}</b>'
        made.append(f'<div class="value" style="{style}">{label}{value}</div>')
    return f'<div class="stat {"across" if across else "down"}">{"".join(made)}</div>'


def bargauge(panel: Mapping[str, Any], series: Sequence[Series], width: int, height: int) -> str:
    """Return horizontal bars, one a series."""
    field = Field(panel)
    most = max(one.last for one in series) or 1
    each = min(max(height / len(series) - 6, 14), 34)
    rows = "".join(
        f'<div class="bar" style="height:{each:.0f}px"><span>{_e(one.name)}</span>'
        f'<i><u style="width:{100 * one.last / most:.1f}%;background:{field.colour(one.last, one.name)}"></u></i>'
        f"<b>{_e(field.text(one.last, one.name))}</b></div>"
        for one in series
    )
    del width
    return f'<div class="bars">{rows}</div>'


def timeseries(
    panel: Mapping[str, Any], series: Sequence[Series], width: int, height: int,
    span: tuple[float, float],
) -> str:  # fmt: skip
    """Return curves or stacked bars over the time shown, with their legend."""
    field = Field(panel)
    custom = panel["fieldConfig"]["defaults"].get("custom", {})
    is_stacked = custom.get("stacking", {}).get("mode") == "normal"
    colours = {
        one.name: field.colour(one.last, one.name, PALETTE[at % len(PALETTE)])
        for at, one in enumerate(series)
    }
    legend = "".join(
        f'<span><i style="background:{colours[s.name]}"></i>{_e(s.name)}</span>' for s in series
    )
    rows = 1 + sum(len(one.name) * 7 + 34 for one in series) // max(width, 1)
    height -= min(rows, 3) * 18 + 4
    top = _highest(series, is_stacked=is_stacked)
    ticks = _ticks(top, max(height // 45, 2))
    top = max(top, ticks[-1] if ticks else 1) or 1
    left = 12 + max(len(field.text(tick)) for tick in ticks) * 7
    plot = _Plot(left, width - 10, 8, height - 20, *span, top)
    parts = [_grid(plot, [(tick, field.text(tick)) for tick in ticks])]
    if is_stacked:
        parts += _stacks(plot, series, colours)
    else:
        for one in series:
            d = "L".join(f"{plot.x(t):.1f},{plot.y(v):.1f}" for t, v in one.points)
            colour = colours[one.name]
            parts.append(f'<path d="M{d}" fill="none" stroke="{colour}" stroke-width="1.8"/>')
            if len(one.points) > 1:
                ends = [plot.x(one.points[at][0]) for at in (-1, 0)]
                area = f"M{d}L{ends[0]:.1f},{plot.bottom}L{ends[1]:.1f},{plot.bottom}Z"
                parts.append(f'<path d="{area}" fill="{colour}" opacity=".08"/>')
    svg = f'<svg width="{width}" height="{height}">{"".join(parts)}</svg>'
    return f'{svg}<div class="legend">{legend}</div>'


class _Plot(NamedTuple):
    left: float
    right: float
    top: float
    bottom: float
    since: float
    until: float
    most: float

    def x(self, at: float) -> float:
        return self.left + (at - self.since) / (self.until - self.since) * (self.right - self.left)

    def y(self, value: float) -> float:
        return self.bottom - value / self.most * (self.bottom - self.top)


def _highest(series: Sequence[Series], *, is_stacked: bool) -> float:
    if not is_stacked:
        return max((value for one in series for _, value in one.points), default=0)
    sums: dict[float, float] = {}
    for one in series:
        for at, value in one.points:
            sums[at] = sums.get(at, 0) + value
    return max(sums.values(), default=0)


def _ticks(top: float, count: int) -> list[float]:
    if top <= 0:
        return [0, 1]
    rough = top / count
    ten = 10 ** (len(f"{int(rough)}") - 1) if rough >= 1 else 10.0 ** -len(f"{int(1 / rough)}")
    step = next(ten * by for by in (1, 2, 5, 10, 20) if ten * by >= rough)
    return [step * at for at in range(int(top / step) + 2)]


def _grid(plot: _Plot, ticks: Iterable[tuple[float, str]]) -> str:
    made = [
        f'<line x1="{plot.left}" x2="{plot.right}" y1="{plot.y(at):.1f}" y2="{plot.y(at):.1f}" class="g"/>'
        f'<text x="{plot.left - 6}" y="{plot.y(at) + 4:.1f}" text-anchor="end">{_e(text)}</text>'
        for at, text in ticks
    ]
    count = max(int((plot.right - plot.left) / 110), 1)
    step = (plot.until - plot.since) / count
    for number in range(count + 1):
        at = plot.since + number * step
        word = time.strftime("%H:%M:%S" if step < 120 else "%H:%M", time.gmtime(at))
        anchor = "start" if number == 0 else "end" if number == count else "middle"
        made.append(
            f'<text x="{plot.x(at):.1f}" y="{plot.bottom + 16}" text-anchor="{anchor}">{word}</text>'
        )
    return "".join(made)


def _stacks(plot: _Plot, series: Sequence[Series], colours: Mapping[str, str]) -> Iterable[str]:
    times = sorted({at for one in series for at, _ in one.points})
    gaps = [b - a for a, b in pairwise(times)]
    width = max((plot.x(plot.since + min(gaps, default=30)) - plot.left) * 0.8, 1.5)
    base: dict[float, float] = {}
    for one in series:
        rects = []
        for at, value in one.points:
            if at < plot.since:
                continue
            low = base.get(at, 0)
            base[at] = low + value
            top, bottom = plot.y(low + value), plot.y(low)
            rects.append(
                f"M{plot.x(at) - width / 2:.1f},{bottom:.1f}V{top:.1f}h{width:.1f}V{bottom:.1f}Z"
            )
        yield f'<path d="{"".join(rects)}" fill="{colours[one.name]}" opacity=".85"/>'


def states(
    panel: Mapping[str, Any], series: Sequence[Series], width: int, height: int,
    span: tuple[float, float],
) -> str:  # fmt: skip
    """Return bands over time, coloured and named by their state."""
    field = Field(panel)
    left = 12 + max(len(one.name) for one in series) * 7
    plot = _Plot(left, width - 10, 4, height - 20, *span, 1)
    each = (plot.bottom - plot.top) / len(series)
    parts = [_grid(plot, [])]
    for row, one in enumerate(series):
        y = plot.top + row * each
        parts.append(
            f'<text x="{left - 6}" y="{y + each / 2 + 4:.1f}" text-anchor="end">{_e(one.name)}</text>'
        )
        runs: list[list[float]] = []
        for at, value in one.points:
            if runs and runs[-1][2] == value:
                runs[-1][1] = at
            else:
                if runs:
                    runs[-1][1] = at
                runs.append([at, at, value])
        for begin, end, value in runs:
            x, w = plot.x(begin), max(plot.x(end) - plot.x(begin), 2)
            parts.append(f'<rect x="{x:.1f}" y="{y + 2:.1f}" width="{w:.1f}" height="{each - 4:.1f}"'
                         f' fill="{field.colour(value)}" opacity=".8"/>')  # fmt: skip
            text = field.text(value)
            if w > len(text) * 8:
                parts.append(
                    f'<text x="{x + 6:.1f}" y="{y + each / 2 + 4:.1f}" class="on">{_e(text)}</text>'
                )
    return f'<svg width="{width}" height="{height}">{"".join(parts)}</svg>'


def table(panel: Mapping[str, Any], content: Table, width: int, height: int) -> str:
    """Return a table; rows that do not fit are cut, as in Grafana before one scrolls."""
    field = Field(panel)
    del width
    heads = "".join(f"<th>{_e(name)}</th>" for name in content.columns)
    rows = []
    for row in _sorted(panel, content)[: max((height - 36) // 30 + 1, 1)]:
        cells = []
        for name, value in zip(content.columns, row, strict=True):
            is_number = isinstance(value, int | float)
            text = field.text(value, name) if is_number else value
            kind = "num" if is_number else "link" if field.is_link(name) else ""
            style = ""
            if field.is_mapped(name):
                style = f' style="background:{field.colour(value, name)};color:#fff"'
            cells.append(f'<td class="{kind}"{style}>{_e(text)}</td>')
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _sorted(panel: Mapping[str, Any], content: Table) -> Sequence[Sequence[Any]]:
    how = panel["options"].get("sortBy")
    if not how:
        return content.rows
    at = content.columns.index(how[0]["displayName"])
    return sorted(content.rows, key=lambda row: row[at] or 0, reverse=how[0]["desc"])


def geomap(panel: Mapping[str, Any], content: Table, width: int, height: int) -> str:
    """Return countries as marks on a map."""
    world = json.loads(WORLD.read_text(encoding="utf-8"))
    style = panel["options"]["layers"][0]["config"]["style"]
    least, most = style["size"]["min"], style["size"]["max"]
    rows = [dict(zip(content.columns, row, strict=True)) for row in content.rows]
    top = max((row["Value"] for row in rows), default=1) or 1
    scale = min(width / world["width"], height / world["height"])
    parts = [f'<path d="{shape}" class="land"/>' for _, shape in world["shapes"]]
    for row in rows:
        place = world["points"].get(row["country"])
        if place is None:
            continue
        x, y = place
        # A radius in pixels of the screen.
        size = (least + (most - least) * row["Value"] / top) / scale
        parts.append(f'<circle cx="{x}" cy="{y}" r="{size:.1f}" fill="{style["color"]["fixed"]}" opacity=".7"/>'
                     f'<text x="{x}" y="{y + 4}" text-anchor="middle" class="on">{_e(row["country"])}</text>')  # fmt: skip
    box = f"0 0 {world['width']} {world['height']}"
    return f'<svg width="{width}" height="{height}" viewBox="{box}">{"".join(parts)}</svg>'
