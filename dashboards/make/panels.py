"""Panels: the few kinds that the boards use, each with title, description, unit and thresholds."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    dashboard,
    geomap,
    stat,
    statetimeline,
    table,
    timeseries,
)
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    FrameGeometrySourceMode,
    GraphDrawStyle,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    StackingMode,
    TooltipDisplayMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import (
    DataTransformerConfig,
    DynamicConfigValue,
    Threshold,
    ThresholdsMode,
    ValueMap,
)
from typing_extensions import override

from dashboards.make import words
from dashboards.make.queries import METRICS, STORE, Sql

Query = Builder[Dataquery]
Panel = Builder[Any]

_LETTERS: Final = "ABCDEFGH"


class _Made(Builder[Any]):
    """A panel whose queries are lettered; the SDK leaves that to its user."""

    def __init__(self, panel: Any, queries: Sequence[Query]) -> None:
        self._panel = panel
        self._queries = queries

    @override
    def build(self) -> Any:
        panel = self._panel
        sql = any(isinstance(query, Sql) for query in self._queries)
        if self._queries:
            panel.datasource(STORE if sql else METRICS)
        built = panel.build()
        built.targets = []
        for letter, query in zip(_LETTERS, self._queries, strict=False):
            made: Any = query.build()
            made.ref_id = letter
            built.targets.append(made)
        return built


def _steps(steps: Iterable[Threshold]) -> dashboard.ThresholdsConfig:
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(list(steps))


def colours(of: Mapping[str, str]) -> list[tuple[str, list[DynamicConfigValue]]]:
    """Return overrides that give series their colours by name."""
    return [
        (name, [DynamicConfigValue("color", {"mode": "fixed", "fixedColor": colour})])
        for name, colour in of.items()
    ]


def lines(
    title: str,
    what: str,
    *queries: Query,
    unit: str,
    size: tuple[int, int] = (12, 8),
    stacked: bool = False,
    by_name: Mapping[str, str] | None = None,
    steps: Sequence[Threshold] = words.PLAIN,
) -> Panel:
    """Return curves over time; size is width of 24 and height."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(what)
        .unit(unit)
        .span(size[0])
        .height(size[1])
        .min(0)
        .line_width(1 if stacked else 2)
        .fill_opacity(60 if stacked else 8)
        .thresholds(_steps(steps))
        .legend(
            common.VizLegendOptions()
            .display_mode(LegendDisplayMode.LIST)
            .placement(LegendPlacement.BOTTOM)
            .show_legend(True)
        )
        .tooltip(
            common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING)
        )
    )
    if stacked:
        panel.draw_style(GraphDrawStyle.BARS).stacking(
            common.StackingConfig().mode(StackingMode.NORMAL).group("A")
        )
    for name, properties in colours(by_name or {}):
        panel.override_by_name(name, properties)
    return _Made(panel, queries)


def number(  # noqa: PLR0913  # what numbers differ in
    title: str,
    what: str,
    *queries: Query,
    unit: str,
    size: tuple[int, int] = (4, 4),
    steps: Sequence[Threshold] = words.PLAIN,
    mapped: ValueMap | None = None,
    nothing: str = "no data",
    decimals: int | None = None,
    stacked: bool = False,
) -> Panel:
    """Return big numbers, one a series; stacked: under each other, whatever the room."""
    panel = (
        stat.Panel()
        .title(title)
        .description(what)
        .unit(unit)
        .span(size[0])
        .height(size[1])
        .no_value(nothing)
        .color_mode(BigValueColorMode.BACKGROUND if mapped else BigValueColorMode.VALUE)
        .graph_mode(BigValueGraphMode.NONE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False))
        .thresholds(_steps(steps))
    )
    if mapped:
        panel.mappings([mapped])
    if decimals is not None:
        panel.decimals(decimals)
    if stacked:
        # Grafana's word for rows.
        panel.orientation(VizOrientation.HORIZONTAL)
    return _Made(panel, queries)


def bars(
    title: str,
    what: str,
    *queries: Query,
    unit: str,
    size: tuple[int, int] = (8, 8),
    by_name: Mapping[str, str] | None = None,
) -> Panel:
    """Return horizontal bars, one a series."""
    panel = (
        bargauge.Panel()
        .title(title)
        .description(what)
        .unit(unit)
        .span(size[0])
        .height(size[1])
        .min(0)
        .no_value("nothing")
        .orientation(VizOrientation.HORIZONTAL)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False))
        .thresholds(_steps(words.PLAIN))
    )
    for name, properties in colours(by_name or {}):
        panel.override_by_name(name, properties)
    return _Made(panel, queries)


