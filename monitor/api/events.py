"""Live events: what changed in the store, told to every open page.

One look at the store a second, however many clients there are, and none without clients. A client that
does not keep up is let go; its browser comes again by itself.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import orjson
from sqlalchemy import RowMapping

from monitor.api.problems import ProblemError
from monitor.errors import StoreError
from monitor.model.clock import utc_text
from monitor.store.reading import alerts, state
from monitor.store.reading.reader import Reader

LOOK_S: Final = 1.0
ALIVE_S: Final = 15.0
"""Seconds after which a comment shows the way to the client that the stream lives."""

LIFE_S: Final = 600.0
"""Seconds after which a stream ends and the browser comes again: a token may have been revoked."""

QUEUE: Final = 200
"""Events that a client may be behind."""

Client = asyncio.Queue[bytes]


class Events:
    """The open streams, and the one who looks."""

    def __init__(self, reader: Reader, most: int) -> None:
        self._reader = reader
        self._most = most
        self._clients: dict[Client, None] = {}
        self._marks: dict[str, Any] | None = None

    @property
    def clients(self) -> int:
        """How many streams are open."""
        return len(self._clients)

    async def run(self) -> None:
        """Look and tell until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            if not self._clients:
                self._marks = None
                continue
            try:
                messages = await asyncio.to_thread(self._look)
            except StoreError:
                continue
            for message in messages:
                self._tell(message)

    def open(self) -> Client:
        """Return the queue of a new client.

        Raises:
            ProblemError: There are too many.
        """
        if len(self._clients) >= self._most:
            raise ProblemError(
                429, f"{self._most} streams of events are open already; ask again later",
                kind="busy", headers={"Retry-After": "30"},
            )  # fmt: skip
        client: Client = asyncio.Queue(QUEUE)
        self._clients[client] = None
        return client

    async def stream(self, client: Client, after: int | None) -> AsyncIterator[bytes]:
        """Yield the stream of a client: first what it missed since event `after`."""
        loop = asyncio.get_running_loop()
        end = loop.time() + LIFE_S
        try:
            yield b"retry: 3000\n\n"
            if after is not None:
                for message in await asyncio.to_thread(self._missed, after):
                    yield message
            while client in self._clients and loop.time() < end:
                try:
                    async with asyncio.timeout(ALIVE_S):
                        yield await client.get()
                except TimeoutError:
                    yield b": alive\n\n"
        finally:
            self._clients.pop(client, None)

    def end(self) -> None:
        """Let every client go."""
        for client in list(self._clients):
            self._let_go(client)

    def _tell(self, message: bytes) -> None:
        for client in list(self._clients):
            try:
                client.put_nowait(message)
            except asyncio.QueueFull:
                self._let_go(client)

    def _let_go(self, client: Client) -> None:
        self._clients.pop(client, None)
        while not client.empty():
            client.get_nowait()
        client.put_nowait(b": end\n\n")

    def _missed(self, after: int) -> list[bytes]:
        with self._reader.connect() as connection:
            return [_alert(row) for row in alerts.events_after(connection, after)]

    def _look(self) -> list[bytes]:
        with self._reader.connect() as connection:
            now = state.marks(connection)
            before, self._marks = self._marks, now
            if before is None:
                return []
            told: list[bytes] = []
            if now["event"] != before["event"]:
                told += map(_alert, alerts.events_after(connection, before["event"]))
        for name, seen_ns in now["sensors"].items():
            if before["sensors"].get(name) != seen_ns:
                told.append(_message("sensor", {"name": name, "seen": utc_text(seen_ns)}))
        for job_id, (job_state, progress) in now["jobs"].items():
            if before["jobs"].get(job_id) != [job_state, progress]:
                job = {"id": job_id, "state": job_state, "progress": progress}
                told.append(_message("job", job))
        if now["delivery"] != before["delivery"]:
            told.append(_message("delivery", {"id": now["delivery"]}))
        return told


def _alert(row: RowMapping) -> bytes:
    told = {
        "alert": row["alert_id"],
        "kind": row["kind"],
        "at": utc_text(row["at_ns"]),
        "severity": row["severity"],
        "state": row["state"],
        "rule": row["rule"],
        "title": row["title"],
    }
    return _message("alert", told, row["id"])


def _message(kind: str, told: Mapping[str, Any], number: int | None = None) -> bytes:
    # JSON has no line breaks outside of escapes, so a name from the wire cannot begin a field.
    head = f"id: {number}\n" if number is not None else ""
    return f"{head}event: {kind}\ndata: ".encode() + orjson.dumps(told) + b"\n\n"
