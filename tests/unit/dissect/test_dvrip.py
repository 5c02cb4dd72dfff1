from monitor.dissect.dvrip import DISSECTOR
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_p2p import dvrip_answer, dvrip_login, tcp

REALM = dvrip_answer(b"Realm:Login to 4M00\r\nRandom:12345\r\n\r\n")


def test_a_login_names_user_and_realm() -> None:
    answer = DISSECTOR.dissect(tcp(37777, dvrip_login(b"admin"), REALM))
    assert answer == Dissection(
        "dvrip",
        (
            Fact("dvrip.message", "login"),
            Fact("credential", "dvrip user=admin"),
            Fact("dvrip.realm", "Login to 4M00"),
        ),
    )


def test_a_device_that_dials_out_may_speak_first() -> None:
    answer = DISSECTOR.dissect(tcp(9500, REALM, dvrip_login(b"system")))
    assert answer is not None
    assert answer.first("credential") == "dvrip user=system"


def test_a_header_without_the_login_mark_is_not_dvrip() -> None:
    assert DISSECTOR.dissect(tcp(37777, b"\xa0\x05\x00\x60" + bytes(60))) is None
