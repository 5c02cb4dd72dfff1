"""The listener of ``/metrics``: its own address, no access to anything but snapshots."""

import ipaddress
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from prometheus_client import CollectorRegistry, start_http_server

from monitor.errors import ConfigError
from monitor.metrics.collector import SnapshotCollector
from monitor.metrics.snapshot import Snapshot


class MetricsServer:
    """Serves scrapes from a thread until it is closed. A context manager."""

    def __init__(self, host: str, port: int, latest: Callable[[], Snapshot]) -> None:
        """Listen.

        Args:
            host: Address to listen on.
            port: TCP port; 0 takes a free one.
            latest: Gives the snapshot to show; called for each scrape, in another thread.

        Raises:
            ConfigError: The address is none, or cannot be listened on.
        """
        registry = CollectorRegistry(auto_describe=False)
        registry.register(SnapshotCollector(latest))
        where = f"[metrics] listen = {host}:{port}"
        try:
            ipaddress.ip_address(host)
            self._server, self._thread = start_http_server(port, host, registry)
        except ValueError as error:
            raise ConfigError(f"{where}: no address; write one such as 127.0.0.1:9465") from error
        except OSError as error:
            raise ConfigError(
                f"{where}: {error.strerror}; free the port, or name another"
            ) from error

    @property
    def port(self) -> int:
        """TCP port that it listens on."""
        return int(self._server.server_port)

    @property
    def thread(self) -> threading.Thread:
        """Thread that serves."""
        return self._thread

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
