import re
import socket
import ssl
import threading
from pathlib import Path

import pytest

from monitor.errors import ConfigError
from monitor.notify import connection
from monitor.notify.connection import Limits
from tests.support import certificates
from tests.support.notified import free_port


def test_a_peer_that_drips_is_cut_off_when_the_time_is_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        is_done = threading.Event()

        def _drip() -> None:
            peer, _ = server.accept()
            with peer:
                while not is_done.wait(0.01):
                    try:
                        peer.send(b".")
                    except OSError:
                        return

        thread = threading.Thread(target=_drip)
        thread.start()
        limits = Limits(read_s=5.0, total_s=0.2)
        port = server.getsockname()[1]

        def _read() -> None:
            with connection.opened("127.0.0.1", port, tls=None, limits=limits) as (stream, watch):
                while stream.recv(1):
                    pass
                watch.check()

        with pytest.raises(TimeoutError, match=re.escape("it took longer than 0.2 s")):
            _read()
        is_done.set()
        thread.join()


def test_the_connection_is_closed_at_the_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with connection.opened("127.0.0.1", port, tls=None) as (stream, watch):
            peer, _ = server.accept()
            watch.check()
        with peer:
            assert peer.recv(1) == b""
        assert stream.fileno() == -1


def test_a_ca_file_must_hold_a_certificate(tmp_path: Path) -> None:
    made = certificates.make(tmp_path)
    assert connection.context(made.ca).verify_mode is ssl.CERT_REQUIRED
    assert connection.context(made.ca).check_hostname
    (tmp_path / "empty.pem").write_text("nothing\n")
    with pytest.raises(ConfigError, match=r"empty\.pem: no certificate in it"):
        connection.context(tmp_path / "empty.pem")
    with pytest.raises(ConfigError, match=r"none\.pem: No such file"):
        connection.context(tmp_path / "none.pem")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ConnectionRefusedError(111, "x"), "connection refused"),
        (ConnectionResetError(104, "x"), "it broke off the connection"),
        (TimeoutError("timed out"), "it did not answer in time"),
        (OSError(113, "No route to host"), "No route to host"),
        (
            socket.gaierror(-2, "Name or service not known"),
            "its name cannot be resolved: Name or service not known",
        ),
        (ValueError("secret"), "its answer cannot be understood: ValueError"),
    ],
)
def test_every_failure_is_one_line(error: Exception, text: str) -> None:
    assert connection.describe(error) == text


def test_a_port_without_listener_refuses() -> None:
    with (
        pytest.raises(ConnectionRefusedError),
        connection.opened("127.0.0.1", free_port(), tls=None),
    ):
        pass
