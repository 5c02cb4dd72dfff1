from monitor.dissect.netbios import DISSECTORS
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_net import llmnr, nbdgm, nbns, nbss
from tests.support.payloads_p2p import tcp, udp

NBNS, NBDGM, NBSS, LLMNR = DISSECTORS


def test_a_query_names_what_is_sought() -> None:
    """The name FRED in its 32 letters is the example of RFC 1001 §14.1."""
    letters = b"EGFCEFEECACACACACACACACACACACACA"
    question = b"\x12\x34\x01\x10\x00\x01" + bytes(6) + b"\x20" + letters + b"\0\0\x20\0\x01"
    answer = NBNS.dissect(udp(137, question))
    assert answer == Dissection(
        "nbns",
        (
            Fact("nbns.operation", "query"),
            Fact("nbns.name", "FRED"),
            Fact("nbns.suffix", "file-server"),
        ),
    )


def test_a_status_request_is_told_from_a_query() -> None:
    answer = NBNS.dissect(udp(137, nbns(b"*" + bytes(14), 0, 0x21)))
    assert answer is not None
    assert answer.first("nbns.operation") == "status"
    assert answer.first("nbns.name") == "*"


def test_a_datagram_names_its_sender() -> None:
    answer = NBDGM.dissect(udp(138, nbdgm(b"OFFICE-PC", 0x20, bytes(60))))
    assert answer == Dissection(
        "nbdgm", (Fact("nbdgm.name", "OFFICE-PC"), Fact("nbdgm.suffix", "file-server"))
    )
    assert NBDGM.dissect(udp(138, nbdgm(b"OFFICE-PC", 0, bytes(60)) + b"x")) is None


def test_a_session_names_both_ends() -> None:
    answer = NBSS.dissect(tcp(139, nbss(b"SERVER", b"CAMERA")))
    assert answer == Dissection(
        "nbss", (Fact("nbss.called", "SERVER"), Fact("nbss.calling", "CAMERA"))
    )


def test_llmnr_is_known_on_its_port_alone() -> None:
    answer = LLMNR.dissect(udp(5355, llmnr(b"Office-PC")))
    assert answer == Dissection("llmnr", (Fact("llmnr.name", "office-pc"),))
    assert LLMNR.dissect(udp(5356, llmnr(b"office-pc"))) is None


def test_llmnr_with_another_operation_is_not_claimed() -> None:
    message = bytearray(llmnr(b"office-pc"))
    message[2] |= 0x28
    assert LLMNR.dissect(udp(5355, bytes(message))) is None
