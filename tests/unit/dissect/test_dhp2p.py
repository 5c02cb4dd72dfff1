from monitor.dissect.dhp2p import DISSECTOR
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_p2p import DH_ANSWER, dhget, udp


def test_a_request_hides_the_serial_number_and_an_answer_names_servers() -> None:
    answer = DISSECTOR.dissect(
        udp(8800, dhget(b"/online/p2psrv/4M0012CPAZ7E123"), resp=(DH_ANSWER,))
    )
    assert answer == Dissection(
        "dhp2p",
        (
            Fact("dhp2p.method", "DHGET"),
            Fact("dhp2p.path", "/online/p2psrv/<id>"),
            Fact("dhp2p.status", "200"),
            Fact("dhp2p.server", "192.0.2.10:8802"),
            Fact("dhp2p.server", "192.0.2.11:8803"),
            Fact("credential", "dhp2p user=P2PClient"),
        ),
    )


def test_the_realm_of_a_refusal_is_shown() -> None:
    refusal = b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: WSSE realm="huashi"\r\n\r\n'
    answer = DISSECTOR.dissect(udp(8800, dhget(b"/probe/p2psrv"), resp=(refusal,)))
    assert answer is not None
    assert answer.first("dhp2p.realm") == "huashi"


def test_the_method_alone_is_not_enough() -> None:
    assert DISSECTOR.dissect(udp(8800, b"DHGET something")) is None
