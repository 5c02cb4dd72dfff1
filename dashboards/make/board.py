"""What every board has: variables, links, annotations, a time, and its panels in rows."""

from collections.abc import Iterable, Sequence
from typing import Final

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import (
    Dashboard,
    DashboardCursorSync,
    DashboardLinkType,
    VariableHide,
    VariableModel,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from dashboards.make import words
from dashboards.make.panels import Panel
from dashboards.make.queries import METRICS, SENSOR, STORE

TAG: Final = "camwatch"
PAGE: Final = "http://127.0.0.1:8465"

Row = tuple[str, Sequence[Panel]]
"""Heading and panels."""


def board(  # noqa: PLR0913  # what boards differ in
    uid: str,
    title: str,
    what: str,
    rows: Iterable[Row],
    *,
    vlan: bool = False,
    camera: bool = False,
    one_camera: bool = False,
    store: bool = False,
    runs: bool = False,
    page: str = "/",
    since: str = "now-24h",
) -> Dashboard:
    """Return a board.

    Args:
        uid: Stands in its address.
        title: Title, without the name of the program.
        what: One sentence.
        rows: Panels under their headings.
        vlan: Whether VLANs can be chosen.
        camera: Whether cameras can be chosen.
        one_camera: Whether one is.
        store: Whether it reads the PostgreSQL store too.
        runs: Whether sensors, replays and addresses of cameras can be chosen from that store.
        page: View of the built-in page that it links to.
        since: Begin of the time that is shown first.
    """
    made = (
        dashboard.Dashboard(f"camwatch / {title}")
        .uid(uid)
        .description(what)
        .tags([TAG])
        .editable()
        .timezone("browser")
        .time(since, "now")
        .refresh("1m")
        .tooltip(DashboardCursorSync.CROSSHAIR)
    )
    for variable in _variables(
        vlan=vlan, camera=camera, one_camera=one_camera, store=store, runs=runs
    ):
        made.with_variable(variable)
    for link in _links(page):
        made.link(link)
    for annotation in _annotations():
        made.annotation(annotation)
    for heading, panels in rows:
        made.with_row(dashboard.Row(heading))
        for panel in panels:
            made.with_panel(panel)
    built = made.build()
    for number, one in enumerate(built.panels or [], 1):
        one.id_val = number
    return built


_BUILD: Final = f"camwatch_build_info{{{SENSOR}}}"
_RUNS: Final = "SELECT left(id, 24) AS __text, no AS __value FROM runs ORDER BY no DESC LIMIT 200"
_CAMERAS: Final = "SELECT DISTINCT ip FROM cameras WHERE run_no IN ($run) ORDER BY 1 LIMIT 2000"


def _choice(
    name: str, label: str, what: str, query: str, *, one: bool = False
) -> dashboard.QueryVariable:
    made = (
        dashboard.QueryVariable(name)
        .label(label)
        .description(what)
        .datasource(METRICS)
        .query({"qryType": 1, "query": query, "refId": "Variable"})
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.NATURAL_ASC)
    )
    if one:
        return made
    every = VariableOption(selected=True, text=["All"], value=["$__all"])
    return made.multi(True).include_all(True).current(every)


def _chosen(name: str, label: str, what: str, sql: str) -> dashboard.QueryVariable:
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .description(what)
        .datasource(STORE)
        .query(sql)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .multi(True)
        .include_all(True)
        .current(VariableOption(selected=True, text=["All"], value=["$__all"]))
    )


def _variables(
    *, vlan: bool, camera: bool, one_camera: bool, store: bool, runs: bool
) -> Iterable[Builder[VariableModel]]:
    yield (
        dashboard.DatasourceVariable("metrics")
        .label("Metrics")
        .description("Prometheus that scrapes the sensors")
        .type("prometheus")
    )
    if store:
        yield (
            dashboard.DatasourceVariable("store")
            .label("Store")
            .description("PostgreSQL store of the sensors, read with a user that may only read")
            .type("grafana-postgresql-datasource")
        )
    if runs:
        yield _chosen("run", "Run", "Sensors and replays of the store", _RUNS)
        yield _chosen("camera_ip", "Camera", "Addresses of cameras in the store", _CAMERAS)
    yield _choice(
        "job", "Job", "Scrape job of the sensors", "label_values(camwatch_build_info, job)"
    )
    yield _choice(
        "instance",
        "Sensor",
        "Sensors",
        'label_values(camwatch_build_info{job=~"$job"}, instance)',
    )
    if vlan:
        yield _choice(
            "vlan",
            "VLAN",
            "VLANs with cameras",
            f"label_values(camwatch_last_frame_timestamp_seconds{{{SENSOR}}}, vlan)",
        )
    if camera or one_camera:
        which = f'{SENSOR}, vlan=~"$vlan"' if vlan else SENSOR
        yield _choice(
            "camera",
            "Camera",
            "Cameras of the inventory",
            f"label_values(camwatch_camera_info{{{which}}}, camera)",
            one=one_camera,
        )
    yield (
        dashboard.TextBoxVariable("page")
        .label("Page")
        .description("Address of the built-in page, which links lead to")
        .default_value(PAGE)
        .hide(VariableHide.DONT_HIDE)
    )


def _links(page: str) -> Iterable[dashboard.DashboardLink]:
    yield (
        dashboard.DashboardLink("Boards")
        .type(DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .as_dropdown(True)
        .include_vars(True)
        .keep_time(True)
        .tooltip("The other boards, for the same time and choice")
        .icon("external link")
    )
    times = "from=${__from:date:iso}&to=${__to:date:iso}"
    yield (
        dashboard.DashboardLink("Built-in page")
        .type(DashboardLinkType.LINK)
        .url(f"${{page}}{page}?{times}")
        .target_blank(True)
        .tooltip("The same time in the page of camwatch: flows, reasons, packets")
        .icon("dashboard")
    )


def _new(family: str, label: str) -> str:
    """Return the series of an info family whose label was not there within the day before.

    A day, so that a restart with what it had before is no change.
    """
    before = f"last_over_time({family}{{{SENSOR}}}[1d] offset 2m)"
    return f"{family}{{{SENSOR}}} unless on (job, instance, {label}) {before}"


def _annotations() -> Iterable[dashboard.AnnotationQuery]:
    known = (
        (
            "Alerts",
            f"sum by (rule, severity) (increase(camwatch_alerts_total{{{SENSOR}}}[2m])) > 0",
            "{{severity}}: {{rule}}",
            words.BAD,
        ),
        (
            "Restarts",
            f"changes(camwatch_start_timestamp_seconds{{{SENSOR}}}[2m]) > 0",
            "{{instance}} restarted: counters began at 0",
            words.WARN,
        ),
        (
            "Versions",
            _new("camwatch_build_info", "version"),
            "version {{version}}",
            words.CALM,
        ),
        (
            "Catalogue",
            _new("camwatch_catalog_info", "digest"),
            "purposes are decided by catalogue {{digest}}",
            words.CALM,
        ),
        (
            "Databases",
            f"changes(camwatch_geo_database_build_timestamp_seconds{{{SENSOR}}}[2m]) > 0",
            "new database of address blocks: {{database}}",
            words.CALM,
        ),
    )
    for name, expr, said, colour in known:
        yield (
            dashboard.AnnotationQuery()
            .name(name)
            .datasource(METRICS)
            .enable(True)
            .icon_color(colour)
            .expr(expr)
            .step("60s")
            .title_format(said)
        )
