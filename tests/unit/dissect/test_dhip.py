from monitor.dissect.dhip import DISSECTOR
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_p2p import dhip, tcp, udp


def test_a_discovered_device_names_maker_model_and_firmware() -> None:
    text = (
        b'{"mac":"02:00:00:00:00:01","method":"client.notifyDevInfo","params":{"deviceInfo":{'
        b'"DeviceClass":"IPC","DeviceType":"IP2M-841","SerialNo":"AMC000","Vendor":"Amcrest",'
        b'"Version":"2.420.AC00.18.R"}}}'
    )
    answer = DISSECTOR.dissect(udp(37810, dhip(text)))
    assert answer == Dissection(
        "dhip",
        (
            Fact("dhip.method", "client.notifyDevInfo"),
            Fact("dhip.vendor", "Amcrest"),
            Fact("dhip.class", "IPC"),
            Fact("dhip.model", "IP2M-841"),
            Fact("dhip.firmware", "2.420.AC00.18.R"),
        ),
    )


def test_a_login_names_its_user_and_not_the_password() -> None:
    text = b'{"method":"global.login","params":{"userName":"admin","password":"secret"}}'
    answer = DISSECTOR.dissect(tcp(37777, dhip(text)))
    assert answer is not None
    assert answer.first("credential") == "dhip user=admin"
    assert "secret" not in repr(answer)


def test_a_length_that_lies_is_not_dhip() -> None:
    assert DISSECTOR.dissect(udp(37810, dhip(b"{}" * 40)[:50])) is None
