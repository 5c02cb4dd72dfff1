import struct

import dpkt
import pytest
from scapy.layers.dns import DNS, DNSQR, DNSRR, DNSRRSRV

from monitor.dissect.dns import MAX_ANSWERS, dissect, parse
from monitor.model.facts import Conversation, DnsRecord
from tests.support.payloads_names import TCP, dns_answer, dns_name, dns_query, udp

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


def test_an_mdns_answer_without_question_tells_its_additional_records() -> None:
    built = DNS(
        id=0,
        qr=1,
        aa=1,
        qd=[],
        an=[DNSRR(rrname="_http._tcp.local", type="PTR", ttl=9, rdata="Cam._http._tcp.local")],
        ar=[DNSRR(rrname="cam7.local", type="A", ttl=9, rdata="192.168.1.7", rclass=0x8001)],
    )
    found = dissect(udp(bytes(built), port=5353))
    assert found is not None
    assert found.service == "mdns"
    assert found.all("mdns.name") == ("cam._http._tcp.local", "cam7.local")


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
def test_what_does_not_have_the_shape_is_not_dns_even_on_port_53(payload: bytes) -> None:
    assert parse(payload) is None
    assert dissect(udp(payload, port=53)) is None


def test_query_and_answer_give_facts_once() -> None:
    answer = dns_answer("alive.hikvision.com", (1, b"\1\2\3\4"), rcode=3)
    found = dissect(udp(QUERY, QUERY, resp=(answer, answer), port=53))
    assert found is not None
    assert found.service == "dns"
    assert [(f.kind, f.value) for f in found.facts] == [
        ("dns.query", "alive.hikvision.com"),
        ("dns.type", "A"),
        ("dns.rcode", "NXDOMAIN"),
    ]


def test_the_root_is_written_as_a_dot() -> None:
    found = dissect(udp(dns_query("", kind=2), port=53))
    assert found is not None
    assert found.first("dns.query") == "."


@pytest.mark.parametrize(("port", "service"), [(53, "dns"), (5353, "mdns"), (5355, "llmnr")])
def test_the_port_names_the_kin_when_the_shape_holds(port: int, service: str) -> None:
    found = dissect(udp(dns_query("cam.local"), port=port))
    assert found is not None
    assert found.service == service


def test_an_ordinary_query_on_another_port_is_dns() -> None:
    found = dissect(udp(QUERY, port=5300))
    assert found is not None
    assert found.service == "dns"


@pytest.mark.parametrize("payload", [QUERY[:-3], QUERY + b"xx", dns_query("nodots")])
def test_another_port_asks_for_a_whole_ordinary_query(payload: bytes) -> None:
    assert dissect(udp(payload, port=5300)) is None


def test_netbios_names_are_not_dns() -> None:
    assert dissect(udp(dns_query("ckaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.x", kind=1), port=137)) is None


def test_several_messages_of_a_tcp_stream_are_read() -> None:
    stream = prefixed(dns_query("one.example")) + prefixed(dns_query("two.example", kind=28))
    conversation = Conversation(TCP, 50000, 53, (stream,), (prefixed(dns_answer("one.example")),))
    found = dissect(conversation)
    assert found is not None
    assert found.all("dns.query") == ("one.example", "two.example")
    assert found.all("dns.type") == ("A", "AAAA")


def test_a_server_that_speaks_first_in_the_capture_is_dns_too() -> None:
    answer = dns_answer("x.example", (1, b"\1\2\3\4"))
    found = dissect(Conversation(17, 53, 40000, (answer,), ()))
    assert found is not None
    assert found.first("dns.query") == "x.example"


def test_types_without_a_name_are_written_by_number() -> None:
    found = dissect(udp(dns_query("x.example", kind=99), port=53))
    assert found is not None
    assert found.first("dns.type") == "TYPE99"
