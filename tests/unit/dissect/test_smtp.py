import pytest

from monitor.dissect.smtp import DISSECTOR
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_net import b64, smtp
from tests.support.payloads_p2p import tcp

BANNER = b"220 mail.example ESMTP\r\n"


def test_a_mail_names_domains_and_how_the_camera_signs_in() -> None:
    stream = smtp(
        b"EHLO ipcam",
        b"AUTH LOGIN",
        b64(b"cam@site.example"),
        b64(b"secret"),
        b"MAIL FROM:<cam@site.example>",
        b"RCPT TO:<guard@other.example>",
    )
    answer = DISSECTOR.dissect(tcp(25, stream, BANNER))
    assert answer == Dissection(
        "smtp",
        (
            Fact("smtp.banner", "mail.example ESMTP"),
            Fact("smtp.hello", "ipcam"),
            Fact("smtp.auth", "LOGIN"),
            Fact("credential", "smtp user=cam@site.example"),
            Fact("smtp.from", "site.example"),
            Fact("smtp.to", "other.example"),
        ),
    )
    assert "secret" not in repr(answer)


@pytest.mark.parametrize(
    ("line", "credential"),
    [
        (b"AUTH PLAIN " + b64(b"\0cam\0secret"), "smtp user=cam"),
        (b"AUTH PLAIN " + b64(b"secret"), ""),
        (b"AUTH LOGIN " + b64(b"cam"), "smtp user=cam"),
        (b"AUTH CRAM-MD5", ""),
        (b"AUTH PLAIN a===", ""),
    ],
)
def test_the_user_of_an_auth_is_read_without_the_secret(line: bytes, credential: str) -> None:
    answer = DISSECTOR.dissect(tcp(25, smtp(b"EHLO a", line), BANNER))
    assert answer is not None
    assert answer.first("credential") == credential
    assert "secret" not in repr(answer)


def test_starttls_is_noted() -> None:
    answer = DISSECTOR.dissect(tcp(587, smtp(b"EHLO a", b"STARTTLS"), BANNER))
    assert answer is not None
    assert answer.first("smtp.starttls") == "yes"


def test_an_answer_that_is_no_banner_is_not_smtp() -> None:
    assert DISSECTOR.dissect(tcp(25, smtp(b"EHLO a"), b"HTTP/1.1 400 Bad\r\n")) is None
    assert DISSECTOR.dissect(tcp(25, b"", b"220 ready\r\n")) is None
