"""One mail for all that happened in a span of time, by SMTP with TLS."""

import hashlib
import smtplib
import socket
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from monitor.errors import ConfigError
from monitor.model.clock import utc_text
from monitor.notify import connection, secret
from monitor.notify.message import ALERT, SEVERITIES, Message, change, severity
from monitor.notify.receipt import Receipt, Result

NAMED = 20
PORTS = {"smtp": 587, "smtps": 465}


class Envelope(NamedTuple):
    """From whom, to whom."""

    sender: str
    to: tuple[str, ...]


def digest(messages: Sequence[Message], envelope: Envelope, now_ns: int) -> EmailMessage:
    """Return the mail. The same messages give the same Message-ID, so a repetition can be seen."""
    mail = EmailMessage()
    mail["From"], mail["To"] = envelope.sender, ", ".join(envelope.to)
    mail["Subject"] = _subject(messages)
    mail["Date"] = format_datetime(datetime.fromtimestamp(now_ns / 1e9, UTC))
    digest_id = hashlib.sha256(" ".join(message.id for message in messages).encode()).hexdigest()
    mail["Message-ID"] = f"<{digest_id[:32]}@camwatch.invalid>"
    mail["Auto-Submitted"] = "auto-generated"
    blocks = [_block(message) for message in messages]
    mail.set_content("\n\n".join([*blocks, "-- \ncamwatch\n"]))
    return mail


def _subject(messages: Sequence[Message]) -> str:
    sensor = _one_line(messages[0].sensor)
    alerts = [message for message in messages if message.type.startswith(ALERT)]
    if not alerts:
        kinds = {change(message) for message in messages}
        return f"[camwatch] {sensor}: {'test' if kinds == {'test'} else 'is watching'}"
    worst = max((severity(message) for message in alerts), key=SEVERITIES.index)
    if len(alerts) == 1:
        (message,) = alerts
        title = message.alert.title if message.alert is not None else ""
        return f"[camwatch] {sensor}: {worst}: {change(message)}: {_one_line(title)}"
    return f"[camwatch] {sensor}: {len(alerts)} messages, worst {worst}"


def _block(message: Message) -> str:
    alert = message.alert
    if alert is None:
        facts = "".join(f"\n  {name}: {value}" for name, value in message.facts.items())
        return f"{utc_text(message.at_ns)[:19]}Z  {message.sensor} is watching.{facts}"
    cameras = [f"{s.name} ({s.ip})" if s.name else s.ip for s in alert.subjects[:NAMED]]
    more = len(alert.subjects) - len(cameras)
    lines = [
        f"{alert.severity.upper()}, {change(message)}: {alert.title}",
        f"  {alert.explanation}",
        f"  cameras: {', '.join(cameras)}{f' and {more} more' if more else ''}",
    ]
    if message.text:
        lines.append(f"  changed: {message.text}")
    if alert.operator:
        lines.append(
            f"  operator: {alert.operator} ({alert.operator_country or 'country unknown'})"
        )
    if alert.destinations:
        lines.append(f"  to: {', '.join(alert.destinations[:NAMED])}")
    lines += [f"  because: {e.kind} {e.value}" for e in alert.evidence[:NAMED]]
    if alert.runbook:
        lines.append(f"  how to look into it: {alert.runbook}")
    lines.append(f"  since {utc_text(alert.opened_ns)[:19]}Z, seen {alert.times} times")
    lines.append(f"  rule {alert.rule}, alert {alert.id}, message {message.id}")
    return "\n".join(lines)


def _one_line(text: str) -> str:
    return " ".join(text.split())


class _Client(smtplib.SMTP):
    """An SMTP client on a connection that is made already."""

    def __init__(self, stream: socket.socket, host: str, timeout_s: float) -> None:
        self._stream = stream
        super().__init__(timeout=timeout_s)
        self._host = host
        code, answer = self.connect(host)
        if code != 220:
            raise smtplib.SMTPConnectError(code, answer)

    def sign_in(self, user: str, password: str) -> None:
        """Sign in by the first method that both know.

        One try: `login` would try a wrong password by every method, and lock the account sooner.

        Raises:
            smtplib.SMTPException: The server offers no such method, or refused.
        """
        self.ehlo_or_helo_if_needed()
        offered = self.esmtp_features.get("auth", "").upper().split()
        self.user, self.password = user, password
        if "PLAIN" in offered:
            self.auth("PLAIN", self.auth_plain)
        elif "LOGIN" in offered:
            self.auth("LOGIN", self.auth_login)
        else:
            raise smtplib.SMTPNotSupportedError("the server offers neither PLAIN nor LOGIN")

    def _get_socket(self, *_: Any) -> socket.socket:
        return self._stream


