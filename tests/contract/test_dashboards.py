"""The boards are what their generator writes, valid, complete, and ask only for what is exported."""

import json
import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import promql_parser
import pytest
import yaml

from dashboards import generate
from monitor.metrics.families import FAMILIES
from monitor.metrics.family import PREFIX
from tests.support import boards
from tests.support.shared import ROOT

SCHEMAS = ROOT / "tests" / "support" / "grafana_schema"
PROMETHEUS_KEYS = {"expr", "step", "titleFormat"}
"""What the Prometheus data source adds to annotations, and the schema leaves out."""

UNUSED: set[str] = set()
"""Families that no board and no rule shows, each with the reason in docs/metrics.md."""

NAME = re.compile(rf"\b{PREFIX}\w+")


@pytest.fixture(params=boards.FILES, ids=lambda path: path.stem)
def board(request: pytest.FixtureRequest) -> dict[str, Any]:
    return boards.load(request.param)


def _rules() -> list[dict[str, Any]]:
    found = []
    for name in ("recording.yml", "alerts.yml"):
        text = (boards.RULES / name).read_text(encoding="utf-8")
        found += [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]
    return found


def _expressions() -> list[str]:
    variables = [
        str(variable.get("query", {}).get("query", ""))
        for path in boards.FILES
        for variable in boards.load(path)["templating"]["list"]
        if isinstance(variable.get("query"), dict)
    ]
    return (
        [one.target["expr"] for one in boards.asked("expr")]
        + [expr for _, expr in boards.annotations()]
        + [str(rule["expr"]) for rule in _rules()]
        + variables
    )


def test_the_committed_boards_are_those_of_the_generator() -> None:
    assert {path.name for path in boards.FILES} == set(generate.BOARDS)
    for path in boards.FILES:
        assert path.read_text(encoding="utf-8") == generate.text(path.name), "run: make dashboards"


def test_a_board_is_valid(board: dict[str, Any]) -> None:
    for one in board["annotations"]["list"]:
        for key in PROMETHEUS_KEYS:
            one.pop(key, None)
    schema = json.loads((SCHEMAS / "dashboard.json").read_text())
    assert [error.message for error in jsonschema.Draft7Validator(schema).iter_errors(board)] == []


def test_options_of_panels_are_valid(board: dict[str, Any]) -> None:
    for panel in boards.panels(board):
        path = SCHEMAS / f"{panel['type']}.json"
        if panel["type"] == "geomap":
            continue  # No schema could be made: see the README beside the schemas.
        errors = jsonschema.Draft7Validator(json.loads(path.read_text())).iter_errors(
            panel["options"]
        )
        assert [error.message for error in errors] == [], panel["title"]


def test_the_schema_refuses_what_is_misspelt(board: dict[str, Any]) -> None:
    schema = jsonschema.Draft7Validator(json.loads((SCHEMAS / "dashboard.json").read_text()))
    board["annotations"]["list"] = []
    assert schema.is_valid(board)
    assert not schema.is_valid(board | {"titel": "x"})
    assert not schema.is_valid(board | {"schemaVersion": "41"})
    board["panels"][1]["gridPos"]["w"] = "12"
    assert not schema.is_valid(board)


def test_panels_have_title_description_unit_and_thresholds(board: dict[str, Any]) -> None:
    for panel in boards.panels(board):
        defaults = panel["fieldConfig"]["defaults"]
        assert panel["title"]
        assert panel["description"].endswith("."), panel["title"]
        assert defaults["unit"], panel["title"]
        assert defaults["thresholds"]["steps"][0].get("value") is None, panel["title"]
        assert panel["targets"], panel["title"]


