"""A real mail server (aiosmtpd) receives digests, by STARTTLS and by TLS from the start."""

import email
import email.policy
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from monitor.model.alerts import AlertChange
from monitor.notify import mail, message
from monitor.notify.receipt import Receipt, Result
from tests.support import certificates
from tests.support.notified import free_port
from tests.support.told import T0, alert

BETWEEN = mail.Envelope("camwatch@hall.example", ("soc@hall.example", "it@hall.example"))


class _Box:
    """Keeps what arrives; refuses what it is told to."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.answer = "250 kept"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802, ARG002  # aiosmtpd's name
        assert isinstance(envelope.content, bytes)
        made = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(made, EmailMessage)
        self.mails.append(made)
        return self.answer


def _login(server: Any, session: Any, envelope: Any, mechanism: Any, data: Any) -> AuthResult:  # noqa: ARG001  # aiosmtpd's
    # Not handled: the server is to send the refusal.
    is_right = (data.login, data.password) == (b"camwatch", b"a pass word")
    return AuthResult(success=is_right, handled=False)


@contextmanager
def _server(made: certificates.Certificates, box: _Box, **options: Any) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.certificate, made.key)
    kind = "ssl_context" if options.pop("is_tls", False) else "tls_context"
    options |= {kind: context}
    with _running(Controller(box, "127.0.0.1", free_port(), **options)) as port:
        yield port


@contextmanager
def _running(controller: Controller) -> Iterator[int]:
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def _send(url: str, made: certificates.Certificates, **more: Any) -> Receipt:
    told = [message.of_alert(alert(n), AlertChange.OPENED, T0, version="1.0") for n in (1, 2)]
    return mail.Mail(url, BETWEEN, ca_file=made.ca, **more).send(told, T0)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> certificates.Certificates:
    return certificates.make(tmp_path_factory.mktemp("tls"))


def test_a_digest_arrives_by_starttls_with_a_password(
    made: certificates.Certificates, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text("a pass word\n")
    box = _Box()
    options = {"require_starttls": True, "auth_required": True, "authenticator": _login}
    with _server(made, box, **options) as port:
        receipt = _send(
            f"smtp://localhost:{port}", made, user="camwatch", password=tmp_path / "password"
        )
    assert (receipt.result, receipt.error, receipt.status) == (Result.DELIVERED, "", 250)
    assert "a pass word" not in receipt.request + receipt.answer
    (arrived,) = box.mails
    assert arrived["Subject"] == "[camwatch] hall-1: 2 messages, worst high"
    assert arrived["To"] == "soc@hall.example, it@hall.example"
    text = arrived.get_content()
    assert text.count("HIGH, opened: Diagnostics leave for Hikvision (CN)") == 2
    assert "cameras: gate north (10.20.3.11)" in text


def test_a_digest_arrives_by_tls_from_the_start(made: certificates.Certificates) -> None:
    box = _Box()
    with _server(made, box, is_tls=True) as port:
        assert _send(f"smtps://localhost:{port}", made).result is Result.DELIVERED
    assert len(box.mails) == 1


def test_a_wrong_password_is_a_failure_that_does_not_show_it(
    made: certificates.Certificates, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text("not the password\n")
    box = _Box()
    with _server(made, box, require_starttls=True, authenticator=_login) as port:
        receipt = _send(
            f"smtp://localhost:{port}", made, user="camwatch", password=tmp_path / "password"
        )
    assert (receipt.result, receipt.status) == (Result.FAILED, 535)
    assert "not the password" not in str(receipt)
    assert box.mails == []


def test_a_mail_that_is_put_off_is_a_failure(made: certificates.Certificates) -> None:
    box = _Box()
    box.answer = "451 later"
    with _server(made, box, is_tls=True) as port:
        receipt = _send(f"smtps://localhost:{port}", made)
    assert (receipt.result, receipt.error) == (Result.FAILED, "it answered 451 later")


def test_a_server_that_offers_no_tls_gets_nothing(made: certificates.Certificates) -> None:
    box = _Box()
    with _running(Controller(box, "127.0.0.1", free_port())) as port:
        receipt = _send(f"smtp://localhost:{port}", made)
        assert receipt.result is Result.FAILED
        assert "STARTTLS" in receipt.error
        assert _send(f"smtp://localhost:{port}", made, is_plain=True).result is Result.DELIVERED
    assert len(box.mails) == 1
