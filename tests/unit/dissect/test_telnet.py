from monitor.dissect.telnet import DISSECTOR
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_p2p import tcp, xmeye


def test_options_and_the_banner_are_named() -> None:
    answer = DISSECTOR.dissect(
        tcp(23, b"\xff\xfd\x01\xff\xfb\x1f", b"\xff\xfb\x01\xff\xfb\x03\r\n(none) login: ")
    )
    assert answer == Dissection(
        "telnet",
        (
            Fact("telnet.option", "echo"),
            Fact("telnet.option", "window-size"),
            Fact("telnet.option", "no-go-ahead"),
            Fact("telnet.banner", "(none) login:"),
        ),
    )


def test_a_lone_negotiation_and_other_bytes_are_not_telnet() -> None:
    assert DISSECTOR.dissect(tcp(23, b"\xff\xfd\x01")) is None
    assert DISSECTOR.dissect(tcp(23, b"\xff\xfd\x80\xff\xfd\x81")) is None
    assert DISSECTOR.dissect(tcp(34567, xmeye(1000, b"{}"))) is None


def test_a_client_that_does_not_negotiate_meets_a_server_that_does() -> None:
    server = b"\xff\xfd\x01\xff\xfd\x1f\xff\xfb\x01\r\nlogin: "
    answer = DISSECTOR.dissect(tcp(23, b"root\r\nadmin\r\n", server))
    assert answer is not None
    assert answer.first("telnet.banner") == "login:"
    assert "root" not in repr(answer)
