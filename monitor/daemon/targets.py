"""Makes senders of the targets in the settings, and deliveries of what is to be told."""

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from monitor import __version__
from monitor.config.notify import Kind, TargetSettings
from monitor.errors import ConfigError
from monitor.model.alerts import AlertEvent
from monitor.notify import alertmanager
from monitor.notify import message as messages
from monitor.notify.alertmanager import Alertmanager
from monitor.notify.file import File
from monitor.notify.mail import Envelope, Mail
from monitor.notify.message import Message
from monitor.notify.receipt import Sender
from monitor.notify.syslog import Syslog
from monitor.notify.webhook import Endpoint, Webhook
from monitor.store.outbox import Outgoing


class CheckedSender(Sender, Protocol):
    """A sender that can read every file it needs, to say at the start what is missing."""

    def check(self) -> None:
        """Raise `ConfigError` when a file cannot be used."""
        ...


class Target(NamedTuple):
    """A target, ready to be used."""

    settings: TargetSettings
    sender: CheckedSender

    @property
    def name(self) -> str:
        """Its name in the settings."""
        return self.settings.name

    def wants(self, message: Message) -> bool:
        """Return whether a message passes the target's filters; heartbeats pass always."""
        alert = message.alert
        if alert is None:
            return True
        least = messages.SEVERITIES.index(self.settings.severity)
        return messages.SEVERITIES.index(alert.severity) >= least and any(
            fnmatch.fnmatchcase(alert.rule, pattern) for pattern in self.settings.rules
        )


def open_targets(settings: Iterable[TargetSettings]) -> list[Target]:
    """Return the targets of the settings, each file they name read once.

    Raises:
        ConfigError: A file of a secret or a CA cannot be used.
    """
    targets = [Target(item, _sender(item)) for item in settings]
    for target in targets:
        try:
            target.sender.check()
        except ConfigError as error:
            raise ConfigError(f"notify.target '{target.name}': {error}") from error
    return targets


def outgoing(
    events: Sequence[AlertEvent], targets: Sequence[Target], now_ns: int
) -> list[Outgoing]:
    """Return the deliveries of what the policy stage says: for `outbox.enqueue` in its transaction."""
    found = []
    for event in events:
        if event.change is None:
            continue
        message = messages.of_alert(
            event.alert, event.change, event.at_ns, version=__version__, text=event.text
        )
        body = messages.to_body(message)
        found += [_outgoing(message, body, t, now_ns) for t in targets if t.wants(message)]
    return found


def heartbeat(sensor: str, target: Target, now_ns: int, facts: Mapping[str, Any]) -> Outgoing:
    """Return a target's sign of life; it takes the place of one that was not delivered yet."""
    message = messages.heartbeat(sensor, now_ns, facts, version=__version__)
    return _outgoing(message, messages.to_body(message), target, now_ns)


def _outgoing(message: Message, body: str, target: Target, now_ns: int) -> Outgoing:
    return Outgoing(
        message_id=message.id,
        target=target.name,
        type=message.type,
        alert_id=message.alert.id if message.alert is not None else "",
        body=body,
        due_ns=_due_ns(target.settings, now_ns),
        is_replacing=message.type == messages.HEARTBEAT,
    )


def _due_ns(settings: TargetSettings, now_ns: int) -> int:
    """Return when a message is due: at once, or at the end of the digest's time span."""
    if settings.kind is not Kind.EMAIL or not settings.digest_s:
        return now_ns
    span_ns = int(settings.digest_s * 1e9)
    # All messages of one span are due at the same moment, so that one mail takes them all.
    return -(-now_ns // span_ns) * span_ns


def _sender(settings: TargetSettings) -> CheckedSender:
    """Return the sender of a target; which keys go with which kind was checked with the settings."""
    ca_file = settings.ca_file
    match settings.kind:
        case Kind.WEBHOOK:
            return Webhook(_endpoint(settings), settings.secret_files, settings.form)
        case Kind.ALERTMANAGER:
            return Alertmanager(_endpoint(settings, alertmanager.PATH))
        case Kind.SYSLOG:
            return Syslog(
                settings.url, settings.form, ca_file=ca_file, enterprise=settings.enterprise
            )
        case Kind.FILE:
            return File(settings.path or Path(), settings.form)
        case Kind.EMAIL:
            return Mail(
                settings.url,
                Envelope(settings.sender, settings.to),
                user=settings.user,
                password=settings.password_file,
                ca_file=ca_file,
                is_plain=settings.allow_plain,
            )


def _endpoint(settings: TargetSettings, path: str = "") -> Endpoint:
    return Endpoint(
        settings.name,
        settings.url_file or settings.url,
        path=path,
        authorization=settings.authorization_file,
        ca_file=settings.ca_file,
    )
