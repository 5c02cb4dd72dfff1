"""A real Prometheus scrapes the listener: series, types and laws as it sees them."""

import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor.metrics.families import FAMILIES
from monitor.metrics.server import MetricsServer
from tests.support.snapshots import FULL

LAWS = {
    "frames received were processed or lost": """
        sum(camwatch_capture_frames_total)
        == sum(camwatch_decode_frames_total) + sum(camwatch_capture_dropped_frames_total)""",
    "frames processed were packets or stopped": """
        sum(camwatch_decode_frames_total)
        == sum(camwatch_decode_packets_total) + sum(camwatch_decode_skipped_frames_total)
        + sum(camwatch_decode_errors_total)""",
    "flows opened are active or ended": """
        sum(camwatch_flows_opened_total)
        == sum(camwatch_flows{state="active"}) + sum(camwatch_flows_ended_total)""",
    "records are stored, waiting or lost": """
        sum(camwatch_records_total)
        == sum(camwatch_store_records_total) + sum(camwatch_store_backlog_records)
        + sum(camwatch_store_lost_records_total)""",
}
PATIENCE_S = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Prometheus:
    """Asks a server."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/api/v1/"

    def ask(self, path: str, **query: str) -> Any:
        url = f"{self._url}{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own server
            return json.load(answer)["data"]

    def value(self, query: str) -> list[float]:
        return [float(one["value"][1]) for one in self.ask("query", query=query)["result"]]


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("prometheus is not installed")
    folder: Path = tmp_path_factory.mktemp("prometheus")
    port = free_port()
    with MetricsServer("127.0.0.1", 0, lambda: FULL) as server:
        config = {
            "global": {"scrape_interval": "1s"},
            "scrape_configs": [
                {
                    "job_name": "camwatch",
                    "static_configs": [{"targets": [f"127.0.0.1:{server.port}"]}],
                }
            ],
        }
        (folder / "prometheus.yml").write_text(json.dumps(config), encoding="utf-8")
        log = (folder / "log").open("w", encoding="utf-8")
        process = subprocess.Popen(  # noqa: S603 - our own configuration, on loopback
            [
                program,
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=log,
            stderr=log,
        )
        try:
            found = Prometheus(port)
            deadline = time.monotonic() + PATIENCE_S
            while True:
                try:
                    if found.value("camwatch_build_info"):
                        break
                except (urllib.error.URLError, ConnectionError, KeyError):
                    pass
                assert process.poll() is None, (folder / "log").read_text(encoding="utf-8")
                assert time.monotonic() < deadline, "prometheus did not scrape in time"
                time.sleep(0.1)
            yield found
        finally:
            process.terminate()
            process.wait(timeout=30)
            log.close()


def test_every_family_arrives_with_its_type_and_help(prometheus: Prometheus) -> None:
    seen = prometheus.ask("targets/metadata")
    told = {one["metric"]: (one["type"], one["help"]) for one in seen}
    for family in FAMILIES:
        # In OpenMetrics, which Prometheus asks for, the suffix belongs to the sample.
        name = f"camwatch_{family.name.removesuffix('_total')}"
        assert told[name] == (str(family.type), family.help)


@pytest.mark.parametrize("law", LAWS)
def test_a_law_of_conservation_holds_in_the_scrape(prometheus: Prometheus, law: str) -> None:
    assert len(prometheus.value(LAWS[law])) == 1


def test_labels_with_quotes_arrive_whole(prometheus: Prometheus) -> None:
    result = prometheus.ask("query", query="camwatch_camera_info")["result"]
    assert {one["metric"]["camera"] for one in result} == {"gate", 'yard "north"\\1'}


def test_bytes_that_got_through_are_told_from_attempts(prometheus: Prometheus) -> None:
    query = 'sum by (outcome) (camwatch_camera_egress_bytes_total{camera="gate"})'
    result = prometheus.ask("query", query=query)["result"]
    assert {one["metric"]["outcome"]: one["value"][1] for one in result} == {
        "answered": "4200",
        "attempted": "80",
    }


def test_the_scrape_has_the_series_of_the_table_and_no_others(prometheus: Prometheus) -> None:
    wanted = sum(len(list(family.samples(FULL))) for family in FAMILIES)
    assert prometheus.value('count({__name__=~"camwatch_.*"})') == [wanted]
