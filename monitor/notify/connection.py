"""Connections to targets: time limits that cannot be dripped around, and TLS that is verified."""

import contextlib
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from monitor.errors import ConfigError


class Limits(NamedTuple):
    """How much of our time and memory a target may take."""

    connect_s: float = 10.0
    read_s: float = 15.0
    """For one answer to arrive, or go on."""

    total_s: float = 30.0
    """For everything after the connection is made. Standard Webhooks asks for 15 to 30 s."""

    answer_bytes: int = 65_536


LIMITS = Limits()


class Watch:
    """Ends a connection when its time is up, also while a thread waits in it."""

    def __init__(self, connection: socket.socket, seconds: float) -> None:
        self.is_over = False
        # A descriptor of its own: TLS takes the first one over, shutdown works on what both name.
        self._handle = socket.socket(fileno=os.dup(connection.fileno()))
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._timer.start()

    def _end(self) -> None:
        self.is_over = True
        with contextlib.suppress(OSError):
            self._handle.shutdown(socket.SHUT_RDWR)

    def check(self) -> None:
        """Raise `TimeoutError` when the time is up: what was read last may be cut short by that."""
        if self.is_over:
            raise TimeoutError

    def close(self) -> None:
        """Stop watching."""
        self._timer.cancel()
        self._timer.join()
        self._handle.close()


@contextlib.contextmanager
def opened(
    host: str, port: int, *, tls: ssl.SSLContext | None, limits: Limits = LIMITS
) -> Iterator[tuple[socket.socket, Watch]]:
    """Connect, by TLS where a context is given; give the connection and its watch; close at the end.

    Raises:
        OSError: Within the block too; `TimeoutError` when the total time was up, whatever
            the interrupted call made of that.
    """
    plain = socket.create_connection((host, port), timeout=limits.connect_s)
    watch = Watch(plain, limits.total_s)
    connection = plain
    try:
        connection.settimeout(limits.read_s)
        if tls is not None:
            connection = tls.wrap_socket(plain, server_hostname=host)
        yield connection, watch
    except Exception as error:
        if watch.is_over:
            raise TimeoutError(f"it took longer than {limits.total_s:g} s") from error
        raise
    finally:
        watch.close()
        connection.close()


def context(ca_file: Path | None) -> ssl.SSLContext:
    """Return a TLS context that checks name and chain: against a file of CAs, or the system's.

    Raises:
        ConfigError: The file cannot be read or holds no certificate.
    """
    try:
        made = ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        why = "no certificate in it" if isinstance(error, ssl.SSLError) else error.strerror
        raise ConfigError(
            f"{ca_file}: {why}; name the file of the CA that signed the target's certificate"
        ) from error
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    return made


def describe(error: Exception) -> str:
    """Return a failure to send as one line for the operator."""
    match error:
        case ssl.SSLCertVerificationError():
            return f"its certificate is not accepted: {error.verify_message}"
        case ssl.SSLError():
            return f"TLS failed: {error.reason or error}"
        case socket.gaierror():
            return f"its name cannot be resolved: {error.strerror}"
        case TimeoutError():
            text = str(error)
            return text if text.startswith("it took") else "it did not answer in time"
        case ConnectionRefusedError():
            return "connection refused"
        case ConnectionResetError() | BrokenPipeError():
            return "it broke off the connection"
        case OSError():
            return error.strerror or str(error)
        case _:
            return f"its answer cannot be understood: {type(error).__name__}"
