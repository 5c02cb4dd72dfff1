from monitor.dissect.sadp import DISSECTOR
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_net import SADP
from tests.support.payloads_p2p import udp


def test_an_answer_names_model_and_firmware_and_not_the_serial_number() -> None:
    answer = DISSECTOR.dissect(udp(37020, SADP))
    assert answer == Dissection(
        "sadp",
        (
            Fact("sadp.types", "inquiry"),
            Fact("sadp.model", "DS-2CD2042WD-I"),
            Fact("sadp.type", "138736"),
            Fact("sadp.oem", "HIKVISION"),
            Fact("sadp.firmware", "V5.4.5build 170124"),
            Fact("sadp.activated", "true"),
        ),
    )


def test_other_xml_is_not_sadp() -> None:
    assert DISSECTOR.dissect(udp(37020, b'<?xml version="1.0"?><Probe><a/></Probe>')) is None
