"""Standard Webhooks: an envelope, an id that stays, and signatures over the exact bytes."""

import ssl
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from monitor.errors import ConfigError
from monitor.model.clock import utc_text
from monitor.notify import connection, ecs, ocsf, post, secret, signing
from monitor.notify.message import Message
from monitor.notify.receipt import Receipt, Result

FORMATS: dict[str, Callable[[Message], dict[str, Any]]] = {"ecs": ecs.data, "ocsf": ocsf.event}


def envelope(message: Message, form: str) -> bytes:
    """Return the body: type, time of what happened, and the data in the format that was chosen."""
    return orjson.dumps(
        {
            "type": message.type,
            "timestamp": utc_text(message.at_ns),
            "data": FORMATS[form](message),
        }
    )


class Endpoint:
    """Where an HTTP target is: its address, its CA and what it wants to see in `Authorization`."""

    def __init__(
        self,
        name: str,
        address: str | Path,
        *,
        path: str = "",
        authorization: Path | None = None,
        ca_file: Path | None = None,
        limits: connection.Limits = connection.LIMITS,
    ) -> None:
        """Take the parts of a target.

        Args:
            name: Of the target, for errors.
            address: The address, or the file that holds it where it is a secret.
            path: Added to the address.
            authorization: File with the value of the header `Authorization`.
            ca_file: File of the CAs that may have signed its certificate; None: the system's.
            limits: Time and memory that it may take.
        """
        self.name = name
        self._address = address
        self._path = path
        self._authorization = authorization
        self._ca_file = ca_file
        self._limits = limits

    def request(self, headers: Mapping[str, str], body: bytes) -> post.Request:
        """Return a request to this target.

        Raises:
            ConfigError: A file of a secret cannot be used.
        """
        secrets: list[str] = []
        url = self._address
        if isinstance(url, Path):
            where, url = str(url), secret.read(url)
        else:
            where = f"notify.target '{self.name}'"
        address = post.parse(url, where)
        address = address._replace(path=address.path.rstrip("/") + self._path or "/")
        if isinstance(self._address, Path):
            secrets.append(address.path)
        sent = {"Content-Type": "application/json", "Connection": "close", **headers}
        if self._authorization is not None:
            sent["Authorization"] = secret.read(self._authorization)
            secrets += [sent["Authorization"], sent["Authorization"].rpartition(" ")[2]]
        return post.Request(address, sent, body, tuple(secrets))

    def post(self, headers: Mapping[str, str], body: bytes, now_ns: int) -> Receipt:
        """Send a body; whatever is wrong with secrets or the CA is a failure, not an exception."""
        try:
            request = self.request(headers, body)
            tls = self._tls() if request.address.is_tls else None
        except ConfigError as error:
            return Receipt(Result.FAILED, str(error))
        return post.post(request, tls=tls, limits=self._limits, now_s=now_ns / 1e9)

    def check(self) -> None:
        """Read every file once.

        Raises:
            ConfigError: One cannot be used.
        """
        if self.request({}, b"").address.is_tls:
            self._tls()

    def _tls(self) -> ssl.SSLContext:
        return connection.context(self._ca_file)


class Webhook:
    """A target that takes signed messages by HTTP POST."""

    batch = 1
    refresh_s = 0.0

    def __init__(self, endpoint: Endpoint, secrets: Sequence[Path], form: str) -> None:
        """Take where it is, the files of the keys it may hold (all sign), and ``ecs`` or ``ocsf``."""
        self._endpoint = endpoint
        self._secrets = tuple(secrets)
        self._form = form

    def keys(self) -> list[signing.Key]:
        """Read the keys.

        Raises:
            ConfigError: A file cannot be read or holds no key.
        """
        return [signing.parse(secret.read(path), str(path)) for path in self._secrets]

    def check(self) -> None:
        """Read every file once.

        Raises:
            ConfigError: One cannot be used.
        """
        self.keys()
        self._endpoint.check()

    def send(self, messages: Sequence[Message], now_ns: int) -> Receipt:
        """Send one message."""
        (message,) = messages
        body = envelope(message, self._form)
        try:
            keys = self.keys()
        except ConfigError as error:
            return Receipt(Result.FAILED, str(error))
        now_s = now_ns // 1_000_000_000
        headers = {
            "User-Agent": f"camwatch/{message.version}",
            "webhook-id": message.id,
            "webhook-timestamp": str(now_s),
            "webhook-signature": signing.sign(keys, message.id, now_s, body),
        }
        return self._endpoint.post(headers, body, now_ns)
