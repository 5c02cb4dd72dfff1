"""Sends frames that were made elsewhere: the canary. The only place that writes to a network."""

import socket
from types import TracebackType
from typing import Self

from monitor.errors import CaptureError


class FrameSender:
    """A raw socket on one interface, for sending only. A context manager.

    Open it before privileges go: afterwards it needs none. It receives nothing (protocol 0). A
    capture on the same interface must leave out what the host itself sends
    (``PACKET_IGNORE_OUTGOING``), or a canary would prove the socket and not the mirror.
    """

    def __init__(self, interface: str) -> None:
        """Open the socket.

        Raises:
            CaptureError: There is no such interface, or no right to send on it.
        """
        self.interface = interface
        try:
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            try:
                self._socket.bind((interface, 0))
            except OSError:
                self._socket.close()
                raise
        except PermissionError as error:
            raise CaptureError(
                f"canary on {interface}: {error.strerror}; start as root or give CAP_NET_RAW"
            ) from error
        except OSError as error:
            raise CaptureError(
                f"canary on {interface}: {error.strerror}; see 'ip link' for the interfaces"
            ) from error
        self.mac = int.from_bytes(self._socket.getsockname()[4], "big")
        """MAC of the interface."""

    def send(self, frame: bytes) -> bool:
        """Send a frame; False when the interface is down or its queue full: nothing went out."""
        try:
            return self._socket.send(frame, socket.MSG_DONTWAIT) == len(frame)
        except OSError:
            return False

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
