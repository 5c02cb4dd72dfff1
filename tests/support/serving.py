"""The API over a small store: a real server on a free port of loopback."""

import contextlib
import dataclasses
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import insert

from monitor.api import app as apps
from monitor.api import server as servers
from monitor.config import Settings, validate
from monitor.model.records import FlowRecord
from monitor.model.words import Purpose
from monitor.store import RunStart, Store, access
from monitor.store.alert_tables import ALERT_EVENTS, ALERTS, UPDATES
from monitor.store.delivery_tables import DELIVERIES, TARGETS
from monitor.store.edits import Edits
from monitor.store.engine import parse
from monitor.store.live_tables import SENSORS
from tests.support import records

NOW_NS = records.START_NS + 3_600_000_000_000
RUN = "sensor:town-hall"
ALERT = "a1" * 16
HOSTILE = "=HYPERLINK(\"https://x.example\")\r\nSet-Cookie: a=b <script>alert('1')</script>"
"""A name as the wire may choose it."""

DEADLINE_S = 30.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A server that runs, and tokens of each role."""

    url: str
    app: Any
    tokens: dict[str, str]
    port: int

    def client(self, role: str | None = "reader") -> httpx.Client:
        """Return a client with the token of a role, or without one."""
        headers = {} if role is None else {"Authorization": f"Bearer {self.tokens[role]}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=DEADLINE_S)


def settings(folder: Path, **api: Any) -> Settings:
    """Return settings of the API that keep everything in a folder."""
    values = {"listen": "127.0.0.1:0", "uploads": str(folder / "uploads"), **api}
    return validate({"api": values}, "test")


def fill(url: str, flows: int = 250) -> None:
    """Write a sensor's run: flows of two cameras, an alert with events, a delivery, firmware."""
    with Store.open(url) as store:
        store.begin_run(RunStart(id=RUN, started_ns=records.START_NS, versions={"camwatch": "1"}))
        store.write(some_flows(flows))
        store.write_devices([records.CAMERA, records.CAMERA._replace(ip="10.20.3.12", maker="")])
        store.write_findings([records.finding()])
        store.finish_run(finished_ns=NOW_NS, counters={"decode": {"frames": 9}})
    edits = Edits(parse(url))
    with edits.transaction() as connection:
        for table, row in (
            (ALERTS, ALERT_ROW),
            (ALERT_EVENTS, EVENT_ROW),
            (SENSORS, SENSOR_ROW),
            (DELIVERIES, DELIVERY_ROW),
            (TARGETS, TARGET_ROW),
            (UPDATES, UPDATE_ROW),
        ):
            connection.execute(insert(table).values(**row))
    edits.close()


def some_flows(count: int) -> list[FlowRecord]:
    """Return flows, one a second, of two cameras to seven destinations, one of them hostile."""
    purposes = (Purpose.CLOUD_API, Purpose.DIAGNOSTICS, Purpose.NTP)
    made = []
    for number in range(count):
        name = HOSTILE if number % 7 == 3 else "dev.hik-connect.com"
        flow = records.flow(
            number,
            to=records.destination(number % 7, name),
            why=records.verdict(purposes[number % 3]),
            vlan=20 if number % 2 else None,
        )
        if number % 2:
            camera = flow.camera._replace(ip="10.20.3.12", maker="")
            flow = flow._replace(camera=camera, orig=flow.orig._replace(ip="10.20.3.12"))
        made.append(flow)
    return made


@contextlib.contextmanager
def serving(url: str, folder: Path, now_ns: int | None = NOW_NS, **api: Any) -> Iterator[Served]:
    """Run a server over a store; with `now_ns` None its clock goes."""
    clock = time.time_ns if now_ns is None else (lambda: now_ns)
    chosen = settings(folder, **api)
    app = apps.create_app(chosen, url, clock)
    tokens = {}
    with app.state.context.edits.transaction() as connection:
        for role in access.Role:
            made = access.create_token(
                connection, name=f"test {role}", role=role, now_ns=clock(), expires_ns=None
            )
            tokens[str(role)] = made.secret
    with servers.listen(chosen.api) as socket:
        port = socket.getsockname()[1]
        server = servers.server(app, chosen.api)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, daemon=True)
        thread.start()
        wait(lambda: server.started)
        try:
            yield Served(url=f"http://127.0.0.1:{port}", app=app, tokens=tokens, port=port)
        finally:
            server.should_exit = True
            thread.join(DEADLINE_S)


def wait(holds: Any, what: str = "it", seconds: float = DEADLINE_S) -> Any:
    """Return what `holds` gives once that is true; fail after a while."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = holds()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come in {seconds} s")


ALERT_ROW = {
    "id": ALERT,
    "fingerprint": "f1" * 16,
    "sensor": "town-hall",
    "run_no": 1,
    "rule": "media-leaving",
    "severity": "high",
    "title": "Video leaves the site",
    "explanation": "What it means, and what to do.",
    "state": "open",
    "subjects": [
        {"ip": "10.20.3.11", "mac": "44:19:b6:5e:20:a1", "name": "gate", "maker": "Hikvision",
         "brand": "", "vlan": 20},
        {"ip": "10.20.3.12", "mac": "", "name": "", "maker": "", "brand": "", "vlan": None},
    ],
    "operator": "Hikvision",
    "operator_country": "CN",
    "destinations": ["dev.hik-connect.com", HOSTILE],
    "opened_ns": records.START_NS,
    "updated_ns": records.START_NS,
    "last_ns": records.START_NS + 5,
    "resolved_ns": None,
    "times": 12,
    "evidence": [{"kind": "name", "value": "dev.hik-connect.com", "catalog": "x"}],
    "flow_ids": [f"{0:016x}"],
    "told": 2,
    "group_by": ["Hikvision"],
    "runbook": "docs/rules/media-leaving.md",
    "acknowledged_by": "",
    "acknowledged_ns": None,
}  # fmt: skip
EVENT_ROW = {
    "alert_id": ALERT,
    "at_ns": records.START_NS,
    "kind": "opened",
    "author": "",
    "text": "",
}
SENSOR_ROW = {
    "name": "town-hall",
    "run_no": 1,
    "version": "1",
    "started_ns": records.START_NS,
    "seen_ns": NOW_NS - 5_000_000_000,
    "step": 1,
    "status": {"interfaces": ["eth1"]},
}
DELIVERY_ROW = {
    "message_id": "m1",
    "target": "soc",
    "type": "camwatch.alert.opened",
    "alert_id": ALERT,
    "body": "{}",
    "state": "pending",
    "created_ns": records.START_NS,
    "due_ns": records.START_NS,
    "attempts": 1,
    "leased_until_ns": 0,
    "expires_ns": records.START_NS + 10**15,
    "settled_ns": None,
    "status": 503,
    "error": "busy",
}
TARGET_ROW = {
    "name": "soc",
    "failures": 1,
    "open_until_ns": 0,
    "is_gone": False,
    "last_success_ns": None,
    "last_error": "busy",
}
UPDATE_ROW = {
    "run_no": 1,
    "flow_id": f"{1:016x}",
    "camera_ip": "10.20.3.11",
    "at_ns": records.START_NS,
    "name": "fw.example",
    "url": "http://fw.example/a.bin",
    "bytes": 12_000_000,
    "sha256": "ab" * 32,
}
