from monitor.dissect.dhcpv6 import DISSECTOR
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_net import dhcpv6
from tests.support.payloads_p2p import udp

CLIENT = (1, b"\x00\x01" + bytes(12))


def test_a_client_names_itself_and_a_server_its_resolvers() -> None:
    solicit = dhcpv6(
        1, CLIENT, (16, b"\x00\x00\x01\x37\x00\x08MSFT 5.0"), (39, b"\x00\x05ipcam\x04site\x00")
    )
    reply = dhcpv6(7, CLIENT, (23, bytes.fromhex("20010db8" + "00" * 11 + "01")))
    answer = DISSECTOR.dissect(udp(547, solicit, resp=(reply,)))
    assert answer == Dissection(
        "dhcpv6",
        (
            Fact("dhcpv6.type", "solicit"),
            Fact("dhcpv6.vendor_class", "MSFT 5.0"),
            Fact("dhcpv6.fqdn", "ipcam.site"),
            Fact("dhcpv6.dns", "2001:db8::1"),
        ),
    )


def test_options_must_fill_the_message_and_the_port_must_be_right() -> None:
    assert DISSECTOR.dissect(udp(547, dhcpv6(1, CLIENT) + b"x")) is None
    assert DISSECTOR.dissect(udp(548, dhcpv6(1, CLIENT))) is None
    assert DISSECTOR.dissect(udp(547, dhcpv6(1, (24, b"abcd")))) is None
