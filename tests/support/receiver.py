"""A receiver of webhooks that misbehaves as it is told: a process of its own, on loopback.

``python -m tests.support.receiver DIRECTORY [CERTIFICATE KEY]`` writes its port to ``port`` and
one line of JSON for each request to ``requests`` (before it answers). What it does with a request
it reads anew from ``behaviour``: one or more words, taken one a request, the last for ever.
"""

import contextlib
import json
import os
import signal
import socket
import ssl
import struct
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from typing_extensions import override

DRIP_S = 0.05


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    directory: Path

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        number, word = self._next()
        line = {
            "path": self.path,
            "headers": dict(self.headers),
            "body": body.decode(),
            "did": word,
        }
        with (self.directory / "requests").open("a") as file:
            file.write(json.dumps(line) + "\n")
        name, _, argument = word.partition("=")
        getattr(self, f"_{name}")(argument or str(number))

    def _next(self) -> tuple[int, str]:
        path = self.directory / "behaviour"
        words = path.read_text().split()
        if len(words) > 1:
            path.write_text(" ".join(words[1:]))
        return len(words), words[0]

    def _answer(self, status: int, body: bytes = b"{}", **headers: str) -> None:
        with contextlib.suppress(OSError):
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def _status(self, status: str) -> None:
        self._answer(int(status))

    def _later(self, value: str) -> None:
        self._answer(429, Retry_After=value.replace("_", " "))

    def _redirect(self, _: str) -> None:
        host = self.headers["Host"]
        self._answer(307, Location=f"http://{host}/elsewhere")

    def _reset(self, _: str) -> None:
        # Linger of zero: the close is a RST.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RD)
        os.close(self.connection.detach())

    def _hang(self, _: str) -> None:
        with contextlib.suppress(OSError):
            self.connection.recv(1)
        self.close_connection = True

    def _drip(self, _: str) -> None:
        with contextlib.suppress(OSError):
            for byte in b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000:
                self.wfile.write(bytes([byte]))
                time.sleep(DRIP_S)

    def _flood(self, _: str) -> None:
        with contextlib.suppress(OSError):
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
            while True:
                self.wfile.write(b"z" * 65_536)

    def _garbage(self, _: str) -> None:
        self.wfile.write(b"\x16\x03\x01 no HTTP at all\r\n\r\n")
        self.close_connection = True

    def _kill(self, _: str) -> None:
        # The sender dies after the request was read and before it is answered.
        os.kill(int((self.directory / "sender").read_text()), signal.SIGKILL)
        self._answer(200)

    def _answerkill(self, _: str) -> None:
        self._answer(200)
        self.wfile.flush()
        os.kill(int((self.directory / "sender").read_text()), signal.SIGKILL)

    @override
    def log_message(self, *_: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    @override
    def handle_error(self, *_: Any) -> None:
        pass


def main(directory: str, certificate: str = "", key: str = "") -> None:
    handler = type("Handler", (_Handler,), {"directory": Path(directory)})
    port = Path(directory) / "port"
    # Started again it is where it was.
    server = _Server(("127.0.0.1", int(port.read_text()) if port.exists() else 0), handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    ready = Path(directory) / "ready"
    port.write_text(str(server.server_port))
    ready.touch()
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
