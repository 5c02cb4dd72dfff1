import struct

from monitor.dissect.stun import DISSECTOR, read
from monitor.model.facts import Fact
from tests.support.payloads_p2p import XOR_MAPPED, stun, tcp, udp


def test_the_mapped_address_is_unmasked() -> None:
    answer = DISSECTOR.dissect(udp(3478, stun(0x0001), resp=(stun(0x0101, XOR_MAPPED),)))
    assert answer is not None
    assert answer.facts == (
        Fact("stun.variant", "rfc5389"),
        Fact("stun.method", "binding"),
        Fact("stun.class", "request"),
        Fact("stun.class", "success"),
        Fact("stun.mapped", "192.0.2.9:5000"),
    )


def test_a_relay_is_shown_with_its_peer_and_without_the_user_name() -> None:
    relayed = (0x0016, XOR_MAPPED[1])
    answer = DISSECTOR.dissect(
        udp(
            3478,
            stun(0x0003, (0x0006, b"1700000000:camera"), (0x8022, b"Cam 1.2")),
            stun(0x0008, (0x0012, XOR_MAPPED[1])),
            b"\x40\x00\x00\x04data",
            resp=(stun(0x0113, (0x0009, b"\0\0\x04\x01Unauthorized")), stun(0x0103, relayed)),
        )
    )
    assert answer is not None
    assert answer.all("stun.method") == ("allocate", "create-permission")
    assert answer.first("stun.relayed") == "192.0.2.9:5000"
    assert answer.first("stun.peer") == "192.0.2.9:5000"
    assert answer.first("stun.software") == "Cam 1.2"
    assert answer.first("stun.username") == "present"
    assert answer.first("stun.error") == "401"
    assert answer.first("stun.carries") == "channel-data"
    assert not any("camera" in fact.value for fact in answer.facts)


def test_classic_stun_needs_its_port_or_an_answer() -> None:
    question = stun(0x0001, cookie=b"cook")
    mapped = (0x0001, b"\x00\x01\x13\x88\xc0\x00\x02\x09")
    reply = stun(0x0101, mapped, cookie=b"cook")
    assert DISSECTOR.dissect(udp(9000, question)) is None
    answer = DISSECTOR.dissect(udp(9000, question, resp=(reply,)))
    assert answer is not None
    assert answer.first("stun.variant") == "rfc3489"
    assert answer.first("stun.mapped") == "192.0.2.9:5000"


def test_a_length_that_does_not_fit_is_not_stun() -> None:
    assert DISSECTOR.dissect(udp(3478, stun(0x0001) + b"more")) is None
    assert read(stun(0x0001, (0x8022, b"abcd"))[:-1]) is None


def test_an_attribute_that_runs_over_the_end_is_not_stun() -> None:
    message = bytearray(stun(0x0001, (0x8022, b"abcd")))
    message[22:24] = struct.pack(">H", 9)
    assert read(bytes(message)) is None


def test_several_messages_of_a_tcp_stream_are_read() -> None:
    answer = DISSECTOR.dissect(tcp(443, stun(0x0003) + stun(0x0004)))
    assert answer is not None
    assert answer.all("stun.method") == ("allocate", "refresh")


def test_three_datagrams_of_channel_data_are_a_relay_seen_late() -> None:
    data = b"\x40\x01\x00\x05hello"
    assert DISSECTOR.dissect(udp(50000, data, data)) is None
    answer = DISSECTOR.dissect(udp(50000, data, data, data))
    assert answer is not None
    assert answer.facts == (Fact("stun.carries", "channel-data"),)
