from monitor.dissect.ws_discovery import DISSECTOR
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_net import WSD
from tests.support.payloads_p2p import udp


def test_an_onvif_answer_names_types_name_and_hardware_and_not_the_location() -> None:
    answer = DISSECTOR.dissect(udp(3702, WSD))
    assert answer == Dissection(
        "ws-discovery",
        (
            Fact("ws-discovery.message", "probematches"),
            Fact("ws-discovery.types", "NetworkVideoTransmitter"),
            Fact("ws-discovery.types", "Device"),
            Fact("ws-discovery.name", "ACME Cam"),
            Fact("ws-discovery.hardware", "IPC-1"),
            Fact("ws-discovery.type", "video_encoder"),
            Fact("ws-discovery.address", "http://192.0.2.5/onvif/device_service"),
        ),
    )


def test_another_soap_envelope_is_not_ws_discovery() -> None:
    assert DISSECTOR.dissect(udp(3702, b"<s:Envelope><s:Body/></s:Envelope>")) is None
