from monitor.classify import rules
from monitor.classify.evidence import (
    Sign,
    gather,
    is_general,
    is_inbound,
    is_silent,
    is_storage,
    lowered,
    weigh,
)
from monitor.model.facts import Dissection
from monitor.model.records import Evidence, FlowView
from monitor.model.words import Confidence, Protocol, Purpose, Scope
from tests.support.catalog import catalog, entry

TCP, UDP = Protocol.TCP, Protocol.UDP


def sign(purpose: Purpose, weight: float, *also: Purpose) -> Sign:
    return Sign(Evidence("name", f"{purpose} {weight}"), purpose, also, weight)


def test_signs_that_agree_strengthen_each_other() -> None:
    one = weigh([sign(Purpose.PUSH, 0.7)])
    two = weigh([sign(Purpose.PUSH, 0.7), sign(Purpose.PUSH, 0.5)])
    assert (one.confidence, two.confidence) == (Confidence.MEDIUM, Confidence.HIGH)


def test_nothing_and_too_little_are_unknown_but_too_little_is_told() -> None:
    assert weigh([]).purpose is Purpose.UNKNOWN
    weak = weigh([sign(Purpose.PUSH, 0.2)])
    assert (weak.purpose, weak.confidence) == (Purpose.UNKNOWN, Confidence.NONE)
    assert [e.value for e in weak.evidence] == ["push 0.2"]


def test_a_rival_takes_a_step_of_confidence_and_stays_in_the_evidence() -> None:
    said = weigh([sign(Purpose.DNS, 0.95), sign(Purpose.PUSH, 0.88)])
    assert (said.purpose, said.confidence) == (Purpose.DNS, Confidence.MEDIUM)
    assert [e.value for e in said.evidence] == ["dns 0.95", "push 0.88"]


def test_other_purposes_of_a_sign_are_no_rivals() -> None:
    said = weigh([sign(Purpose.P2P_RENDEZVOUS, 0.95, Purpose.MEDIA_RELAY)])
    assert said.confidence is Confidence.HIGH
    assert said.also == {Purpose.MEDIA_RELAY}


def test_the_evidence_has_a_bound() -> None:
    many = [sign(Purpose.PUSH, 0.3) for _ in range(20)]
    assert len(weigh(many).evidence) == rules.EVIDENCE


def test_confidence_is_lowered_by_a_step_and_never_to_none() -> None:
    assert lowered(Confidence.HIGH) is Confidence.MEDIUM
    assert lowered(Confidence.LOW) is Confidence.LOW


def test_a_suffix_with_several_purposes_is_general_and_a_time_pool_is_not() -> None:
    assert is_general(entry("t/a", name=".a.example"))
    assert not is_general(entry("t/b", name=".b.example", purpose="ntp"))
    storage = entry("t/c", name=".c", purpose="cloud-storage", also="firmware-download")
    assert is_storage(storage)


def test_a_word_of_the_host_outdoes_what_is_said_of_the_whole_domain() -> None:
    knowledge = catalog(
        entry("t/all", name=".acme.com", purpose="p2p-rendezvous", also="cloud-api"),
        entry("t/log", word="log", purpose="diagnostics", confidence="medium"),
    )
    view = FlowView(TCP, Dissection("tls"), name="log.acme.com", name_source="sni")
    said = weigh(gather(view, knowledge))
    assert said.purpose is Purpose.DIAGNOSTICS
    assert [e.catalog for e in said.evidence] == ["t/log"]


def test_words_are_not_asked_where_an_entry_knows_the_host() -> None:
    knowledge = catalog(
        entry("t/host", name="log.acme.com", purpose="p2p-rendezvous"),
        entry("t/log", word="log", purpose="diagnostics"),
    )
    view = FlowView(TCP, name="log.acme.com", name_source="sni")
    assert [s.evidence.catalog for s in gather(view, knowledge)] == ["t/host"]


def test_the_transport_hints_which_purpose_of_a_domain_is_meant() -> None:
    knowledge = catalog(
        entry("t/all", name=".acme.com", purpose="p2p-rendezvous", also="cloud-api")
    )
    tls = FlowView(TCP, Dissection("tls"), name="x1.acme.com", name_source="sni")
    udp = FlowView(UDP, name="x1.acme.com", name_source="dns")
    assert weigh(gather(tls, knowledge)).purpose is Purpose.CLOUD_API
    assert weigh(gather(udp, knowledge)).purpose is Purpose.P2P_RENDEZVOUS


def test_a_name_seen_on_the_other_transport_is_less_sure() -> None:
    knowledge = catalog(
        entry("t/p2p", name="p.acme.com", purpose="p2p-rendezvous", usual=["udp/8800"])
    )
    udp = FlowView(UDP, name="p.acme.com", name_source="sni")
    tcp = udp._replace(protocol=TCP)
    assert weigh(gather(udp, knowledge)).confidence is Confidence.HIGH
    assert weigh(gather(tcp, knowledge)).confidence is Confidence.MEDIUM


def test_a_port_is_asked_only_where_the_bytes_are_not_known() -> None:
    knowledge = catalog(entry("t/port", transport="udp", port=32100, purpose="p2p-rendezvous"))
    unknown = FlowView(UDP, resp_port=32100, orig_data_pkts=1)
    known = unknown._replace(dissection=Dissection("dns"))
    assert [s.evidence.kind for s in gather(unknown, knowledge)] == ["port"]
    assert gather(known, knowledge) == []
    assert weigh(gather(unknown, knowledge)).confidence is Confidence.LOW


def test_who_opened_a_flow_from_outside() -> None:
    opened = FlowView(TCP, initiated_by="destination", orig_port=40000, resp_port=80)
    assert is_inbound(opened)
    assert not is_inbound(opened._replace(scope=Scope.SITE))
    assert not is_inbound(opened._replace(initiated_by="camera"))


def test_the_tail_of_an_older_flow_is_not_from_outside() -> None:
    tail = FlowView(TCP, initiated_by="destination", orig_port=443, resp_port=51000)
    assert not is_inbound(tail)
    assert not is_inbound(tail._replace(orig_port=8883))
    assert is_inbound(tail._replace(orig_port=50000))
    assert not is_inbound(tail._replace(orig_port=50000, is_handshake=False))
    answer = FlowView(UDP, initiated_by="destination", orig_port=53, resp_port=41000)
    assert not is_inbound(answer)


def test_silence_is_no_payload_on_either_side() -> None:
    assert is_silent(FlowView(TCP))
    assert not is_silent(FlowView(TCP, resp_data_pkts=1))
