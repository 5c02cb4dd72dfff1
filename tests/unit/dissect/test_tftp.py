from monitor.dissect.tftp import DISSECTOR
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_p2p import udp


def test_a_request_names_its_file() -> None:
    answer = DISSECTOR.dissect(udp(69, b"\x00\x01/update.sh\x00OCTET\x00tsize\x000\x00"))
    assert answer == Dissection(
        "tftp",
        (
            Fact("tftp.operation", "read"),
            Fact("tftp.file", "/update.sh"),
            Fact("tftp.mode", "octet"),
        ),
    )


def test_another_mode_is_not_tftp() -> None:
    assert DISSECTOR.dissect(udp(69, b"\x00\x01/update.sh\x00binary\x00")) is None
