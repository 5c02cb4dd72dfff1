import pytest

from monitor.dissect.camera_discovery import DISSECTOR
from monitor.model.facts import Conversation
from tests.support.payloads_net import (
    DAHUA_OLD_SEARCH,
    dahua_old_answer,
    dlink_answer,
    hanwha_answer,
    ubiquiti,
    vstarcam_answer,
)
from tests.support.payloads_p2p import udp


@pytest.mark.parametrize(
    ("conversation", "maker", "messages", "model"),
    [
        (
            udp(5050, DAHUA_OLD_SEARCH, resp=(dahua_old_answer(b"IPC-HFW"),)),
            "Dahua",
            ("search", "answer"),
            "IPC-HFW",
        ),
        (
            udp(10000, b"\x07\x4a\x5d\x8f\x1c\x04\x14\x09\x06IB8369"),
            "Vivotek",
            ("answer",),
            "IB8369",
        ),
        (udp(10000, b"\x07\x4a\x5d\x8f\x1c"), "Vivotek", ("search",), ""),
        (udp(1758, b"\x99\x39\xa4\x27" + bytes(28)), "Bosch", ("answer",), ""),
        (udp(7711, hanwha_answer(b"SND-6083")), "Hanwha", ("answer",), "SND-6083"),
        (
            udp(10001, ubiquiti((1, bytes(6)), (0x15, b"UVC-G3"), (0x16, b"4.1"))),
            "Ubiquiti",
            ("answer",),
            "UVC-G3",
        ),
        (
            udp(40001, b"\x02MODEL:SNC-DH160\xffIPADR:192.0.2.5\xff\x03"),
            "Sony",
            ("answer",),
            "SNC-DH160",
        ),
        (udp(62976, dlink_answer(b"DCS-935L")), "D-Link", ("answer",), "DCS-935L"),
        (udp(10009, b"NVDEVRESULT^1^2"), "V380", ("answer",), ""),
    ],
)
def test_maker_message_and_model_are_named(
    conversation: Conversation, maker: str, messages: tuple[str, ...], model: str
) -> None:
    answer = DISSECTOR.dissect(conversation)
    assert answer is not None
    assert answer.first("camera-discovery.maker") == maker
    assert answer.all("camera-discovery.message") == messages
    assert answer.first("camera-discovery.model") == model


def test_the_firmware_of_an_answer_is_shown() -> None:
    answer = DISSECTOR.dissect(udp(40001, vstarcam_answer(b"48.53.64.67")))
    assert answer is not None
    assert answer.first("camera-discovery.firmware") == "48.53.64.67"


@pytest.mark.parametrize(
    "conversation",
    [
        udp(10002, b"\x01\x00\x00\x00"),
        udp(2001, b"\xaa\xaa\x00\x00"),
        udp(2008, b"NICE" + bytes(12)),
        udp(5050, DAHUA_OLD_SEARCH + b"x"),
        udp(10001, ubiquiti((0x15, b"UVC-G3"))),
        udp(7701, b"\x01" + bytes(261)),
        udp(1757, b"\x99\x39\xa4\x27" + bytes(8)),
    ],
)
def test_few_bytes_off_their_port_and_near_misses_are_not_claimed(
    conversation: Conversation,
) -> None:
    assert DISSECTOR.dissect(conversation) is None
