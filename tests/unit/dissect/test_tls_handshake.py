import struct

import pytest

from monitor.dissect.tls_handshake import Handshake, alert_fact
from tests.support.payloads_names import (
    alpn_extension,
    certificate,
    certificate_message,
    client_hello,
    extension,
    handshake,
    server_hello,
)


def told(*messages: bytes) -> dict[str, str]:
    side = Handshake()
    side.add_all(b"".join(messages))
    return {fact.kind: fact.value for fact in side.facts}


def test_the_chosen_version_stands_in_the_extension() -> None:
    chosen = extension(43, struct.pack(">H", 0x0304)) + alpn_extension(b"h2")
    facts = told(handshake(2, server_hello(0x1301, extensions=chosen)))
    assert facts == {
        "tls.server_version": "TLS 1.3",
        "tls.cipher": "0x1301",
        "tls.server_alpn": "h2",
    }


def test_a_server_certificate_is_told_behind_its_hello() -> None:
    der = certificate()
    facts = told(handshake(2, server_hello()), handshake(11, certificate_message(der)))
    assert facts["tls.cert.subject"] == "CN=cam.example"
    assert facts["tls.cert.self_signed"] == "yes"


def test_a_certificate_of_the_client_is_kept_apart() -> None:
    der = certificate()
    facts = told(handshake(1, client_hello()), handshake(11, certificate_message(der)))
    assert facts["tls.client_cert.subject"] == "CN=cam.example"
    assert "tls.cert.subject" not in facts


def test_an_empty_certificate_list_tells_nothing() -> None:
    facts = told(handshake(1, client_hello()), handshake(11, b"\x00\x00\x00"))
    assert not any(kind.startswith("tls.client_cert") for kind in facts)


def test_a_certificate_cut_by_the_capture_is_left_out_without_a_weird() -> None:
    side = Handshake()
    side.add_all(
        handshake(2, server_hello()) + handshake(11, certificate_message(b"x" * 900))[:200]
    )
    assert side.weirds == []


def test_the_first_certificate_counts_where_the_capture_cuts_the_chain() -> None:
    der = certificate()
    chain = der + (5000).to_bytes(3, "big") + bytes(5000)
    listed = len(der).to_bytes(3, "big") + chain
    message = handshake(11, len(listed).to_bytes(3, "big") + listed)
    assert told(handshake(2, server_hello()), message[:-4000])["tls.cert.subject"] == (
        "CN=cam.example"
    )


def test_bytes_that_are_no_message_are_refused() -> None:
    assert not Handshake().add_all(b"\x63\x00\x00\x01x")
    assert not Handshake().add_all(b"\x02\x00\x00\x03abc")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"\x02\x28", "fatal handshake_failure"),
        (b"\x01\x00", "warning close_notify"),
        (b"\x02\xc8", "fatal 200"),
    ],
)
def test_alerts_are_told_by_level_and_name(body: bytes, text: str) -> None:
    fact = alert_fact(body)
    assert fact is not None
    assert fact.value == text


@pytest.mark.parametrize("body", [b"", b"\x02", b"\x07\x28", bytes(26)])
def test_encrypted_alerts_tell_nothing(body: bytes) -> None:
    assert alert_fact(body) is None
