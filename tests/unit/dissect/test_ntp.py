import pytest

from monitor.dissect.ntp import DISSECTOR
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_p2p import ntp_client, ntp_server, udp


def test_a_question_with_its_answer_names_server_stratum_and_reference() -> None:
    answer = DISSECTOR.dissect(udp(123, ntp_client(), resp=(ntp_server(),)))
    assert answer == Dissection(
        "ntp",
        (
            Fact("ntp.version", "4"),
            Fact("ntp.mode", "client"),
            Fact("ntp.stratum", "2"),
            Fact("ntp.reference", "192.0.2.1"),
        ),
    )


def test_the_reference_of_a_first_server_is_a_clock_name() -> None:
    answer = DISSECTOR.dissect(udp(123, ntp_client(), resp=(ntp_server(1, b"GPS\0"),)))
    assert answer is not None
    assert answer.first("ntp.reference") == "GPS"


def test_a_kiss_of_death_is_a_weird() -> None:
    answer = DISSECTOR.dissect(udp(123, ntp_client(), resp=(ntp_server(0, b"RATE"),)))
    assert answer is not None
    assert answer.weirds == ("ntp_kiss_of_death",)


def test_an_answer_that_is_not_ntp_is_a_weird() -> None:
    answer = DISSECTOR.dissect(udp(123, ntp_client(), resp=(b"hello",)))
    assert answer is not None
    assert answer.weirds == ("ntp_odd_answer",)


def test_off_its_port_only_an_echoed_time_stamp_convinces() -> None:
    assert DISSECTOR.dissect(udp(4123, ntp_client(), resp=(ntp_server(),))) is not None
    assert DISSECTOR.dissect(udp(4123, ntp_client())) is None


@pytest.mark.parametrize(
    "payload",
    [
        b"\xf1\xe0\x00\x00",
        b"\x23" + b"\x5a" * 47,
        b"\x23" + bytes(46),
        bytes(48),
        b"\x23\x11" + bytes(46),
        b"GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: b\r\n\r\n    ",
    ],
)
def test_peer_to_peer_traffic_on_port_123_is_not_ntp(payload: bytes) -> None:
    assert DISSECTOR.dissect(udp(123, payload)) is None


def test_control_and_private_messages_are_named() -> None:
    control = DISSECTOR.dissect(udp(123, b"\x16\x02\x00\x01" + bytes(8)))
    private = DISSECTOR.dissect(udp(123, b"\x17\x00\x03\x2a" + bytes(4)))
    assert control is not None
    assert private is not None
    assert control.first("ntp.mode") == "control"
    assert private.first("ntp.mode") == "private"


@pytest.mark.parametrize(
    "payload",
    [
        b"\x16\x02\x00\x01\x01" + bytes(7),
        b"\x16\x1e\x00\x01" + bytes(8),
        b"\x1f\x00\x03\x2a" + bytes(4),
        b"\x17\x00\x03\x2a\x40" + bytes(3),
    ],
)
def test_what_a_control_message_cannot_hold_is_not_ntp(payload: bytes) -> None:
    assert DISSECTOR.dissect(udp(123, payload)) is None
