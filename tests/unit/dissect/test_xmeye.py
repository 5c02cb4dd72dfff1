from monitor.dissect.xmeye import DISSECTOR
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_p2p import tcp, udp, xmeye


def test_a_login_names_its_user_and_not_the_password() -> None:
    text = b'{"EncryptType":"MD5","PassWord":"tlJwpbo6","UserName":"admin"}\n\0'
    answer = DISSECTOR.dissect(tcp(34567, xmeye(1000, text)))
    assert answer == Dissection(
        "xmeye", (Fact("xmeye.message", "login"), Fact("credential", "xmeye user=admin"))
    )


def test_search_on_the_lan_is_named() -> None:
    answer = DISSECTOR.dissect(udp(34569, xmeye(1530, b"")))
    assert answer == Dissection("xmeye", (Fact("xmeye.message", "search"),))


def test_a_length_that_lies_is_not_xmeye() -> None:
    assert DISSECTOR.dissect(udp(34569, xmeye(1530, b"") + b"x")) is None
    assert DISSECTOR.dissect(udp(34569, xmeye(999, b""))) is None
