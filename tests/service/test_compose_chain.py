"""From packets on a wire to a webhook, through every service of the compose file, by its own files.

The boards' queries run here too: on the Prometheus that scrapes this sensor, and on its PostgreSQL.
"""

import json
import re
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import promql_parser
import psycopg
import pytest
import yaml

from monitor.metrics.family import PREFIX
from tests.support import boards
from tests.support.live import wait_for
from tests.support.native_services import Services, services
from tests.support.shared import ROOT

SAMPLES = sorted((ROOT / "pcaps").glob("*/input.pcap"))
NET_RAW = 1 << 13
CAMERA = 'camera="10.20.3.11"'
DIAGNOSTICS = (
    f'camwatch_camera_egress_bytes_total{{{CAMERA}, purpose="diagnostics", outcome="answered"}} > 0'
)
SHOWN = {"rate": "1m", "shown": "10m"}


@pytest.fixture(scope="module")
def stack() -> Iterator[Services]:
    """Return the services, with all samples played to the sensor twice.

    What cameras sent before the sensor knew them as cameras counts under none: so that the second
    round comes when it does, and is what counters rise by.
    """
    with services() as made:
        for look in (f"camwatch_camera_info{{{CAMERA}}}", DIAGNOSTICS):
            assert made.wire.send(*SAMPLES) > 0
            wait_for(look, partial(made.query, "query", query=look), 60)
        yield made


def ask(stack: Services, user: str, query: str) -> list[tuple[Any, ...]]:
    """Ask PostgreSQL over TCP in the network of the services, as Grafana does."""
    secret = {"grafana": "grafana_db_password", "camwatch": "postgres_password"}[user]

    def rows() -> list[tuple[Any, ...]]:
        with psycopg.connect(
            host="127.0.0.1", dbname="camwatch", user=user, password=stack.secret(secret)
        ) as connection:
            return connection.execute(query.encode()).fetchall()

    return stack.wire.within(rows)


def notified(stack: Services, path: str) -> list[dict[str, Any]]:
    """Return the alerts that a receiver of Alertmanager's file got."""
    return [
        alert
        for request in stack.alerts.requests()
        if request["path"] == path
        for alert in json.loads(request["body"])["alerts"]
    ]


def test_the_page_is_alive_and_ready(stack: Services) -> None:
    assert stack.get("page", "/healthz").status_code == 200
    assert stack.get("page", "/readyz").status_code == 200
    assert "<title>camwatch</title>" in stack.get("page", "/").text


def test_packets_are_flows_in_postgresql(stack: Services) -> None:
    found = ask(
        stack, "grafana",
        "SELECT DISTINCT d.name, d.operator, f.purpose, f.outcome FROM flows f"
        " JOIN destinations d ON d.id = f.destination_id WHERE f.camera_ip = '10.20.3.11'",
    )  # fmt: skip
    assert ("log.ys7.com", "EZVIZ", "diagnostics", "answered") in found


def test_flows_are_metrics_in_prometheus(stack: Services) -> None:
    (one,) = stack.query("query", query=DIAGNOSTICS)
    assert one["metric"]["job"] == "camwatch"
    assert one["metric"]["instance"] == "sensor:9465"


def test_a_rule_of_prometheus_reaches_the_webhook(stack: Services) -> None:
    def told() -> set[str]:
        return {
            alert["labels"]["instance"]
            for alert in notified(stack, "/on-call")
            if alert["labels"]["alertname"] == "CamwatchVlanOpen" and alert["status"] == "firing"
        }

    wait_for("Alertmanager told of the open VLAN", told, 60)
    assert told() == {"sensor:9465"}


def test_an_alert_of_the_sensor_reaches_the_webhook(stack: Services) -> None:
    def told() -> set[str]:
        return {alert["labels"]["alertname"] for alert in notified(stack, "/on-call")}

    wait_for("Alertmanager told of it", lambda: "diagnostics-jurisdiction" in told(), 60)
    wait_for("and of the heartbeat", lambda: notified(stack, "/heartbeat"), 60)


