from monitor.dissect.smb import DISSECTOR
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_net import SMB2
from tests.support.payloads_p2p import tcp


def test_the_version_is_the_one_that_is_answered() -> None:
    smb1 = b"\x00\x00\x00\x66\xffSMB" + bytes(98)
    answer = DISSECTOR.dissect(tcp(445, smb1, SMB2))
    assert answer == Dissection("smb", (Fact("smb.version", "2 or 3"),))
    alone = DISSECTOR.dissect(tcp(445, smb1))
    assert alone == Dissection("smb", (Fact("smb.version", "1"),))


def test_a_length_too_small_is_not_smb() -> None:
    assert DISSECTOR.dissect(tcp(445, b"\x00\x00\x00\x04\xfeSMB")) is None
