import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from monitor.errors import ConfigError
from monitor.notify import message
from monitor.notify.connection import Limits
from monitor.notify.receipt import Result
from monitor.notify.syslog import Syslog
from tests.support import certificates
from tests.support.told import T0

BEAT = message.heartbeat("hall-1", T0, {}, version="1.0")


@contextmanager
def _server(
    made: certificates.Certificates, then: Callable[[ssl.SSLSocket], None]
) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.certificate, made.key)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def _serve() -> None:
            peer, _ = server.accept()
            with context.wrap_socket(peer, server_side=True) as stream:
                then(stream)

        thread = threading.Thread(target=_serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def _read_all(stream: ssl.SSLSocket) -> None:
    while stream.recv(1000):
        pass


def _end_without_closing_tls(stream: ssl.SSLSocket) -> None:
    _read_all(stream)


def _reset(stream: ssl.SSLSocket) -> None:
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _say_nothing(stream: ssl.SSLSocket) -> None:
    # The peer gives up first; reading the raw socket answers no closing of TLS.
    with socket.socket(fileno=socket.dup(stream.fileno())) as raw:
        raw.settimeout(5)
        while raw.recv(1000):
            pass


@pytest.mark.parametrize(
    ("then", "result"),
    [
        (_end_without_closing_tls, Result.DELIVERED),
        (_reset, Result.FAILED),
        (_say_nothing, Result.FAILED),
    ],
)
def test_only_an_orderly_end_is_an_acknowledgement(
    then: Callable[[ssl.SSLSocket], None], result: Result, tmp_path: Path
) -> None:
    made = certificates.make(tmp_path)
    with _server(made, then) as port:
        target = Syslog(
            f"tls://localhost:{port}",
            "rfc5424",
            ca_file=made.ca,
            limits=Limits(read_s=0.3, total_s=0.5),
        )
        assert target.send([BEAT], T0).result is result


def test_cas_that_cannot_be_read_are_said_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=re.escape("none.pem: No such file")):
        Syslog("tls://localhost", "cef", ca_file=tmp_path / "none.pem").check()
