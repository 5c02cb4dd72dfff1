import pytest

from monitor.dissect.ftp import DISSECTOR
from monitor.model.facts import Conversation, Dissection, Fact
from tests.support.payloads_p2p import tcp

COMMANDS = b"USER cam\r\nPASS secret\r\nTYPE I\r\nSTOR 2026/a.jpg\r\n"
BANNER = b"220 FTP server ready\r\n331 Password\r\n"
UPLOAD = Dissection(
    "ftp",
    (
        Fact("ftp.banner", "FTP server ready"),
        Fact("ftp.command", "TYPE"),
        Fact("ftp.command", "STOR"),
        Fact("ftp.direction", "upload"),
        Fact("credential", "ftp user=cam"),
    ),
)


@pytest.mark.parametrize("conversation", [tcp(21, COMMANDS, BANNER), tcp(40001, BANNER, COMMANDS)])
def test_an_upload_names_its_user_whoever_seems_to_have_spoken_first(
    conversation: Conversation,
) -> None:
    assert DISSECTOR.dissect(conversation) == UPLOAD


def test_a_banner_alone_must_say_ftp() -> None:
    assert DISSECTOR.dissect(tcp(21, b"", b"220 (vsFTPd 3.0.3)\r\n")) is not None
    assert DISSECTOR.dissect(tcp(21, b"", b"220 welcome\r\n")) is None


@pytest.mark.parametrize(
    "conversation",
    [
        tcp(110, b"USER cam\r\nPASS x\r\n", b"+OK POP3 ready\r\n"),
        tcp(25, b"EHLO a\r\n", b"220 ESMTP\r\n"),
        tcp(21, b"STOR a.jpg\r\n", b"220 x\r\n"),
        tcp(21, b"SYST\r\n"),
        tcp(21, b"USERcam\r\n"),
    ],
)
def test_other_text_protocols_are_not_ftp(conversation: Conversation) -> None:
    assert DISSECTOR.dissect(conversation) is None
