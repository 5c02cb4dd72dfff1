import pytest

from monitor.dissect.maker_marks import DISSECTORS
from monitor.model.facts import Conversation, Dissection, Fact
from tests.support.payloads_net import v380_login
from tests.support.payloads_p2p import tcp, udp

BY_SERVICE = {dissector.service: dissector for dissector in DISSECTORS}


def test_a_v380_login_names_its_user() -> None:
    answer = BY_SERVICE["v380"].dissect(tcp(8800, v380_login(b"admin")))
    assert answer == Dissection(
        "v380", (Fact("v380.message", "login"), Fact("credential", "v380 user=admin"))
    )


def test_a_v380_stream_request_is_named() -> None:
    request = (301).to_bytes(4, "little") + bytes(252)
    answer = BY_SERVICE["v380"].dissect(tcp(8800, request))
    assert answer == Dissection("v380", (Fact("v380.message", "stream"),))


@pytest.mark.parametrize(
    ("service", "conversation"),
    [
        ("esee", tcp(19000, b"\xce\xfa\xef\xfe")),
        ("xiaomi-push", tcp(5222, b"\xc2\xfe\x00\x05\xff\xff\xff\xff\x00\x02\x00\x16")),
        ("tvt", tcp(4567, b"{D79E94C5-70F0-46BD-965B-E17497CCB599}")),
        ("dlink-punch", udp(40001, b"\x24\xff\x00\x15\x00" + b"p" * 21)),
        ("meari", udp(12345, b"\x99\x50\x56\x56")),
        ("v380", tcp(8800, v380_login(b"admin")[:255])),
        ("v380", tcp(8800, v380_login(b"admin")[:-1] + b"x")),
    ],
)
def test_near_misses_are_not_claimed(service: str, conversation: Conversation) -> None:
    assert BY_SERVICE[service].dissect(conversation) is None
