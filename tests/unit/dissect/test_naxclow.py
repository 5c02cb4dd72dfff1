from monitor.dissect.naxclow import DISSECTOR
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_p2p import naxclow, tcp, udp


def test_a_registration_names_its_server_and_not_the_token() -> None:
    text = b'{"code": 100, "uid": "0800c00", "token": "91ed", "domain": "v720.example"}'
    answer = DISSECTOR.dissect(tcp(6123, naxclow(text)))
    assert answer == Dissection(
        "naxclow",
        (Fact("naxclow.message", "register"), Fact("naxclow.domain", "v720.example")),
    )


def test_other_json_or_a_length_that_lies_is_not_naxclow() -> None:
    assert DISSECTOR.dissect(udp(6123, naxclow(b'{"cmd": 100}'))) is None
    assert DISSECTOR.dissect(udp(6123, naxclow(b'{"code": 100}') + b" ")) is None
