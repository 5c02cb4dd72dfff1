"""What systemd is told: sd_notify(3), which is a datagram to a socket."""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress


def tell(state: str, environment: Mapping[str, str] | None = None) -> None:
    """Send a state such as ``READY=1``, where somebody listens."""
    path = (os.environ if environment is None else environment).get("NOTIFY_SOCKET", "")
    if path[:1] not in ("/", "@"):
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.connect("\0" + path[1:] if path[0] == "@" else path)
        sock.sendall(state.encode())
