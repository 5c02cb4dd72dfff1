import struct

from monitor.dissect.hcnetsdk import DISSECTOR
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_p2p import hcnetsdk_command, hcnetsdk_login, tcp


def test_a_login_names_its_user() -> None:
    answer = DISSECTOR.dissect(tcp(8000, hcnetsdk_login(b"admin")))
    assert answer == Dissection(
        "hcnetsdk",
        (Fact("hcnetsdk.message", "login"), Fact("credential", "hcnetsdk user=admin")),
    )


def test_a_command_needs_an_answer_of_the_same_framing() -> None:
    command = hcnetsdk_command()
    assert DISSECTOR.dissect(tcp(8000, command)) is None
    answer = DISSECTOR.dissect(tcp(8000, command, struct.pack(">IIII", 16, 1, 1, 0)))
    assert answer == Dissection("hcnetsdk", (Fact("hcnetsdk.message", "command"),))


def test_a_length_longer_than_the_stream_is_not_hcnetsdk() -> None:
    assert DISSECTOR.dissect(tcp(8000, hcnetsdk_login(b"admin")[:60])) is None
