from monitor.dissect.srt import DISSECTOR
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_net import srt
from tests.support.payloads_p2p import udp


def test_the_magic_of_an_answer_tells_srt_from_udt() -> None:
    first = srt(4, b"\x00\x02", 1)
    assert DISSECTOR.dissect(udp(9000, first)) == Dissection("srt", (Fact("srt.variant", "udt"),))
    answer = DISSECTOR.dissect(udp(9000, first, resp=(srt(5, b"\x4a\x17", 1),)))
    assert answer == Dissection("srt", (Fact("srt.variant", "srt"),))


def test_a_field_out_of_range_is_not_srt() -> None:
    assert DISSECTOR.dissect(udp(9000, srt(6, b"\x00\x02", 1))) is None
    assert DISSECTOR.dissect(udp(9000, srt(4, b"\x00\x02", 7))) is None
    assert DISSECTOR.dissect(udp(9000, srt(4, b"\x00\x02", 1)[:60])) is None
