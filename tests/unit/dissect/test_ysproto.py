import struct

from monitor.dissect.ysproto import DISSECTORS
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_p2p import tcp, ysproto

STREAM, TALK = DISSECTORS


def test_the_relay_is_named_and_neither_serial_nor_ticket_is_kept() -> None:
    body = b"\x0a\x40ysproto://192.0.2.8:7100/live?dev=C00000000&ssn=ut.secret"
    answer = STREAM.dissect(tcp(7100, ysproto(0x013B, body), ysproto(0x013C, b"us-vtdu-1")))
    assert answer == Dissection(
        "ysproto",
        (
            Fact("ysproto.message", "stream-info"),
            Fact("ysproto.host", "192.0.2.8:7100"),
            Fact("ysproto.server", "vtdu"),
        ),
    )


def test_interleaved_rtp_is_not_ysproto() -> None:
    assert STREAM.dissect(tcp(7100, b"$\x00\x00\x10\x80\x60\x00\x01" + bytes(12))) is None


def test_talk_names_its_relay() -> None:
    head = struct.pack(">IIII", 1, 1, 0, 40)
    answer = TALK.dissect(tcp(9664, head + b"tts://192.0.2.8:9664/talk://C00000000:0:1"))
    assert answer == Dissection("hik-talk", (Fact("hik-talk.host", "192.0.2.8:9664"),))
    assert TALK.dissect(tcp(9664, head + b"tts:/ /192.0.2.8")) is None
