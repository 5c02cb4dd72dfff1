from monitor.dissect.ssh import DISSECTOR
from monitor.model.facts import Dissection, Fact
from tests.support.payloads_p2p import tcp


def test_both_sides_name_their_software() -> None:
    answer = DISSECTOR.dissect(
        tcp(22, b"SSH-2.0-dropbear_2019.78\r\n\x00\x00", b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n")
    )
    assert answer == Dissection(
        "ssh",
        (
            Fact("ssh.version", "2.0"),
            Fact("ssh.client", "dropbear_2019.78"),
            Fact("ssh.server", "OpenSSH_9.2p1 Debian"),
        ),
    )


def test_a_server_alone_is_enough_and_another_client_is_not() -> None:
    assert DISSECTOR.dissect(tcp(22, b"", b"SSH-2.0-dropbear\r\n")) is not None
    assert DISSECTOR.dissect(tcp(22, b"GET / HTTP/1.1\r\n", b"SSH-2.0-dropbear\r\n")) is None
    assert DISSECTOR.dissect(tcp(22, b"SSH-3.0-x\r\n")) is None
