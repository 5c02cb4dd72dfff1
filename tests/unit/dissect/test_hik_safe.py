from monitor.dissect.hik_safe import DISSECTOR
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_p2p import safe, tcp, udp

ANSWER = b'<Response><Result>0</Result><Client Address="192.0.2.9" Port="39567"/></Response>'


def test_the_address_service_tells_the_public_address() -> None:
    answer = DISSECTOR.dissect(
        udp(6002, safe(0x0812, b"<Request></Request>"), resp=(safe(0x0811, ANSWER),))
    )
    assert answer == Dissection(
        "hik-safe",
        (
            Fact("hik-safe.command", "address-request"),
            Fact("hik-safe.command", "address-answer"),
            Fact("hik-safe.mapped", "192.0.2.9:39567"),
            Fact("hik-safe.result", "0"),
        ),
    )


def test_an_unknown_command_is_shown_as_its_number() -> None:
    answer = DISSECTOR.dissect(tcp(9020, safe(0x2F21, b"<a/>")))
    assert answer is not None
    assert answer.first("hik-safe.command") == "0x2f21"


def test_a_body_length_that_lies_is_not_safeprotocol() -> None:
    assert DISSECTOR.dissect(udp(6002, safe(0x0812, b"x" * 100)[:-60])) is None
