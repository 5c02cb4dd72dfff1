"""A proxy that refuses, and keeps what it was asked for: whoever uses it shows whom it would contact."""

import contextlib
import socket
import threading
from collections.abc import Iterator


class Asked:
    """The first lines of the requests that came."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.lines: list[str] = []


@contextlib.contextmanager
def recording_proxy() -> Iterator[Asked]:
    """Run the proxy on a free port of loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        asked = Asked(listener.getsockname()[1])
        thread = threading.Thread(target=_answer, args=(listener, asked), daemon=True)
        thread.start()
        yield asked
        # Closing a listener does not wake its accept; shutting it down does.
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(timeout=10)


def _answer(listener: socket.socket, asked: Asked) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        with client, contextlib.suppress(OSError):
            client.settimeout(5)
            asked.lines.append(client.recv(4096).partition(b"\r\n")[0].decode("latin-1"))
            client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
