from monitor.dissect.dhcp import DISSECTOR, parse
from monitor.model.facts import DhcpMessage, Dissection, Fact
from tests.support.payloads_net import dhcp
from tests.support.payloads_p2p import udp

OFFER = dhcp(
    2,
    (6, bytes([192, 0, 2, 1, 192, 0, 2, 2])),
    (3, bytes([192, 0, 2, 1])),
    (42, bytes([192, 0, 2, 3])),
    (15, b"site.example"),
    (51, b"\x00\x00\x0e\x10"),
    (54, bytes([192, 0, 2, 1])),
    reply=True,
)


def test_a_client_names_itself_and_a_server_what_it_gives() -> None:
    discover = dhcp(
        1, (12, b"ipcam"), (60, b"udhcp 1.20.2"), (55, b"\x01\x03\x06"), (50, b"\xc0\x00\x02\x32")
    )
    answer = DISSECTOR.dissect(udp(67, discover, resp=(OFFER,)))
    assert answer == Dissection(
        "dhcp",
        (
            Fact("dhcp.type", "discover"),
            Fact("dhcp.type", "offer"),
            Fact("dhcp.hostname", "ipcam"),
            Fact("dhcp.vendor_class", "udhcp 1.20.2"),
            Fact("dhcp.parameters", "1,3,6"),
            Fact("dhcp.requested", "192.0.2.50"),
            Fact("dhcp.offered", "192.0.2.50"),
            Fact("dhcp.dns", "192.0.2.1"),
            Fact("dhcp.dns", "192.0.2.2"),
            Fact("dhcp.router", "192.0.2.1"),
            Fact("dhcp.ntp", "192.0.2.3"),
            Fact("dhcp.domain", "site.example"),
        ),
    )


def test_a_message_is_parsed_field_by_field() -> None:
    assert parse(OFFER) == DhcpMessage(
        is_reply=True,
        kind="offer",
        transaction=0x12345678,
        client_mac="02:00:00:00:00:01",
        client_address="0.0.0.0",  # noqa: S104 - the wire's word for none
        your_address="192.0.2.50",
        relay_address="0.0.0.0",  # noqa: S104 - the wire's word for none
        requested_address="",
        server="192.0.2.1",
        hostname="",
        fqdn="",
        vendor_class="",
        parameters=(),
        domain="site.example",
        dns=("192.0.2.1", "192.0.2.2"),
        routers=("192.0.2.1",),
        ntp=("192.0.2.3",),
        lease_s=3600,
    )


def test_a_full_name_is_read_in_both_encodings() -> None:
    ascii_name = parse(dhcp(3, (81, b"\x00\x00\x00cam.site.example")))
    dns_name = parse(dhcp(3, (81, b"\x04\x00\x00\x03cam\x04site\x07example\x00")))
    assert ascii_name is not None
    assert dns_name is not None
    assert ascii_name.fqdn == dns_name.fqdn == "cam.site.example"


def test_an_option_that_runs_over_the_end_ends_the_reading() -> None:
    message = parse(dhcp(3, (12, b"ipcam"))[:-4])
    assert message is not None
    assert message.kind == "request"
    assert message.hostname == ""


def test_without_the_cookie_it_is_not_dhcp() -> None:
    assert parse(dhcp(1)[:236] + b"\x63\x82\x53\x62" + dhcp(1)[240:]) is None
    assert DISSECTOR.dissect(udp(67, dhcp(1)[:239])) is None
