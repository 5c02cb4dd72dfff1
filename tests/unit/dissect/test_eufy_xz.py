from monitor.dissect.eufy_xz import DISSECTOR
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_p2p import udp


def test_only_the_model_part_of_the_serial_number_is_kept() -> None:
    answer = DISSECTOR.dissect(udp(8006, b"XZ" + bytes(18) + b"T8010P0000000001" + bytes(20)))
    assert answer == Dissection("eufy-xz", (Fact("eufy-xz.model", "T8010"),))


def test_another_serial_number_is_not_eufy() -> None:
    assert DISSECTOR.dissect(udp(8006, b"XZ" + bytes(18) + b"A8010P0000000001")) is None
    assert DISSECTOR.dissect(udp(8006, b"XZ" + bytes(18) + b"T8010P")) is None
