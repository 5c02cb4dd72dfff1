import dataclasses

from monitor.dissect.base import ANY_BYTE, TCP, UDP, Dissector
from monitor.dissect.registry import MEMO_BYTES, Registry, shipped
from monitor.model.facts import NOTHING, Conversation, Dissection, Fact
from tests.support.payloads_names import dns_query, hello_record, sni_extension, tcp, udp


@dataclasses.dataclass
class Probe:
    """A dissector that says yes to a prefix and counts how often it is asked."""

    prefix: bytes
    asked: int = 0

    def __call__(self, conversation: Conversation) -> Dissection | None:
        self.asked += 1
        for first in (conversation.orig_first, conversation.resp_first):
            if first.startswith(self.prefix):
                return Dissection("probe", (Fact("probe.text", first.hex()),))
        return None


def of(
    probe: Probe,
    *,
    service: str = "probe",
    ports: frozenset[int] = frozenset(),
    rank: int = 50,
    first_bytes: frozenset[int] = ANY_BYTE,
    is_layer: bool = False,
) -> Dissector:
    return Dissector(
        service=service,
        title="",
        transports=frozenset((TCP,)),
        first_bytes=first_bytes,
        dissect=probe,
        ports=ports,
        rank=rank,
        is_layer=is_layer,
        how="",
        source="",
    )


def test_the_lower_rank_is_asked_first() -> None:
    early, late = Probe(b"a"), Probe(b"a")
    registry = Registry([of(late, rank=60), of(early, rank=10)])
    assert registry.dissect(tcp(b"abc")).service == "probe"
    assert (early.asked, late.asked) == (1, 0)


def test_a_port_brings_a_dissector_to_the_front_but_does_not_decide() -> None:
    early, hinted = Probe(b"a"), Probe(b"b")
    registry = Registry([of(early, rank=10), of(hinted, rank=60, ports=frozenset((80,)))])
    registry.dissect(tcp(b"abc", port=80))
    assert (early.asked, hinted.asked) == (1, 1)
    registry.dissect(tcp(b"bcd", port=80))
    assert (early.asked, hinted.asked) == (1, 2)


def test_a_first_byte_that_does_not_fit_saves_the_question() -> None:
    probe = Probe(b"x")
    registry = Registry([of(probe, first_bytes=frozenset(b"x"))])
    assert registry.dissect(tcp(b"abc")) is NOTHING
    assert probe.asked == 0


def test_the_responders_first_byte_is_tried_where_the_originators_leads_nowhere() -> None:
    probe = Probe(b"x")
    registry = Registry([of(probe, first_bytes=frozenset(b"x"))])
    assert registry.dissect(tcp(b"abc", b"xyz")).service == "probe"


def test_nobody_is_asked_twice_for_the_two_sides() -> None:
    probe = Probe(b"never")
    Registry([of(probe)]).dissect(tcp(b"abc", b"xyz"))
    assert probe.asked == 1


def test_a_layer_adds_its_facts_to_the_answer_of_another_service() -> None:
    outer, layer = Probe(b"a"), Probe(b"abc")
    registry = Registry([of(outer), of(layer, service="layer", rank=90, is_layer=True)])
    assert registry.dissect(tcp(b"abc")) == Dissection("probe", (Fact("probe.text", "616263"),))
    assert layer.asked == 1


def test_a_layer_answers_itself_where_nobody_else_does() -> None:
    registry = Registry([of(Probe(b"z")), of(Probe(b"a"), service="layer", is_layer=True)])
    assert registry.dissect(tcp(b"abc")).service == "probe"


def test_a_tunnel_through_a_proxy_tells_both_hosts() -> None:
    hello = hello_record(sni_extension(b"inner.example"))
    found = Registry().dissect(tcp(b"CONNECT outer.example:443 HTTP/1.1\r\n\r\n" + hello))
    assert found.service == "http"
    assert found.first("http.host") == "outer.example"
    assert found.first("tls.sni") == "inner.example"


def test_an_empty_conversation_and_another_transport_give_nothing() -> None:
    registry = Registry([of(Probe(b""))])
    assert registry.dissect(tcp()) is NOTHING
    assert registry.dissect(udp(b"abc")) is NOTHING
    assert registry.dissect(Conversation(47, 0, 0, (b"abc",), ())) is NOTHING


def test_a_short_conversation_is_remembered_whatever_its_ephemeral_port() -> None:
    probe = Probe(b"a")
    registry = Registry([of(probe)])
    first = registry.dissect(Conversation(TCP, 40000, 99, (b"abc",), ()))
    assert registry.dissect(Conversation(TCP, 40001, 99, (b"abc",), ())) is first
    assert probe.asked == 1


def test_the_originators_port_is_told_apart_where_it_means_something() -> None:
    probe = Probe(b"a")
    registry = Registry([of(probe, ports=frozenset((5353,)))])
    for port in (53, 137, 5353, 50000):
        registry.dissect(Conversation(TCP, port, 99, (b"abc",), ()))
    assert probe.asked == 4


def test_equal_answers_of_long_conversations_are_one_object() -> None:
    probe = Probe(b"a")
    registry = Registry([of(probe)])
    long = b"a" * (MEMO_BYTES + 1)
    assert registry.dissect(tcp(long)) is registry.dissect(tcp(bytes(bytearray(long))))
    assert probe.asked == 2


def test_memory_is_bounded_and_forgetting_changes_no_answer() -> None:
    registry = Registry([of(Probe(b"a"))], memo_size=8)
    for number in range(100):
        text = b"a%d" % number
        assert registry.dissect(tcp(text)).first("probe.text") == text.hex()
        assert len(registry._memo) <= 8
        assert len(registry._known) <= 8


def test_the_shipped_dissectors_are_found_and_work_together() -> None:
    services = {d.service for d in shipped()}
    assert {"dns", "tls", "http", "http2", "quic", "dtls"} <= services
    registry = Registry()
    hello = hello_record(sni_extension(b"cam.example"))
    assert registry.dissect(tcp(hello, port=8883)).first("tls.sni") == "cam.example"
    assert registry.dissect(udp(dns_query("cam.example"), port=53)).service == "dns"
    assert registry.dissect(tcp(b"220 x\r\n<starttls/>" + hello)).first("tls.sni") == "cam.example"


def test_every_shipped_dissector_describes_itself() -> None:
    for dissector in shipped():
        assert dissector.title
        assert dissector.how
        assert dissector.source
        assert dissector.transports <= {TCP, UDP}
        assert dissector.first_bytes
