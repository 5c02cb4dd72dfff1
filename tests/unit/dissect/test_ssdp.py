from monitor.dissect.ssdp import DISSECTOR
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_net import SSDP_NOTIFY, SSDP_SEARCH
from tests.support.payloads_p2p import udp


def test_a_search_names_its_target() -> None:
    answer = DISSECTOR.dissect(udp(1900, SSDP_SEARCH))
    assert answer == Dissection(
        "ssdp",
        (
            Fact("ssdp.message", "search"),
            Fact("ssdp.target", "urn:schemas-upnp-org:device:InternetGatewayDevice:1"),
        ),
    )


def test_an_announcement_names_product_and_location_and_not_the_device() -> None:
    answer = DISSECTOR.dissect(udp(1900, SSDP_NOTIFY))
    assert answer == Dissection(
        "ssdp",
        (
            Fact("ssdp.message", "notify"),
            Fact("ssdp.target", "uuid:<id>"),
            Fact("ssdp.state", "ssdp:alive"),
            Fact("ssdp.server", "Linux/3.0 UPnP/1.0 IPCamera/1.0"),
            Fact("ssdp.location", "http://192.0.2.5:49152/description.xml"),
        ),
    )


def test_a_first_line_without_a_target_is_not_ssdp() -> None:
    assert DISSECTOR.dissect(udp(1900, b"M-SEARCH * HTTP/1.1\r\nMX: 1\r\n\r\n")) is None
    assert DISSECTOR.dissect(udp(8800, b"HTTP/1.1 200 OK\r\nCSeq: 1\r\n\r\n")) is None
