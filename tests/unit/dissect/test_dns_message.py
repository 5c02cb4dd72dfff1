import struct

import dpkt
import pytest
from scapy.layers.dns import DNS, DNSQR, DNSRR, DNSRRSRV

from monitor.dissect.dns_message import MAX_ANSWERS, parse, parse_stream
from monitor.model.facts import DnsRecord
from tests.support.payloads_names import dns_answer, dns_name, dns_query

QUERY = dns_query("alive.hikvision.com")


def prefixed(message: bytes) -> bytes:
    return struct.pack(">H", len(message)) + message


def test_a_query_gives_its_name_and_type() -> None:
    message = parse(QUERY)
    assert message is not None
    assert (message.id, message.is_response) == (7, False)
    assert message.questions == (("alive.hikvision.com", 1),)
    assert (message.answers, message.is_cut) == ((), False)


def test_an_answer_built_by_scapy_gives_addresses_and_names() -> None:
    built = DNS(
        id=513,
        qr=1,
        rcode=0,
        qd=DNSQR(qname="p2p.example.com"),
        an=[
            DNSRR(rrname="p2p.example.com", type="CNAME", ttl=30, rdata="edge.example.net"),
            DNSRR(rrname="edge.example.net", type="A", ttl=60, rdata="203.0.113.7"),
            DNSRR(rrname="edge.example.net", type="AAAA", ttl=61, rdata="2001:db8::1:0:0:7"),
            DNSRRSRV(rrname="_s._tcp.example.net", ttl=9, port=5, target="t.example.net"),
            DNSRR(rrname="7.113.0.203.in-addr.arpa", type="PTR", ttl=5, rdata="h.example.net"),
        ],
    )
    message = parse(bytes(built))
    assert message is not None
    assert message.answers == (
        DnsRecord("p2p.example.com", 5, 30, "edge.example.net"),
        DnsRecord("edge.example.net", 1, 60, "203.0.113.7"),
        DnsRecord("edge.example.net", 28, 61, "2001:db8::1:0:0:7"),
        DnsRecord("_s._tcp.example.net", 33, 9, "t.example.net"),
        DnsRecord("7.113.0.203.in-addr.arpa", 12, 5, "h.example.net"),
    )


def test_compressed_names_packed_by_dpkt_are_followed() -> None:
    packed = dpkt.dns.DNS(id=1, qr=dpkt.dns.DNS_R, rd=1, ra=1)
    packed.qd = [dpkt.dns.DNS.Q(name="a.b.example.com", type=1, cls=1)]
    packed.an = [
        dpkt.dns.DNS.RR(name="a.b.example.com", type=5, cls=1, ttl=1, cname="c.b.example.com"),
        dpkt.dns.DNS.RR(name="c.b.example.com", type=1, cls=1, ttl=2, rdata=b"\x01\x02\x03\x04"),
    ]
    message = parse(bytes(packed))
    assert message is not None
    assert [(r.name, r.value) for r in message.answers] == [
        ("a.b.example.com", "c.b.example.com"),
        ("c.b.example.com", "1.2.3.4"),
    ]


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("20010db8000000000000000000000001", "2001:db8::1"),
        ("00000000000000000000000000000000", "::"),
        ("00000000000000000000000000000001", "::1"),
        ("20010db8000100000002000000030004", "2001:db8:1:0:2:0:3:4"),
        ("20010000000000010000000000000001", "2001:0:0:1::1"),
        ("fe800000000000000000000000000000", "fe80::"),
        ("00000000000000000000ffffc0000201", "::ffff:192.0.2.1"),
    ],
)
def test_ipv6_addresses_are_written_as_rfc_5952_says(address: str, text: str) -> None:
    message = parse(dns_answer("x.example", (28, bytes.fromhex(address))))
    assert message is not None
    assert message.answers[0].value == text


def test_random_letter_case_is_folded() -> None:
    """Gwell and Aqara cameras send names so, to make forged answers harder."""
    message = parse(dns_query("P2p1.cLOUDlINKS.cN"))
    assert message is not None
    assert message.questions == (("p2p1.cloudlinks.cn", 1),)


def test_label_bytes_that_are_not_text_are_spelled_out() -> None:
    name = b"\x04a.b\\\x03\x00\xff*\x00"
    message = parse(struct.pack(">HHHHHH", 1, 0x100, 1, 0, 0, 0) + name + b"\0\1\0\1")
    assert message is not None
    assert message.questions[0][0] == "a\\.b\\\\.\\000\\255*"


def test_a_pointer_to_itself_ends_the_message_there() -> None:
    data = dns_answer("x.example")[:6] + b"\0\1\0\0\0\0" + dns_name("x.example") + b"\0\1\0\1"
    loop = bytes((0xC0, len(data)))
    message = parse(data + loop + struct.pack(">HHIH", 1, 1, 60, 4) + b"\1\2\3\4")
    assert message is not None
    assert (message.answers, message.is_cut) == ((), True)


def test_a_pointer_forward_ends_the_message_there() -> None:
    data = dns_answer("x.example", (5, b"\xc0\xff"))
    message = parse(data)
    assert message is not None
    assert message.answers[0].value == ""


def test_a_cut_answer_gives_the_records_before_the_cut() -> None:
    whole = dns_answer("x.example", (1, b"\1\1\1\1"), (1, b"\2\2\2\2"))
    message = parse(whole[:-3])
    assert message is not None
    assert [r.value for r in message.answers] == ["1.1.1.1"]
    assert message.is_cut


def test_a_query_cut_inside_its_name_is_still_a_message() -> None:
    message = parse(QUERY[:20])
    assert message is not None
    assert (message.questions, message.is_cut) == ((), True)


def test_no_more_records_are_read_than_the_bound() -> None:
    message = parse(dns_answer("x.example", *[(1, b"\1\1\1\1")] * (MAX_ANSWERS + 5)))
    assert message is not None
    assert (len(message.answers), message.is_cut) == (MAX_ANSWERS, True)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        bytes(11),
        bytes(12),
        bytes(40),
        b"\xff" * 40,
        bytes.fromhex("f1d00000") + bytes(20),  # PPPP
        bytes.fromhex("21310020ffffffffffffffff661e06a8ac53d729"),  # miIO
        QUERY[:2] + b"\x09" + QUERY[3:],  # inverse query
        QUERY[:2] + b"\x01\x40" + QUERY[4:],  # reserved bit
        QUERY[:-2] + b"\x00\x07",  # class
        QUERY[:-4] + b"\x00\x00\x00\x01",  # type 0
    ],
)
def test_what_does_not_have_the_shape_is_no_message(payload: bytes) -> None:
    assert parse(payload) is None


def test_a_stream_gives_its_messages() -> None:
    stream = prefixed(dns_query("one.example")) + prefixed(QUERY)[:-4]
    assert [(m.questions, m.is_cut) for m in parse_stream(stream)] == [
        ((("one.example", 1),), False),
        ((), True),
    ]
