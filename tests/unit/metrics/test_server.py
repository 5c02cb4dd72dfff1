"""The listener of /metrics."""

import socket
import urllib.request

import pytest

from monitor.errors import ConfigError
from monitor.metrics.server import MetricsServer
from monitor.metrics.snapshot import Snapshot
from tests.support.snapshots import FULL


def test_a_scrape_shows_the_latest_snapshot() -> None:
    now = {"snapshot": Snapshot()}
    with MetricsServer("127.0.0.1", 0, lambda: now["snapshot"]) as server:
        url = f"http://127.0.0.1:{server.port}/metrics"
        with urllib.request.urlopen(url, timeout=10) as answer:
            assert "camwatch_records_total 0.0" in answer.read().decode()
        now["snapshot"] = FULL
        with urllib.request.urlopen(url, timeout=10) as answer:
            assert "camwatch_records_total 90.0" in answer.read().decode()
    assert not server.thread.is_alive()


def test_a_taken_port_is_told_in_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=r"Address already in use; free the port"):
            MetricsServer("127.0.0.1", port, Snapshot)


def test_a_name_is_no_address() -> None:
    with pytest.raises(ConfigError, match="no address; write one such as"):
        MetricsServer("somewhere", 0, Snapshot)
