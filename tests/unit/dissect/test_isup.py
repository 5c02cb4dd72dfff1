from monitor.dissect.isup import DISSECTOR
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_p2p import EHOME, ISUP5, tcp, udp


def test_isup_5_names_the_model_and_not_the_serial_number() -> None:
    answer = DISSECTOR.dissect(tcp(7660, ISUP5))
    assert answer == Dissection(
        "isup",
        (
            Fact("isup.version", "5"),
            Fact("isup.command", "register"),
            Fact("isup.model", "DS-2CD2042WD-I(B)"),
        ),
    )


def test_ehome_names_command_and_firmware() -> None:
    answer = DISSECTOR.dissect(udp(7660, EHOME))
    assert answer == Dissection(
        "isup",
        (
            Fact("isup.version", "4 or earlier"),
            Fact("isup.command", "REGISTER"),
            Fact("isup.firmware", "V5.5.0 build 180101"),
        ),
    )


def test_an_mqtt_connect_is_not_isup() -> None:
    connect = b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04abcd"
    assert DISSECTOR.dissect(tcp(7660, connect)) is None