class Mail:
    """A target that is a mail server."""

    batch = 500
    refresh_s = 0.0

    def __init__(
        self,
        url: str,
        envelope: Envelope,
        *,
        user: str = "",
        password: Path | None = None,
        ca_file: Path | None = None,
        is_plain: bool = False,
        limits: connection.Limits = connection.LIMITS,
    ) -> None:
        """Take the parts of the target.

        Args:
            url: ``smtp://HOST[:587]`` (STARTTLS) or ``smtps://HOST[:465]`` (TLS from the start).
            envelope: From whom, to whom.
            user: To sign in as; empty: not at all.
            password: File of the password.
            ca_file: CAs of the server; None: the system's.
            is_plain: Send without TLS to a server that offers none.
            limits: Time that it may take.
        """
        parts = urlsplit(url)
        self._scheme = parts.scheme
        self._host = parts.hostname or ""
        self._port = parts.port or PORTS[parts.scheme]
        self._envelope = envelope
        self._user = user
        self._password = password
        self._ca_file = ca_file
        self._is_plain = is_plain
        self._limits = limits

    def check(self) -> None:
        """Read every file once.

        Raises:
            ConfigError: One cannot be used.
        """
        connection.context(self._ca_file)
        if self._password is not None:
            secret.read(self._password)

    def send(self, messages: Sequence[Message], now_ns: int) -> Receipt:
        """Send one mail about all messages."""
        mail = digest(messages, self._envelope, now_ns)
        shown = f"{self._scheme}://{self._host}:{self._port}\n{mail.as_string()}"
        secrets: list[str] = []
        try:
            if self._password is not None:
                secrets.append(secret.read(self._password))
            tls = connection.context(self._ca_file)
            with connection.opened(
                self._host,
                self._port,
                tls=tls if self._scheme == "smtps" else None,
                limits=self._limits,
            ) as (stream, watch):
                answer = self._talk(stream, mail, tls, secrets)
                watch.check()
        except ConfigError as error:
            return Receipt(Result.FAILED, str(error), request=shown)
        except smtplib.SMTPResponseException as error:
            text = _answer(error.smtp_code, error.smtp_error)
            return self._failed(f"it answered {text}", error.smtp_code, shown, secrets)
        except smtplib.SMTPRecipientsRefused as error:
            code, why = next(iter(error.recipients.values()))
            return self._failed(
                f"it takes no mail for these addresses: {_answer(code, why)}", code, shown, secrets
            )
        except smtplib.SMTPException as error:
            return self._failed(f"mail could not be sent: {error}", None, shown, secrets)
        except OSError as error:
            return self._failed(connection.describe(error), None, shown, secrets)
        return Receipt(
            Result.DELIVERED, status=250, request=shown, answer=secret.masked(answer, secrets)
        )

    def _talk(
        self, stream: socket.socket, mail: EmailMessage, tls: ssl.SSLContext, secrets: list[str]
    ) -> str:
        """Say everything; the answer to the mail itself is the acknowledgement.

        Raises:
            smtplib.SMTPException: The server refused something.
            OSError: The connection broke.
        """
        client = _Client(stream, self._host, self._limits.read_s)
        try:
            if self._scheme == "smtp":
                client.ehlo()
                # A server without STARTTLS may be one whose offer somebody took away on the road.
                if client.has_extn("starttls") or not self._is_plain:
                    client.starttls(context=tls)
            if self._user:
                client.sign_in(self._user, secrets[0])
            refused = client.send_message(mail)
        finally:
            # What goes wrong after the acknowledgement is of no importance: no QUIT.
            client.close()
        return "250 accepted" + (f", but not for {', '.join(refused)}" if refused else "")

    def _failed(self, why: str, code: int | None, shown: str, secrets: list[str]) -> Receipt:
        return Receipt(Result.FAILED, secret.masked(why, secrets), code, request=shown)


def _answer(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {''.join(c for c in words[:120] if c.isprintable())}".rstrip()