def test_panels_fill_rows_without_overlap(board: dict[str, Any]) -> None:
    taken: set[tuple[int, int]] = set()
    rows: dict[int, int] = {}
    for panel in board["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert max(x for x, _ in cells) < 24, panel["title"]
        assert not taken & cells, panel["title"]
        taken |= cells
        rows[place["y"]] = rows.get(place["y"], 0) + place["w"]
    assert all(width == 24 for width in rows.values()), rows


def test_a_board_can_be_turned_to_any_sensor_and_leads_to_the_others(
    board: dict[str, Any],
) -> None:
    names = {variable["name"] for variable in board["templating"]["list"]}
    assert {"metrics", "job", "instance", "page"} <= names
    for panel in boards.panels(board):
        assert panel["datasource"]["uid"] in {"${metrics}", "${store}"}, panel["title"]
        for target in panel["targets"]:
            used = set(re.findall(r"\$\{?(\w+)", target.get("expr", target.get("rawSql", ""))))
            assert {name for name in used if not name.startswith("__")} <= names, panel["title"]
    assert {link["type"] for link in board["links"]} == {"dashboards", "link"}
    assert {one["name"] for one in board["annotations"]["list"]} == {
        "Alerts", "Restarts", "Versions", "Catalogue", "Databases",
    }  # fmt: skip


def test_ids_are_used_once() -> None:
    loaded = [boards.load(path) for path in boards.FILES]
    assert len({board["uid"] for board in loaded}) == len(loaded)
    for board in loaded:
        ids = [panel["id"] for panel in board["panels"]]
        assert all(a < b for a, b in pairwise(ids))


@pytest.mark.parametrize("one", boards.asked("expr"), ids=lambda one: one.name)
def test_a_query_parses_and_is_bound_to_the_chosen_sensors(one: boards.Asked) -> None:
    expr = one.target["expr"]
    promql_parser.parse(boards.promql(expr))
    for name in NAME.findall(expr):
        assert re.search(rf"{name}{{[^}}]*job=~\"\$job\", instance=~\"\$instance\"", expr), expr
    spans = set(re.findall(r"\[(.+?)\]", expr))
    assert spans <= {"$__rate_interval", "$__range"}, expr
    assert not re.search(r"\brate\([^\[]*\[\$__range\]", expr), expr


@pytest.mark.parametrize(("name", "expr"), boards.annotations())
def test_an_annotation_parses(name: str, expr: str) -> None:
    assert name
    promql_parser.parse(boards.promql(expr))


def test_every_metric_that_is_asked_for_exists_and_every_one_is_shown() -> None:
    exported = {PREFIX + family.name for family in FAMILIES}
    used = {name for expr in _expressions() for name in NAME.findall(expr)}
    assert used - exported == set()
    assert exported - used == UNUSED


def test_every_loss_counter_is_on_the_health_board() -> None:
    health = " ".join(one.target["expr"] for one in boards.asked("expr") if one.board == "health")
    losses = {
        family.name
        for family in FAMILIES
        if re.search(r"dropped|lost|errors|evictions|freezes|restarts|forged|pressure", family.name)
    }
    assert {name for name in losses if PREFIX + name not in health} == set()
    assert len(losses) == 9


def test_every_alert_has_its_runbook_its_words_and_its_test() -> None:
    runbooks = (ROOT / "docs" / "runbooks.md").read_text(encoding="utf-8")
    headings = set(re.findall(r"^## (\w+)$", runbooks, flags=re.MULTILINE))
    alerts = {rule["alert"]: rule for rule in _rules() if "alert" in rule}
    tested = {
        one["alertname"]
        for path in (boards.RULES / "tests").glob("*.yml")
        for test in yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]
        for one in test.get("alert_rule_test", ())
        if one["exp_alerts"]
    }
    assert headings == set(alerts) == tested
    for name, rule in alerts.items():
        assert rule["annotations"]["runbook_url"] == f"docs/runbooks.md#{name.lower()}"
        assert rule["labels"]["severity"] in {"info", "low", "medium", "high", "critical"}


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_promtool_finds_no_fault_in_the_rules() -> None:
    rules = [str(boards.RULES / name) for name in ("recording.yml", "alerts.yml")]
    _passes(["promtool", "check", "rules", *rules])
    tests = sorted((boards.RULES / "tests").glob("*.yml"))
    _passes(["promtool", "test", "rules", *(path.name for path in tests)], boards.RULES / "tests")


@pytest.mark.skipif(shutil.which("amtool") is None, reason="amtool is not installed")
def test_amtool_finds_no_fault_in_the_example() -> None:
    _passes(["amtool", "check-config", str(boards.RULES / "alertmanager.yml")])


def _passes(command: list[str], where: Path = ROOT) -> None:
    done = subprocess.run(  # noqa: S603  # a program of the test
        command, cwd=where, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
