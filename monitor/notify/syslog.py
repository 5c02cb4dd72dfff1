"""Syslog over TLS (RFC 5425). Syslog has no acknowledgement; the end of TLS stands in for one.

After the last message we close our side of TLS and wait for the receiver to close its own: it does
so after it read what came before. A connection that is reset instead did not deliver, and all
messages of the batch are sent again.
"""

import ssl
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from monitor.errors import ConfigError
from monitor.notify import cef, connection, rfc5424
from monitor.notify.message import Message
from monitor.notify.receipt import Receipt, Result

PORT = 6514


class Syslog:
    """A target that takes syslog messages."""

    batch = 100
    refresh_s = 0.0

    def __init__(
        self,
        url: str,
        form: str,
        *,
        ca_file: Path | None = None,
        enterprise: int = rfc5424.ENTERPRISE,
        limits: connection.Limits = connection.LIMITS,
    ) -> None:
        """Take ``tls://HOST[:PORT]``, ``rfc5424`` or ``cef``, CAs of the receiver, and an enterprise number."""
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or PORT
        self._form = form
        self._ca_file = ca_file
        self._enterprise = enterprise
        self._limits = limits

    def check(self) -> None:
        """Read the CAs once.

        Raises:
            ConfigError: They cannot be used.
        """
        connection.context(self._ca_file)

    def send(self, messages: Sequence[Message], now_ns: int) -> Receipt:  # noqa: ARG002  # as every sender
        """Send messages in one connection."""
        is_cef = self._form == "cef"
        lines = [
            rfc5424.line(m, cef.text(m) if is_cef else None, enterprise=self._enterprise)
            for m in messages
        ]
        shown = f"tls://{self._host}:{self._port}\n" + "\n".join(one.decode() for one in lines)
        try:
            tls = connection.context(self._ca_file)
            with connection.opened(self._host, self._port, tls=tls, limits=self._limits) as (
                stream,
                watch,
            ):
                stream.sendall(rfc5424.framed(lines))
                _close(stream)
                watch.check()
        except ConfigError as error:
            return Receipt(Result.FAILED, str(error), request=shown)
        except OSError as error:
            return Receipt(Result.FAILED, connection.describe(error), request=shown)
        return Receipt(Result.DELIVERED, request=shown, answer="TLS was closed by both sides")


def _close(stream: object) -> None:
    """Close our side of TLS and wait for the other's; an end of the connection counts, a reset does not."""
    if not isinstance(stream, ssl.SSLSocket):
        return
    try:
        stream.unwrap()
    except ssl.SSLError as error:
        # Some receivers end the connection without closing TLS. Had they left data unread, their
        # system would have sent a reset.
        if error.reason not in (None, "UNEXPECTED_EOF_WHILE_READING") and not isinstance(
            error, ssl.SSLEOFError | ssl.SSLZeroReturnError
        ):
            raise
