import struct

import pytest
from scapy.layers.dns import DNS, DNSRR

from monitor.dissect.dns import dissect, dissect_mdns
from monitor.model.facts import Conversation
from tests.support.payloads_names import TCP, dns_answer, dns_query, udp

QUERY = dns_query("alive.hikvision.com")


def prefixed(message: bytes) -> bytes:
    return struct.pack(">H", len(message)) + message


def test_an_mdns_answer_without_question_tells_its_additional_records() -> None:
    built = DNS(
        id=0,
        qr=1,
        aa=1,
        qd=[],
        an=[DNSRR(rrname="_http._tcp.local", type="PTR", ttl=9, rdata="Cam._http._tcp.local")],
        ar=[DNSRR(rrname="cam7.local", type="A", ttl=9, rdata="192.168.1.7", rclass=0x8001)],
    )
    found = dissect_mdns(udp(bytes(built), port=5353))
    assert found is not None
    assert found.service == "mdns"
    assert found.all("mdns.name") == ("cam._http._tcp.local", "cam7.local")


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


def test_mdns_is_known_on_its_port_alone() -> None:
    query = dns_query("cam.local")
    assert dissect_mdns(udp(query, port=53)) is None
    assert dissect_mdns(udp(b"\x0a\xba\x10\x00", port=5353)) is None
    assert dissect(udp(query, port=5353)) is None


def test_an_ordinary_query_on_another_port_is_dns() -> None:
    found = dissect(udp(QUERY, port=5300))
    assert found is not None
    assert found.service == "dns"


@pytest.mark.parametrize("payload", [QUERY[:-3], QUERY + b"xx", dns_query("nodots")])
def test_another_port_asks_for_a_whole_ordinary_query(payload: bytes) -> None:
    assert dissect(udp(payload, port=5300)) is None


@pytest.mark.parametrize("port", [137, 5355])
def test_netbios_names_and_llmnr_are_left_to_their_own_dissectors(port: int) -> None:
    assert dissect(udp(dns_query("ckaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.x", kind=1), port=port)) is None


def test_the_name_asked_by_mdns_is_one_of_its_names() -> None:
    """An EZVIZ camera asks for this service of its own."""
    found = dissect_mdns(udp(dns_query("_inter._tcp.local", kind=12), port=5353))
    assert found is not None
    assert found.all("mdns.name") == ("_inter._tcp.local",)


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


@pytest.mark.parametrize("payload", [bytes(12), b"\xff" * 40, QUERY[:-2] + b"\x00\x07"])
def test_what_does_not_have_the_shape_is_not_dns_even_on_port_53(payload: bytes) -> None:
    assert dissect(udp(payload, port=53)) is None
