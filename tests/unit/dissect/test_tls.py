import struct

import pytest

from monitor.dissect.tls import dissect, dissect_inside
from tests.support.payloads_names import (
    certificate_message,
    client_hello,
    handshake,
    hello_record,
    record,
    server_hello,
    sni_extension,
    tcp,
)

HELLO = hello_record(sni_extension(b"cam.example"))
DATA = record(b"\x5a" * 40, kind=23, version=0x0303)


def test_a_client_hello_on_any_port_is_tls() -> None:
    found = dissect(tcp(HELLO, port=8883))
    assert found is not None
    assert (found.service, found.first("tls.sni"), found.weirds) == ("tls", "cam.example", ())


def test_a_hello_spread_over_records_is_put_together() -> None:
    message = handshake(1, client_hello(sni_extension(b"cam.example")))
    spread = record(message[:10]) + record(message[10:50]) + record(message[50:])
    found = dissect(tcp(spread))
    assert found is not None
    assert found.first("tls.sni") == "cam.example"
    assert found.first("tls.ja4") == dissect_ja4(HELLO)


def dissect_ja4(stream: bytes) -> str:
    found = dissect(tcp(stream))
    assert found is not None
    return found.first("tls.ja4")


def test_what_follows_the_hello_does_not_change_its_fingerprint() -> None:
    rest = record(b"\x01", kind=20) + record(b"\x99" * 40)
    assert dissect_ja4(HELLO + rest) == dissect_ja4(HELLO)


def test_a_hello_cut_in_the_capture_says_so() -> None:
    found = dissect(tcp(HELLO[:-2]))
    assert found is not None
    assert (found.service, found.weirds) == ("tls", ("tls_hello_cut",))
    assert found.first("tls.ja4") == ""


def test_the_server_tells_version_and_cipher() -> None:
    found = dissect(tcp(HELLO, record(handshake(2, server_hello(0xC030)))))
    assert found is not None
    assert found.first("tls.server_version") == "TLS 1.2"
    assert found.first("tls.cipher") == "0xc030"


def test_roles_are_told_by_the_messages_not_by_who_spoke_first() -> None:
    server = record(handshake(2, server_hello()))
    found = dissect(tcp(server, HELLO))
    assert found is not None
    assert found.facts == dissect(tcp(HELLO, server)).facts  # type: ignore[union-attr]  # checked above


@pytest.mark.parametrize(("port", "other"), [(443, b""), (8080, DATA)])
def test_a_stream_that_starts_in_the_middle_is_tls_without_facts(port: int, other: bytes) -> None:
    found = dissect(tcp(DATA + DATA, other, port=port))
    assert found is not None
    assert (found.service, found.facts) == ("tls", ())


@pytest.mark.parametrize(
    "stream",
    [
        b"",
        b"\x17\x03",
        b"\x17\x02\x00\x00\x20" + bytes(32),
        b"\x17\x03\x09\x00\x20" + bytes(32),
        b"\x17\x03\x03\xff\xff" + bytes(32),
        b"\x17\x03\x03\x00\x05hello",
        b"\x16\x03\x01\x00\x05\x63\x00\x00\x01x",
        DATA + b"and then text",
        b"\x16GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_bytes_that_are_not_records_are_refused(stream: bytes) -> None:
    assert dissect(tcp(stream)) is None


def test_one_opaque_record_answered_by_something_else_is_not_tls() -> None:
    assert dissect(tcp(DATA, b"HTTP/1.1 400 Bad Request\r\n\r\n")) is None


def test_records_that_stop_making_sense_behind_a_hello_are_a_weird() -> None:
    found = dissect(tcp(HELLO + b"garbage"))
    assert found is not None
    assert found.weirds == ("tls_record_broken",)


def test_an_alert_in_clear_is_told() -> None:
    found = dissect(tcp(HELLO, record(b"\x02\x28", kind=21)))
    assert found is not None
    assert found.first("tls.alert") == "fatal handshake_failure"


def test_an_ssl2_style_hello_is_tls_with_a_weird() -> None:
    """D-Link DCS-935L cameras of 2015 send one."""
    body = (
        b"\x01" + struct.pack(">HHHH", 0x0301, 6, 0, 16) + b"\x00\x00\x35\x00\x00\x2f" + bytes(16)
    )
    hello = struct.pack(">H", 0x8000 | len(body)) + body
    found = dissect(tcp(hello, record(handshake(2, server_hello(0x35, 0x0301)))))
    assert found is not None
    assert found.weirds == ("tls_sslv2_hello",)
    assert found.first("tls.version") == "TLS 1.0"
    assert found.first("tls.server_version") == "TLS 1.0"


def test_a_hello_behind_starttls_is_found() -> None:
    greeting = b"<stream:stream to='x'/><starttls/>"
    found = dissect_inside(tcp(greeting + HELLO, b"<proceed/>" + record(b"\x02\x28", kind=21)))
    assert found is not None
    assert found.first("tls.sni") == "cam.example"
    assert found.service == "tls"


def test_plain_text_has_no_tls_inside() -> None:
    assert dissect_inside(tcp(b"<stream:stream to='x'/>" * 20, b"\x16\x03\x01\x00\x05\x01")) is None


def test_a_certificate_that_cannot_be_read_is_a_weird() -> None:
    server = record(
        handshake(2, server_hello()) + handshake(11, certificate_message(b"\x30\x03abc"))
    )
    found = dissect(tcp(HELLO, server))
    assert found is not None
    assert found.weirds == ("tls_certificate_unreadable",)
