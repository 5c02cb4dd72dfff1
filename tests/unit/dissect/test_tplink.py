from monitor.dissect.tplink import DISSECTORS
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_net import kasa, tapo
from tests.support.payloads_p2p import tcp, udp

KASA, _, TAPO = DISSECTORS


def test_the_mask_starts_with_171() -> None:
    """The opening brace and quote give the bytes that the public description names: D0 F2."""
    assert kasa(b'{"') == b"\xd0\xf2"


def test_a_kasa_answer_names_model_and_firmware() -> None:
    query = kasa(b'{"system":{"get_sysinfo":{}}}')
    reply = kasa(b'{"system":{"get_sysinfo":{"sw_ver":"1.5.6","model":"HS110(EU)","alias":"TV"}}}')
    answer = KASA.dissect(udp(9999, query, resp=(reply,)))
    assert answer == Dissection(
        "kasa",
        (
            Fact("kasa.command", "system.get_sysinfo"),
            Fact("kasa.model", "HS110(EU)"),
            Fact("kasa.firmware", "1.5.6"),
        ),
    )


def test_over_tcp_a_length_comes_first() -> None:
    text = kasa(b'{"system":{"reboot":{"delay":1}}}')
    answer = KASA.dissect(tcp(9999, len(text).to_bytes(4, "big") + text))
    assert answer is not None
    assert answer.first("kasa.command") == "system.reboot"


def test_bytes_that_unmask_to_no_text_are_not_kasa() -> None:
    assert KASA.dissect(udp(9999, b"\xd0\xf2" + bytes(20))) is None


def test_a_tapo_answer_names_its_model() -> None:
    text = b'{"result":{"device_type":"SMART.IPCAMERA","device_model":"C200"},"error_code":0}'
    answer = TAPO.dissect(udp(40001, tapo(text)))
    assert answer == Dissection(
        "tplink-discovery",
        (
            Fact("tplink-discovery.message", "answer"),
            Fact("tplink-discovery.model", "C200"),
            Fact("tplink-discovery.type", "SMART.IPCAMERA"),
        ),
    )
    assert TAPO.dissect(udp(20002, tapo(text) + b" ")) is None
