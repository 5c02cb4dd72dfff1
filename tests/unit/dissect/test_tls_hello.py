import pytest

from monitor.dissect.tls_hello import alpn_names, hello_facts, parse_client_hello
from tests.support.payloads_names import (
    alpn_extension,
    client_hello,
    extension,
    sni_extension,
    versions_extension,
)

BODY = client_hello(
    sni_extension(b"Api.Example.COM"),
    alpn_extension(b"h2", b"http/1.1"),
    versions_extension(0x0304, 0x0303),
)


def test_names_protocols_and_version_are_told() -> None:
    hello = parse_client_hello(BODY)
    assert hello is not None
    told = {(f.kind, f.value) for f in hello_facts(hello, "t")}
    assert told >= {
        ("tls.sni", "api.example.com"),
        ("tls.alpn", "h2"),
        ("tls.alpn", "http/1.1"),
        ("tls.version", "TLS 1.3"),
    }
    assert not hello.is_cut


def test_a_name_with_a_star_is_kept() -> None:
    """Blink cameras send one."""
    hello = parse_client_hello(client_hello(sni_extension(b"*.immedia-semi.com")))
    assert hello is not None
    assert hello.sni == "*.immedia-semi.com"


def test_a_name_with_control_bytes_is_spelled_out() -> None:
    hello = parse_client_hello(client_hello(sni_extension(b"a\x00b\n")))
    assert hello is not None
    assert hello.sni == "a\\x00b"


def test_a_cut_hello_gives_its_name_but_no_fingerprint() -> None:
    hello = parse_client_hello(BODY[:-3])
    assert hello is not None
    assert hello.is_cut
    kinds = {f.kind for f in hello_facts(hello, "t")}
    assert "tls.sni" in kinds
    assert not kinds & {"tls.ja4", "tls.ja3"}


def test_a_hello_without_extensions_is_whole() -> None:
    hello = parse_client_hello(client_hello(version=0x0300))
    assert hello is not None
    assert (hello.is_cut, hello.shape.extensions) == (False, ())


def test_the_cookie_of_dtls_is_stepped_over() -> None:
    body = client_hello(sni_extension(b"cam.example"), version=0xFEFD, cookie=b"\x07" * 20)
    hello = parse_client_hello(body, has_cookie=True)
    assert hello is not None
    assert hello.sni == "cam.example"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x03",
        b"\x04\x03" + BODY[2:],
        BODY[:34] + b"\x21" + BODY[35:],
        BODY[:35] + b"\x00\x05" + BODY[37:],
    ],
    ids=["empty", "one byte", "version", "session id too long", "odd cipher list"],
)
def test_bytes_that_cannot_be_a_hello_are_refused(body: bytes) -> None:
    assert parse_client_hello(body) is None


def test_an_absurdly_long_list_is_not_fingerprinted() -> None:
    hello = parse_client_hello(client_hello(ciphers=range(0x1000, 0x1000 + 600)))
    assert hello is not None
    assert hello.is_cut
    assert len(hello.shape.ciphers) == 1024


def test_an_extension_whose_length_lies_makes_the_hello_cut() -> None:
    body = client_hello(sni_extension(b"cam.example"), extension(10, b"\x00\x02\x00\x1d"))
    hello = parse_client_hello(body[:-6] + b"\x00\xff" + body[-4:])
    assert hello is not None
    assert (hello.sni, hello.is_cut) == ("cam.example", True)


def test_no_more_protocols_are_kept_than_the_bound() -> None:
    listed = b"\x02h2" * 20
    assert alpn_names(b"\x00\x3c" + listed) == (b"h2",) * 8