def test_the_sensor_has_no_right_left(stack: Services) -> None:
    text = Path(f"/proc/{stack.pid('sensor')}/status").read_text()
    told = dict(line.split(":\t", 1) for line in text.splitlines())
    assert told["Uid"].split() == ["10001"] * 4
    assert [int(told[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")] == [0] * 4
    assert int(told["CapBnd"], 16) == NET_RAW
    assert told["NoNewPrivs"] == "1"


@pytest.mark.parametrize("name", ["page", "prometheus", "alertmanager", "postgres"])
def test_another_service_never_had_one(stack: Services, name: str) -> None:
    text = Path(f"/proc/{stack.pid(name)}/status").read_text()
    told = dict(line.split(":\t", 1) for line in text.splitlines())
    assert "0" not in told["Uid"].split()
    assert [int(told[name], 16) for name in ("CapPrm", "CapEff", "CapBnd")] == [0] * 3
    assert told["NoNewPrivs"] == "1"


@pytest.mark.parametrize("name", ["sensor", "page", "postgres", "prometheus", "alertmanager"])
def test_a_health_check_passes_and_the_root_cannot_be_written(stack: Services, name: str) -> None:
    wait_for(f"{name} is healthy", lambda: stack.is_healthy(name), 30)
    mounts = Path(f"/proc/{stack.pid(name)}/mountinfo").read_text().splitlines()
    (root,) = (line.split()[5] for line in mounts if line.split()[4] == "/")
    assert "ro" in root.split(",")


@pytest.mark.parametrize("one", boards.asked("expr"), ids=lambda one: one.name)
def test_a_panel_gets_data_of_the_sensor(stack: Services, one: boards.Asked) -> None:
    expr = boards.promql(one.target["expr"], **SHOWN)

    def found() -> bool:
        if one.target.get("instant"):
            return bool(stack.query("query", query=expr))
        now = time.time()  # noqa: TID251  # of the server that scrapes
        return bool(stack.query("query_range", query=expr, start=now - 300, end=now, step=5))

    if "mpty" in one.panel["description"]:
        found()
    else:
        # What is known of cameras comes every few seconds.
        wait_for(expr, found, 30)


@pytest.mark.parametrize("one", boards.asked("rawSql"), ids=lambda one: one.name)
def test_a_panel_gets_rows_of_the_sensor(stack: Services, one: boards.Asked) -> None:
    text = boards.sql(
        one.target["rawSql"], from_ns=0, to_ns=2**62, span_s=60,
        runs="SELECT no FROM runs", cameras="SELECT ip FROM cameras",
    )  # fmt: skip
    assert ask(stack, "grafana", text) or "Empty" in one.panel["description"], text


def _rules() -> list[dict[str, Any]]:
    texts = [(boards.RULES / name).read_text() for name in ("recording.yml", "alerts.yml")]
    groups = [group for text in texts for group in yaml.safe_load(text)["groups"]]
    return [rule for group in groups for rule in group["rules"]]


@pytest.mark.parametrize("rule", _rules(), ids=lambda rule: rule.get("alert") or rule["record"])
def test_a_rule_looks_at_series_that_the_sensor_gives(
    stack: Services, rule: dict[str, Any]
) -> None:
    promql_parser.parse(rule["expr"])
    selectors = re.findall(rf"\b(?:up|{PREFIX}\w+|camwatch:[\w:]+)(?:{{[^}}]*}})?", rule["expr"])
    assert selectors
    for selector in selectors:
        # What is known of cameras comes every few seconds.
        wait_for(selector, partial(stack.query, "query", query=selector), 30)
    if "record" in rule:
        wait_for(rule["record"], lambda: stack.query("query", query=rule["record"]), 30)


def test_prometheus_finds_no_fault_in_evaluating_the_rules(stack: Services) -> None:
    groups = stack.get("prometheus", "/api/v1/rules").json()["data"]["groups"]
    health = {rule["name"]: rule["health"] for group in groups for rule in group["rules"]}
    assert set(health.values()) == {"ok"}
    assert len(health) == len(_rules())
