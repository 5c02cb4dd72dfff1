"""Properties of the dissectors that read names: DNS, TLS, DTLS, QUIC, HTTP."""

import functools
import ipaddress
import itertools
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.dns import DNS, DNSQR, DNSRR

from monitor.dissect import dns, dtls, http, quic, tls
from monitor.dissect.base import TCP, UDP, Dissector
from monitor.dissect.http_head import read_head
from monitor.dissect.registry import Registry
from monitor.dissect.tls_hello import parse_client_hello
from monitor.model.facts import Conversation, Dissection
from tests.support.payloads_names import (
    alpn_extension,
    certificate,
    certificate_message,
    client_hello,
    crypto_frame,
    dns_answer,
    dns_query,
    dtls_fragment,
    dtls_record,
    handshake,
    hello_record,
    quic_initial,
    record,
    server_hello,
    sni_extension,
    versions_extension,
)

EXTENSIONS = (
    sni_extension(b"cam.example.com"),
    alpn_extension(b"h2", b"http/1.1"),
    versions_extension(0x0304, 0x0303),
)
DTLS_BODY = client_hello(*EXTENSIONS, version=0xFEFD, cookie=b"cookie")
HELLO = handshake(1, client_hello(*EXTENSIONS))

DISSECTORS: dict[str, Dissector] = {
    "dns": dns.DISSECTORS[0],
    "mdns": dns.DISSECTORS[1],
    "tls": tls.DISSECTORS[0],
    "tls inside": tls.DISSECTORS[1],
    "http2": http.DISSECTORS[0],
    "http": http.DISSECTORS[1],
    "quic": quic.DISSECTOR,
    "dtls": dtls.DISSECTORS[0],
    "dtls behind": dtls.DISSECTORS[1],
}


@functools.cache
def server_flight() -> bytes:
    der = certificate(names=("cam.example.com",))
    return record(handshake(2, server_hello()) + handshake(11, certificate_message(der)))


SAMPLES: dict[str, tuple[str, int, Callable[[], bytes]]] = {
    "query": ("dns", 53, lambda: dns_query("alive.example.com", 28)),
    "answer": (
        "dns",
        53,
        lambda: dns_answer("a.example.com", (5, b"\1b\xc0\x0e"), (1, b"\1\2\3\4")),
    ),
    "hello": ("tls", 443, lambda: hello_record(*EXTENSIONS)),
    "server": ("tls", 443, server_flight),
    "starttls": ("tls inside", 25, lambda: b"EHLO x\r\nSTARTTLS\r\n" + hello_record(*EXTENSIONS)),
    "request": (
        "http",
        80,
        lambda: (
            b"POST http://u:p@h:1/x?user=a&pwd=b HTTP/1.1\r\nHost: h.example\r\n"
            b'Authorization: Digest username="a"\r\nTransfer-Encoding: chunked\r\n\r\n'
            b"4\r\nhsqs\r\n0\r\n\r\nGET / HTTP/1.0\n\n"
        ),
    ),
    "response": (
        "http",
        80,
        lambda: (
            b'HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm="r"\r\nContent-Length: 2\r\n\r\nhi'
        ),
    ),
    "dtls": (
        "dtls",
        443,
        lambda: dtls_record(dtls_fragment(1, DTLS_BODY, 0, len(DTLS_BODY))),
    ),
    "quic": ("quic", 443, lambda: quic_initial(crypto_frame(0, HELLO), size=300)),
}


def _conversations(service: str, port: int, payload: bytes) -> list[Conversation]:
    transports = DISSECTORS[service].transports
    piece = (payload,)
    return [
        conversation
        for transport in transports
        for conversation in (
            Conversation(transport, 50000, port, piece, ()),
            Conversation(transport, 50000, port, (), piece),
            Conversation(transport, 50000, port, piece, piece),
        )
    ]


def _is_sound(found: Dissection | None) -> bool:
    """Whether an answer holds only short printable text."""
    if found is None:
        return True
    values = [fact.value for fact in found.facts]
    return all(v and len(v) <= 1100 and v.isprintable() and v.isascii() for v in values)


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_truncation_is_answered(sample: str) -> None:
    service, port, build = SAMPLES[sample]
    payload = build()
    for end in range(len(payload) + 1):
        for conversation in _conversations(service, port, payload[:end]):
            assert _is_sound(DISSECTORS[service].dissect(conversation))


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_changed_byte_is_answered(sample: str) -> None:
    service, port, build = SAMPLES[sample]
    payload = build()
    for at in range(len(payload)):
        for value in {0, 0x7F, 0xC0, 0xFF, payload[at] ^ 1}:
            changed = payload[:at] + bytes((value,)) + payload[at + 1 :]
            conversation = _conversations(service, port, changed)[0]
            assert _is_sound(DISSECTORS[service].dissect(conversation))


