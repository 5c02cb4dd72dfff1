import pytest

from monitor.dissect.hik_lbs import DISSECTOR
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_p2p import LBS, tcp


def test_registration_is_recognised_and_the_serial_number_is_not_kept() -> None:
    answer = DISSECTOR.dissect(tcp(8666, LBS))
    assert answer == Dissection("hik-lbs", (Fact("hik-lbs.message", "register"),))


@pytest.mark.parametrize(
    "payload",
    [
        b"\xc0\x00",
        LBS[:40],
        LBS.replace(b"C00000000", b"C000 0000"),
        b"\xc0\x7f" + LBS[2:],
    ],
)
def test_mqtt_pings_and_damaged_messages_are_not(payload: bytes) -> None:
    assert DISSECTOR.dissect(tcp(8666, payload)) is None
