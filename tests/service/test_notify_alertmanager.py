"""A real Alertmanager receives, groups and resolves; one that was started anew is told again."""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import JSON, BigInteger, Integer, String, Text

from monitor import config
from monitor.daemon.delivery import Courier
from monitor.daemon.targets import Target, heartbeat, open_targets, outgoing
from monitor.model.alerts import Alert, AlertChange, AlertEvent, AlertState
from monitor.store.alert_tables import ALERTS
from monitor.store.outbox import Outbox
from tests.support.notified import Receiver, free_port, process, receiver, until
from tests.support.told import CAMERA, SECOND, alert, resolved

PROGRAM = shutil.which("prometheus-alertmanager")
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="prometheus-alertmanager is not installed")
S = 1_000_000_000


@contextmanager
def _alertmanager(directory: Path, port: int, forward: Receiver) -> Iterator[str]:
    directory.mkdir(exist_ok=True)
    (directory / "alertmanager.yml").write_text(
        "route: {receiver: soc, group_by: [operator], group_wait: 100ms, group_interval: 200ms,"
        " repeat_interval: 1h}\n"
        f"receivers: [{{name: soc, webhook_configs: [{{url: '{forward.url}/am'}}]}}]\n"
    )
    words = [
        str(PROGRAM), f"--config.file={directory}/alertmanager.yml", f"--storage.path={directory}",
        f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=", "--log.level=error",
    ]  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    with process(words):
        until(lambda: _get(f"{url}/-/ready"), "Alertmanager is ready")
        yield url


def _get(url: str) -> Any:
    try:
        answer = httpx.get(url)
    except httpx.TransportError:
        return None
    return answer.json() if "/api/" in url else answer.is_success


def _target(directory: Path, url: str) -> Target:
    path = directory / "camwatch.toml"
    path.write_text(f'[[notify.target]]\nname = "am"\nkind = "alertmanager"\nurl = "{url}"\n')
    (target,) = open_targets(config.load(path, {}).notify.target)
    return target


def _tell(courier: Courier, outbox: Outbox, *events: AlertEvent) -> None:
    now_ns = time.time_ns()
    outbox.enqueue(outgoing(events, [courier.target], now_ns), now_ns)
    while courier.step(now_ns, time.time_ns):
        pass


def _opened(number: int, **changes: object) -> AlertEvent:
    now_ns = time.time_ns() - 10 * S
    made = alert(number, opened_ns=now_ns, last_ns=now_ns, fingerprint=f"{number:032x}", **changes)
    return AlertEvent(made, AlertChange.OPENED, now_ns)


_EMPTY = {String: "", Text: "", BigInteger: 0, Integer: 0, JSON: []}


def _write(outbox: Outbox, one: Alert) -> None:
    """Write the alert's row: that it is open is what matters here."""
    needed = {c.name: _EMPTY[c.type.__class__] for c in ALERTS.columns if not c.nullable}
    with outbox.writing() as connection:
        connection.execute(ALERTS.insert().values(needed | {"id": one.id, "state": one.state}))


def test_alerts_are_received_grouped_resolved_and_told_again(tmp_path: Path) -> None:
    outbox = Outbox.open(f"sqlite:///{tmp_path / 'camwatch.db'}")
    port = free_port()
    with receiver(tmp_path / "soc") as soc:
        with _alertmanager(tmp_path / "am", port, soc) as url:
            courier = Courier(_target(tmp_path, url), outbox)
            first, second = _opened(1), _opened(2, subjects=(CAMERA, SECOND))
            for event in (first, second):
                _write(outbox, event.alert)
            _tell(courier, outbox, first, second)
            (group,) = until(lambda: _get(f"{url}/api/v2/alerts/groups"), "there is a group")
            assert group["labels"] == {"operator": "Hikvision"}
            assert {a["labels"]["fingerprint"] for a in group["alerts"]} == {
                first.alert.fingerprint,
                second.alert.fingerprint,
            }
            shown = {a["annotations"]["cameras"] for a in group["alerts"]}
            assert shown == {"gate north (10.20.3.11)", "gate north (10.20.3.11), 10.20.3.12"}
            until(lambda: len(soc.requests()) >= 1, "Alertmanager sends it on")

            over = resolved(second.alert, time.time_ns())
            _tell(courier, outbox, AlertEvent(over, AlertChange.RESOLVED, time.time_ns()))
            until(lambda: len(_get(f"{url}/api/v2/alerts?active=true")) == 1, "one is resolved")

            def _states() -> set[tuple[str, str]]:
                return {
                    (a["labels"]["fingerprint"], a["status"])
                    for request in soc.requests()
                    for a in json.loads(request["body"])["alerts"]
                }

            until(
                lambda: (second.alert.fingerprint, "resolved") in _states(),
                "Alertmanager sends the end on",
            )
            assert (first.alert.fingerprint, "resolved") not in _states()

        # Alertmanager keeps alerts in memory only: it comes back with none.
        with outbox.writing() as connection:
            connection.execute(
                ALERTS.update()
                .where(ALERTS.c.id == second.alert.id)
                .values(state=AlertState.RESOLVED)
            )
        with _alertmanager(tmp_path / "am", port, soc) as url:
            assert _get(f"{url}/api/v2/alerts") == []
            later = time.time_ns() + 301 * S
            courier.step(later, lambda: later)
            again = until(lambda: _get(f"{url}/api/v2/alerts"), "open alerts are told again")
            assert [a["labels"]["fingerprint"] for a in again] == [first.alert.fingerprint]
    outbox.close()


def test_a_heartbeat_is_an_alert_that_always_fires(tmp_path: Path) -> None:
    outbox = Outbox.open(f"sqlite:///{tmp_path / 'camwatch.db'}")
    with (
        receiver(tmp_path / "soc") as soc,
        _alertmanager(tmp_path / "am", free_port(), soc) as url,
    ):
        target = _target(tmp_path, url)
        now_ns = time.time_ns()
        outbox.enqueue([heartbeat("hall-1", target, now_ns, {"flows": 3})], now_ns)
        Courier(target, outbox).step(now_ns, time.time_ns)
        (found,) = until(lambda: _get(f"{url}/api/v2/alerts"), "the heartbeat stands")
    outbox.close()
    assert found["labels"] == {
        "alertname": "CamwatchHeartbeat",
        "sensor": "hall-1",
        "severity": "info",
    }
