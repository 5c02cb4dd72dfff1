import pytest

from monitor.dissect.pppp import DISSECTORS
from monitor.model.facts import Conversation, Dissection, Fact
from tests.support.payloads_p2p import pppp, pppp_address, pppp_tcp, pppp_uid, tcp, udp


def _dissect(conversation: Conversation) -> Dissection | None:
    return DISSECTORS[conversation.protocol == 6].dissect(conversation)


def test_a_hello_learns_the_public_address() -> None:
    answer = _dissect(udp(32100, pppp(0), resp=(pppp(1, pppp_address(5000, 192, 0, 2, 9)),)))
    assert answer == Dissection(
        "pppp",
        (
            Fact("pppp.transport", "udp"),
            Fact("pppp.message", "hello"),
            Fact("pppp.message", "hello-ack"),
            Fact("pppp.mapped", "192.0.2.9:5000"),
        ),
    )


def test_only_the_letters_of_a_device_id_are_kept() -> None:
    answer = _dissect(udp(32100, pppp(0x10, pppp_uid(b"TNPUSAE") + bytes(20))))
    assert answer is not None
    assert answer.first("pppp.uid_prefix") == "TNPUSAE"
    assert not any("123456" in fact.value for fact in answer.facts)


def test_peers_and_relays_are_named() -> None:
    there = pppp_address(6000, 198, 51, 100, 7)
    answer = _dissect(udp(32100, pppp(0xE0), resp=(pppp(0x40, there), pppp(0x82, there + b"magi"))))
    assert answer is not None
    assert answer.first("pppp.peer") == "198.51.100.7:6000"
    assert answer.first("pppp.relay") == "198.51.100.7:6000"


@pytest.mark.parametrize(("mark", "app"), [(b"XZYH", "eufy"), (b"\x56\x56\x50\x99", "meari")])
def test_the_protocol_inside_names_the_maker(mark: bytes, app: str) -> None:
    answer = _dissect(udp(12000, pppp(0xD0, b"\xd1\x00\x00\x01" + mark + bytes(16))))
    assert answer is not None
    assert answer.first("pppp.app") == app


def test_tcp_wraps_each_message_in_eight_bytes() -> None:
    stream = pppp_tcp(pppp(0xE0)) + pppp_tcp(pppp(0xD0, b"\xd1\0\0\0" + bytes(8)))
    answer = _dissect(tcp(15939, stream))
    assert answer is not None
    assert answer.facts[0] == Fact("pppp.transport", "tcp")
    assert answer.all("pppp.message") == ("alive", "data")


@pytest.mark.parametrize(
    "payload",
    [
        b"\xf1\xe0\x00\x01",
        b"\xf1\xe0\x00\x01x",
        b"\xf1\x05\x00\x00",
        b"\xf1\xd0\x00\x04\xaa\x00\x00\x00",
        b"\xf1\x41\x00\x01x",
        b"\xf1\xf9\x00\x03abc",
        b"\xf1\xf9\x02\x00" + bytes(512),
        b"\xf1",
    ],
)
def test_a_wrong_length_type_or_size_is_not_pppp(payload: bytes) -> None:
    assert _dissect(udp(32100, payload)) is None