@pytest.mark.parametrize("service", DISSECTORS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_bytes_are_answered(service: str, data: st.DataObject) -> None:
    prefix = data.draw(st.sampled_from([b"", *(build()[:40] for _, _, build in SAMPLES.values())]))
    payload = prefix + data.draw(st.binary(max_size=300))
    port = data.draw(st.sampled_from([53, 80, 443, 5353, 9999]))
    for conversation in _conversations(service, port, payload):
        assert _is_sound(DISSECTORS[service].dissect(conversation))


@settings(max_examples=150, deadline=None)
@given(
    transport=st.sampled_from([TCP, UDP]),
    orig=st.lists(st.binary(max_size=60), max_size=3).map(tuple),
    resp=st.lists(st.binary(max_size=60), max_size=3).map(tuple),
    port=st.integers(0, 65535),
)
def test_the_registry_answers_anything_and_the_same_the_second_time(
    transport: int, orig: tuple[bytes, ...], resp: tuple[bytes, ...], port: int
) -> None:
    registry = _registry()
    conversation = Conversation(transport, 50000, port, orig, resp)
    assert registry.dissect(conversation) is registry.dissect(conversation)


@functools.cache
def _registry() -> Registry:
    return Registry()


LABEL = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789-_", min_size=1, max_size=20)
NAME = st.lists(LABEL, min_size=1, max_size=6).map(".".join)
IPV4 = st.ip_addresses(v=4).map(str)
IPV6 = st.ip_addresses(v=6).map(str)


@settings(max_examples=100, deadline=None)
@given(name=NAME, target=NAME, address=IPV4, other=IPV6, ident=st.integers(0, 65535))
def test_what_scapy_writes_is_read_back(
    name: str, target: str, address: str, other: str, ident: int
) -> None:
    message = DNS(
        id=ident,
        qr=1,
        qd=DNSQR(qname=name),
        an=[
            DNSRR(rrname=name, type="CNAME", ttl=7, rdata=target),
            DNSRR(rrname=target, type="A", ttl=8, rdata=address),
            DNSRR(rrname=target, type="AAAA", ttl=9, rdata=other),
        ],
    )
    found = dns.parse(bytes(message.compress()))  # type: ignore[no-untyped-call]  # scapy has no types
    assert found is not None
    assert found.questions == ((name.lower(), 1),)
    assert [(r.name, r.value) for r in found.answers] == [
        (name.lower(), target.lower()),
        (target.lower(), address),
        (target.lower(), found.answers[2].value),
    ]
    assert ipaddress.ip_address(found.answers[2].value) == ipaddress.ip_address(other)


@settings(max_examples=100, deadline=None)
@given(
    cuts=st.lists(st.integers(1, len(HELLO) - 1), max_size=6),
    order=st.randoms(use_true_random=False),
)
def test_a_hello_reads_the_same_however_it_is_split(cuts: list[int], order: object) -> None:
    ends = sorted({0, *cuts, len(HELLO)})
    parts = [(a, HELLO[a:b]) for a, b in itertools.pairwise(ends)]
    whole = tls.dissect(Conversation(TCP, 1, 443, (record(HELLO),), ()))
    split = tls.dissect(Conversation(TCP, 1, 443, (b"".join(record(p) for _, p in parts),), ()))
    assert split == whole
    datagrams = [
        quic_initial(crypto_frame(at, part), number=number, size=300)
        for number, (at, part) in enumerate(parts)
    ]
    order.shuffle(datagrams)  # type: ignore[attr-defined]  # Hypothesis types its random as object
    found = quic.dissect(Conversation(UDP, 1, 443, tuple(datagrams), ()))
    assert found is not None
    assert found.first("tls.sni") == "cam.example.com"
    assert found.first("tls.ja4")[1:] == whole.first("tls.ja4")[1:]  # type: ignore[union-attr]  # the sample is TLS


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=200), at=st.integers(0, 10))
def test_the_parsers_below_answer_any_bytes(data: bytes, at: int) -> None:
    parse_client_hello(b"\x03\x03" + data, 0)
    parse_client_hello(data, at, has_cookie=True)
    read_head(b"GET / HTTP/1.1\r\n" + data)
    dns.parse(data)
