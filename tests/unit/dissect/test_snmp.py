from monitor.dissect.snmp import DISSECTOR
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_net import snmp
from tests.support.payloads_p2p import udp

V3 = bytes.fromhex("3020020103300f02020001020205dc0401040201030408") + bytes(11)


def test_the_community_is_judged_and_not_kept() -> None:
    answer = DISSECTOR.dissect(udp(161, snmp(1, b"public", 0xA0)))
    assert answer == Dissection(
        "snmp",
        (
            Fact("snmp.version", "2c"),
            Fact("snmp.operation", "get"),
            Fact("snmp.community", "well-known"),
        ),
    )
    own = DISSECTOR.dissect(udp(162, snmp(0, b"s3cret", 0xA4)))
    assert own is not None
    assert own.first("snmp.community") == "own"
    assert "s3cret" not in repr(own)


def test_version_3_is_read_as_far_as_its_header() -> None:
    assert DISSECTOR.dissect(udp(161, V3)) == Dissection("snmp", (Fact("snmp.version", "3"),))


def test_a_length_that_lies_or_an_unknown_operation_is_not_snmp() -> None:
    assert DISSECTOR.dissect(udp(161, snmp(1, b"public", 0xA0) + b"x")) is None
    assert DISSECTOR.dissect(udp(161, snmp(1, b"public", 0xAF))) is None