def states(
    title: str, what: str, *queries: Query, mapped: ValueMap, size: tuple[int, int] = (24, 7)
) -> Panel:
    """Return bands over time, one a series, coloured by their state."""
    panel = (
        statetimeline.Panel()
        .title(title)
        .description(what)
        .unit(words.COUNT)
        .span(size[0])
        .height(size[1])
        .mappings([mapped])
        .merge_values(True)
        .fill_opacity(80)
        .row_height(0.8)
        .thresholds(_steps(words.PLAIN))
    )
    return _Made(panel, queries)


def rows(
    title: str,
    what: str,
    *queries: Query,
    names: Mapping[str, str],
    units: Mapping[str, str] | None = None,
    links: Mapping[str, str] | None = None,
    mapped: Mapping[str, ValueMap] | None = None,
    most: str = "",
    size: tuple[int, int] = (24, 9),
) -> Panel:
    """Return a table.

    Args:
        title: Title.
        what: Description.
        queries: Their results are joined by the labels that they share.
        names: Heading by label, or by ``Value #A`` and so on, in the order of columns; others are hidden.
        units: Unit by heading.
        links: Address by heading; ``${__value.raw}`` is the value.
        mapped: Texts in the place of values, by heading.
        most: Heading of the numbers by which rows are sorted, the largest first.
        size: Width of 24 and height.
    """
    panel = (
        table.Panel()
        .title(title)
        .description(what)
        .unit(words.COUNT)
        .span(size[0])
        .height(size[1])
        .no_value("-")
        .thresholds(_steps(words.PLAIN))
    )
    is_sql = any(isinstance(query, Sql) for query in queries)
    if most:
        panel.sort_by([common.TableSortByFieldState().display_name(most).desc(True)])
    if not is_sql:
        # Increases are estimates between scrapes: no parts of flows.
        panel.decimals(0)
        values = (f"Value #{letter}" for letter, _ in zip(_LETTERS, queries, strict=False))
        hidden = ("Time", "__name__", "job", "instance", "Value", *values)
        panel.with_transformation(DataTransformerConfig(id_val="merge", options={}))
        panel.with_transformation(
            DataTransformerConfig(
                id_val="organize",
                options={
                    "excludeByName": {name: True for name in hidden if name not in names},
                    "indexByName": {name: at for at, name in enumerate(names)},
                    "renameByName": dict(names),
                },
            )
        )
    for heading, unit in (units or {}).items():
        panel.override_by_name(heading, [DynamicConfigValue("unit", unit)])
    for heading, address in (links or {}).items():
        link = {"title": "Show", "url": address, "targetBlank": False}
        panel.override_by_name(heading, [DynamicConfigValue("links", [link])])
    for heading, known in (mapped or {}).items():
        cell = DynamicConfigValue("custom.cellOptions", {"type": "color-background"})
        panel.override_by_name(heading, [DynamicConfigValue("mappings", [known]), cell])
    return _Made(panel, queries)


def world(title: str, what: str, query: Query, size: tuple[int, int] = (14, 11)) -> Panel:
    """Return a map of countries, one mark each, as large as its value."""
    marks = (
        common.MapLayerOptions()
        .type("markers")
        .name("countries")
        .location(
            common.FrameGeometrySource()
            .mode(FrameGeometrySourceMode.LOOKUP)
            .lookup("country")
            .gazetteer("public/gazetteer/countries.json")
        )
        .config(
            {
                "showLegend": False,
                "style": {
                    "size": {"field": "Value", "fixed": 6, "min": 4, "max": 26},
                    "color": {"fixed": words.WARN},
                    "opacity": 0.7,
                    "text": {"mode": "field", "field": "country", "fixed": ""},
                },
            }
        )
        .tooltip(True)
    )
    panel = (
        geomap.Panel()
        .title(title)
        .description(what)
        .unit(words.BYTES)
        .span(size[0])
        .height(size[1])
        .view(geomap.MapViewConfig().id("zero").lat(25).lon(20).zoom(1))
        .controls(
            geomap.ControlsOptions().show_zoom(True).mouse_wheel_zoom(False).show_attribution(True)
        )
        .basemap(common.MapLayerOptions().type("default").name("base"))
        .layers([marks])
        .thresholds(_steps(words.PLAIN))
    )
    return _Made(panel, [query])
