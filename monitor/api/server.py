"""The server around the app: uvicorn, with a bound on how long a request may take to arrive."""

import asyncio
import signal
import socket
import threading
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI
from typing_extensions import override
from uvicorn.protocols.http.h11_impl import H11Protocol

from monitor.config.serving import ApiSettings
from monitor.errors import ConfigError


def protocol(seconds: float) -> type[H11Protocol]:
    """Return the protocol of a connection that must send a whole head within so many seconds.

    Uvicorn waits for the first request of a connection for ever: a few hundred idle ones
    (Slowloris) would shut everybody out.
    """

    class Bounded(H11Protocol):
        _head_timer: asyncio.TimerHandle | None = None

        @override
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._head_timer = self.loop.call_later(seconds, self._too_slow)

        @override
        def data_received(self, data: bytes) -> None:
            before = self.cycle
            super().data_received(data)
            if self.cycle is not before:
                self._stop_timer()
            elif self._head_timer is None and before.response_complete:
                self._head_timer = self.loop.call_later(seconds, self._too_slow)

        @override
        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_timer()
            super().connection_lost(exc)

        def _stop_timer(self) -> None:
            if self._head_timer is not None:
                self._head_timer.cancel()
                self._head_timer = None

        def _too_slow(self) -> None:
            self._head_timer = None
            if not self.transport.is_closing():
                self.transport.close()

    return Bounded


class Server(uvicorn.Server):
    """Stops on SIGTERM and SIGINT, answers what it was asked, and ends well.

    Open streams of events would hold it up until they are cut: they are let go first.
    """

    @override
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop; also before it has begun."""
        self.should_exit = True
        app: Any = self.config.app
        app.state.context.events.end()

    @override
    def run(self, sockets: list[socket.socket] | None = None) -> None:
        # A signal that comes before uvicorn listens for them, too.
        for number in (signal.SIGTERM, signal.SIGINT):
            if threading.current_thread() is threading.main_thread():
                signal.signal(number, lambda *_: self.stop())
        super().run(sockets)


def server(app: FastAPI, settings: ApiSettings) -> Server:
    """Return a server of an app."""
    return Server(
        uvicorn.Config(
            app,
            http=protocol(settings.receive_s),
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=settings.max_connections,
            timeout_graceful_shutdown=5,
            ssl_certfile=settings.tls_certificate,
            ssl_keyfile=settings.tls_key,
        )
    )


def listen(settings: ApiSettings) -> socket.socket:
    """Return a socket that listens.

    Raises:
        ConfigError: The address cannot be used.
    """
    host, port = settings.address
    try:
        family, kind, protocol_no, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # With TCP by number, or asyncio takes it for something else and leaves Nagle's algorithm on:
        # a body then waits 40 ms for the head before it to be acknowledged.
        made = socket.socket(family, kind, protocol_no)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
    except OSError as error:
        raise ConfigError(
            f"listen {settings.listen}: {error.strerror or error}; "
            "give a free port on an address of this machine"
        ) from error
    return made
