from monitor.dissect.sip import DISSECTOR
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_net import GB_KEEPALIVE, GB_REGISTER
from tests.support.payloads_p2p import udp


def test_a_registration_of_gb28181_names_the_kind_of_device_and_hides_its_serial() -> None:
    answer = DISSECTOR.dissect(udp(5060, GB_REGISTER, GB_KEEPALIVE, resp=(b"SIP/2.0 200 OK\r\n",)))
    assert answer == Dissection(
        "sip",
        (
            Fact("sip.method", "REGISTER"),
            Fact("sip.method", "MESSAGE"),
            Fact("sip.host", "3402000000"),
            Fact("sip.status", "200"),
            Fact("sip.agent", "IP Camera"),
            Fact("sip.profile", "gb28181"),
            Fact("sip.device_type", "network-camera"),
            Fact("sip.command", "Keepalive"),
            Fact("credential", "sip user=3402000000132<id>"),
        ),
    )


def test_plain_sip_has_no_profile() -> None:
    invite = b"INVITE sip:bob@example.com SIP/2.0\r\nFrom: <sip:al@example.com>\r\n\r\n"
    answer = DISSECTOR.dissect(udp(5060, invite))
    assert answer == Dissection(
        "sip", (Fact("sip.method", "INVITE"), Fact("sip.host", "example.com"))
    )


def test_http_is_not_sip() -> None:
    assert DISSECTOR.dissect(udp(5060, b"OPTIONS / HTTP/1.1\r\n\r\n")) is None
