import pytest

from monitor.dissect.dtls import dissect, dissect_behind
from tests.support.payloads_names import (
    certificate,
    certificate_message,
    client_hello,
    dtls_fragment,
    dtls_record,
    server_hello,
    sni_extension,
    udp,
)

BODY = client_hello(sni_extension(b"cam.example"), version=0xFEFD, cookie=b"")


def whole(kind: int, body: bytes, number: int = 0) -> bytes:
    return dtls_record(dtls_fragment(kind, body, 0, len(body), number))


def test_a_hello_tells_name_version_and_fingerprint() -> None:
    found = dissect(udp(whole(1, BODY)))
    assert found is not None
    assert found.service == "dtls"
    assert found.first("tls.sni") == "cam.example"
    assert found.first("tls.version") == "DTLS 1.2"
    assert found.first("tls.ja4").startswith("dd2d030100_")


def test_fragments_come_over_datagrams_in_any_order() -> None:
    one = dtls_record(dtls_fragment(1, BODY, 0, 60))
    two = dtls_record(dtls_fragment(1, BODY, 60, len(BODY)))
    for datagrams in ((one, two), (two, one)):
        found = dissect(udp(*datagrams))
        assert found is not None
        assert (found.first("tls.sni"), found.weirds) == ("cam.example", ())


def test_the_hello_that_repeats_with_a_cookie_is_told_once() -> None:
    again = client_hello(sni_extension(b"cam.example"), version=0xFEFD, cookie=b"c" * 20)
    found = dissect(udp(whole(1, BODY), whole(1, again, number=1)))
    assert found is not None
    assert found.all("tls.sni") == ("cam.example",)


def test_a_missing_fragment_leaves_the_hello_cut() -> None:
    found = dissect(udp(dtls_record(dtls_fragment(1, BODY, 0, 60))))
    assert found is not None
    assert found.weirds == ("tls_hello_cut",)


def test_the_server_tells_choice_and_certificate_in_one_datagram() -> None:
    der = certificate_message(certificate())
    answer = whole(2, server_hello(0xC02B, 0xFEFD), 1) + whole(11, der, 2)
    found = dissect(udp(whole(1, BODY), resp=(answer,)))
    assert found is not None
    assert found.first("tls.server_version") == "DTLS 1.2"
    assert found.first("tls.cert.subject") == "CN=cam.example"


def test_an_alert_in_clear_is_told() -> None:
    found = dissect(udp(whole(1, BODY), resp=(dtls_record(b"\x02\x28", kind=21),)))
    assert found is not None
    assert found.first("tls.alert") == "fatal handshake_failure"


def test_protected_records_alone_are_dtls_without_facts() -> None:
    found = dissect(udp(dtls_record(b"\x5a" * 60, kind=23, epoch=1)))
    assert found is not None
    assert found.facts == ()


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"\x16\xfe\xfd",
        b"\x16\x03\x01" + bytes(40),
        dtls_record(b"\x5a" * 60, kind=23, epoch=0),
        dtls_record(b"\x63" + bytes(40)),
        dtls_record(b"\x5a" * 60, kind=23, epoch=1) + b"trailing bytes",
    ],
)
def test_what_is_not_dtls_is_refused(datagram: bytes) -> None:
    assert dissect(udp(datagram)) is None


def test_a_handshake_behind_stun_is_found() -> None:
    stun = bytes.fromhex("000100002112a442") + bytes(12)
    found = dissect_behind(udp(stun, whole(1, BODY), resp=(stun,)))
    assert found is not None
    assert found.first("tls.sni") == "cam.example"
    assert dissect_behind(udp(stun, b"\x80" * 40, resp=(stun,))) is None
