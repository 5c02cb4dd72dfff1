from monitor.dissect.ptcp import DISSECTOR
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_p2p import ptcp, udp


def test_bodies_are_named() -> None:
    answer = DISSECTOR.dissect(
        udp(20000, ptcp(b"\x00\x03\x01\x00"), ptcp(b"\x12\0\0\0"), resp=(ptcp(),))
    )
    assert answer == Dissection(
        "ptcp",
        (Fact("ptcp.body", "syn"), Fact("ptcp.body", "connect"), Fact("ptcp.body", "ack")),
    )


def test_a_short_header_or_an_unknown_body_is_not_ptcp() -> None:
    assert DISSECTOR.dissect(udp(20000, ptcp()[:20])) is None
    assert DISSECTOR.dissect(udp(20000, ptcp(b"\x77"))) is None


def test_the_protocol_inside_the_tunnel_is_named() -> None:
    text = b"DESCRIBE rtsp://127.0.0.1/cam/realmonitor RTSP/1.0\r\n\r\n"
    data = b"\x10" + len(text).to_bytes(3, "big") + b"\x00\x00\x12\x34" + bytes(4) + text
    answer = DISSECTOR.dissect(udp(20000, ptcp(data)))
    assert answer == Dissection("ptcp", (Fact("ptcp.body", "data"), Fact("ptcp.carries", "rtsp")))
    cut = DISSECTOR.dissect(udp(20000, ptcp(data[:-1])))
    assert cut == Dissection("ptcp", (Fact("ptcp.body", "data"),))
