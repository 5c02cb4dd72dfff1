"""Live events reach every open page, and pages that are too many or too slow do not stop the rest."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import insert, update

from monitor.store.alert_tables import ALERT_EVENTS
from monitor.store.live_tables import SENSORS
from tests.support import serving
from tests.support.serving import ALERT, HOSTILE, Served


@pytest.fixture
def served(store_url: str, tmp_path: Path) -> Iterator[Served]:
    serving.fill(store_url, 5)
    with serving.serving(store_url, tmp_path, event_clients=2) as it:
        yield it


class Listener:
    """One page that listens."""

    def __init__(self, served: Served, **headers: str) -> None:
        self.told: list[tuple[str, Any]] = []
        self.lines: list[str] = []
        self._client = served.client()
        self._headers = headers
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        kind = ""
        try:
            with self._client.stream("GET", "/api/v1/events", headers=self._headers) as stream:
                for line in stream.iter_lines():
                    self.lines.append(line)
                    if line.startswith("event: "):
                        kind = line[7:]
                    if line.startswith("data: "):
                        self.told.append((kind, json.loads(line[6:])))
        except httpx.HTTPError:
            pass

    def wait(self, kind: str) -> Any:
        return serving.wait(lambda: next((d for k, d in self.told if k == kind), None), kind)


def _happen(served: Served, text: str) -> None:
    with served.app.state.context.edits.transaction() as connection:
        connection.execute(
            insert(ALERT_EVENTS).values(
                alert_id=ALERT, at_ns=serving.NOW_NS, kind="note", author=text, text=text
            )
        )
        connection.execute(update(SENSORS).values(seen_ns=serving.NOW_NS))


def test_what_happens_is_told_to_every_page(served: Served) -> None:
    pages = [Listener(served), Listener(served)]
    serving.wait(lambda: all("retry: 3000" in page.lines for page in pages), "the streams")
    # The first look only learns how things stand.
    serving.wait(lambda: served.app.state.context.events._marks is not None, "the first look")
    _happen(served, HOSTILE)
    for page in pages:
        alert = page.wait("alert")
        assert alert["alert"] == ALERT
        assert alert["kind"] == "note"
        assert alert["severity"] == "high"
        assert page.wait("sensor") == {
            "name": "town-hall",
            "seen": "2026-11-09T09:00:00.000000000Z",
        }
        assert not [line for line in page.lines if line.startswith("Set-Cookie")]
    with served.client() as client:
        third = client.get("/api/v1/events")
    assert third.status_code == 429
    assert third.json()["type"] == "urn:camwatch:problem:busy"


def test_a_page_that_was_away_is_told_what_it_missed(served: Served) -> None:
    _happen(served, "while it was away")
    page = Listener(served, **{"Last-Event-ID": "1"})
    assert page.wait("alert")["kind"] == "note"
    assert "id: 2" in page.lines


def test_a_page_that_leaves_makes_room(served: Served) -> None:
    for _ in range(5):
        with served.client() as client, client.stream("GET", "/api/v1/events") as stream:
            assert stream.status_code == 200
        serving.wait(lambda: served.app.state.context.events.clients == 0, "the end of the stream")
