"""Every query of the boards runs on a real Prometheus that scrapes the real exposition."""

import dataclasses
import json
import shutil
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from monitor.metrics.server import MetricsServer
from monitor.metrics.snapshot import EgressKey, Snapshot
from monitor.model.words import Purpose
from tests.support import boards
from tests.support.growing import grown
from tests.support.notified import free_port, process, until
from tests.support.snapshots import FULL

PROGRAM = shutil.which("prometheus")
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="prometheus is not installed")
SHOWN = {"rate": "10s", "shown": "5m"}


SENSOR = dataclasses.replace(
    FULL,
    egress_flows={**FULL.egress_flows, EgressKey("gate", Purpose.DNS, is_answered=False): 2},
)


class Rising:
    """A sensor that sees more of everything at each scrape."""

    def __init__(self) -> None:
        self.scrapes = 0

    def __call__(self) -> Snapshot:
        self.scrapes += 1
        return grown(SENSOR, self.scrapes)


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    directory = tmp_path_factory.mktemp("prometheus")
    sensor = Rising()
    with MetricsServer("127.0.0.1", 0, sensor) as server:
        settings = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(boards.RULES / name) for name in ("recording.yml", "alerts.yml")],
            "scrape_configs": [
                {
                    "job_name": "camwatch",
                    "static_configs": [{"targets": [f"127.0.0.1:{server.port}"]}],
                }
            ],
        }
        (directory / "prometheus.yml").write_text(json.dumps(settings))
        port = free_port()
        words = [
            str(PROGRAM), f"--config.file={directory}/prometheus.yml",
            f"--storage.tsdb.path={directory}/data", f"--web.listen-address=127.0.0.1:{port}",
            "--log.level=error",
        ]  # fmt: skip
        with process(words):
            until(lambda: sensor.scrapes >= 6, "Prometheus has scraped the sensor", 60.0)
            yield f"http://127.0.0.1:{port}/api/v1"


def _ask(url: str, path: str, **asked: Any) -> list[dict[str, Any]]:
    answer = httpx.get(f"{url}/{path}", params=asked).json()
    assert answer["status"] == "success", (asked, answer)
    result: list[dict[str, Any]] = answer["data"]["result"]
    return result


def _series(url: str, expr: str, *, instant: bool) -> list[dict[str, Any]]:
    if instant:
        return _ask(url, "query", query=expr)
    now = time.time()  # noqa: TID251  # of the server that scrapes
    return _ask(url, "query_range", query=expr, start=now - 60, end=now, step=1)


@pytest.mark.parametrize("one", boards.asked("expr"), ids=lambda one: one.name)
def test_a_panel_gets_data(prometheus: str, one: boards.Asked) -> None:
    expr = boards.promql(one.target["expr"], **SHOWN)
    found = _series(prometheus, expr, instant=bool(one.target.get("instant")))
    assert found, expr
    legend = one.target["legendFormat"]
    for label in set(legend.replace("{{", "\0").replace("}}", "\0").split("\0")[1::2]):
        assert all(label in series["metric"] for series in found), (legend, found[0])


@pytest.mark.parametrize(("name", "expr"), boards.annotations())
def test_an_annotation_runs(prometheus: str, name: str, expr: str) -> None:
    assert name
    _ask(prometheus, "query", query=boards.promql(expr))


def test_a_verdict_is_told_for_every_vlan(prometheus: str) -> None:
    (verdict,) = (one for one in boards.asked("expr") if one.name == "isolation: Verdict A")
    found = _ask(prometheus, "query", query=boards.promql(verdict.target["expr"]))
    told = {series["metric"]["vlan"]: series["value"][1] for series in found}
    assert told == {"20": "3", "untagged": "2"}, "3 is open, 2 is cannot tell"


def test_rules_are_evaluated_and_the_open_vlan_alarms(prometheus: str) -> None:
    def states() -> dict[str, str]:
        groups = httpx.get(f"{prometheus}/rules").json()["data"]["groups"]
        return {rule["name"]: rule["health"] for group in groups for rule in group["rules"]}

    until(lambda: set(states().values()) == {"ok"}, "every rule was evaluated")
    assert len(states()) == 23

    def alarms() -> set[str]:
        found = httpx.get(f"{prometheus}/alerts").json()["data"]["alerts"]
        return {alert["labels"]["alertname"] for alert in found}

    expected = {"CamwatchVlanOpen", "CamwatchCaptureLoss", "CamwatchDeliveryStuck"}
    until(lambda: alarms() >= expected, "the faults of the snapshot are pending or firing")
    assert "CamwatchDown" not in alarms()
