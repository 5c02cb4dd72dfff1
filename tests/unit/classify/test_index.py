from monitor.classify.index import Catalog, fits, is_tail, keyed_by, service_port
from monitor.model.facts import Dissection, Fact
from monitor.model.records import FlowView
from monitor.model.words import Protocol, Scope
from tests.support.catalog import catalog, entry

TCP, UDP = Protocol.TCP, Protocol.UDP


def http(path: str, method: str = "GET") -> Dissection:
    return Dissection("http", (Fact("http.method", method), Fact("http.path", path)))


def hits(knowledge: Catalog, dissection: Dissection) -> list[str]:
    return [hit.entry.id for hit in knowledge.by_fact(dissection)]


def test_a_fact_test_is_a_whole_value_a_pattern_or_a_word_without_regard_to_case() -> None:
    knowledge = catalog(
        entry("t/whole", fact={"http.path": "/list"}),
        entry("t/pattern", fact={"http.path": "/fw/*.txt"}),
        entry("t/word", fact={"http.path": "word:upgrade"}),
    )
    assert hits(knowledge, http("/List")) == ["t/whole"]
    assert hits(knowledge, http("/FW/Info3.txt")) == ["t/pattern"]
    assert hits(knowledge, http("/agent/upgrade?p=1")) == ["t/word"]
    assert hits(knowledge, http("/upgraded")) == []
    assert hits(knowledge, http("/register?upgrade=1")) == []


def test_every_fact_of_an_entry_must_be_there() -> None:
    both = entry("t/both", fact={"http.path": "/list", "http.method": "post"})
    view = FlowView(TCP, http("/list", "POST"))
    assert fits(both, view)
    assert not fits(both, view._replace(dissection=http("/list", "GET")))


def test_conditions_on_transport_port_service_scope_and_direction_all_count() -> None:
    narrow = entry(
        "t/narrow",
        service="pppp",
        transport="udp",
        port="32100-32102",
        scope="outside",
        initiated_by="camera",
    )
    view = FlowView(UDP, Dissection("pppp"), resp_port=32101)
    assert fits(narrow, view)
    assert not fits(narrow, view._replace(protocol=TCP))
    assert not fits(narrow, view._replace(resp_port=32103))
    assert not fits(narrow, view._replace(dissection=Dissection("stun")))
    assert not fits(narrow, view._replace(scope=Scope.SITE))
    assert not fits(narrow, view._replace(initiated_by="destination"))


def test_a_silent_entry_is_for_flows_without_payload() -> None:
    silent = entry("t/silent", transport="tcp", port=554, silent=True)
    assert fits(silent, FlowView(TCP, resp_port=554))
    assert not fits(silent, FlowView(TCP, resp_port=554, orig_data_pkts=1))


def test_an_entry_stands_in_the_index_of_its_most_telling_condition() -> None:
    assert keyed_by(entry("t/a", name="x.example", service="http")) == "name"
    assert keyed_by(entry("t/b", address="8.8.8.8", port=53)) == "address"
    assert keyed_by(entry("t/c", fact={"a.b": "c"}, service="http")) == "fact"
    assert keyed_by(entry("t/d", service="http", transport="tcp", port=80)) == "service"
    assert keyed_by(entry("t/e", transport="tcp", port=80)) == "port"


def test_addresses_services_and_ports_are_looked_up() -> None:
    knowledge = catalog(
        entry("t/a", address="2001:4860:4860:0:0:0:0:8888"),
        entry("t/s", service=["stun", "turn"]),
        entry("t/p", transport="udp", port="10-12"),
    )
    assert [e.id for e in knowledge.by_address("2001:4860:4860::8888")] == ["t/a"]
    assert [e.id for e in knowledge.by_service("turn")] == ["t/s"]
    assert [e.id for e in knowledge.by_port("udp", 11)] == ["t/p"]
    assert knowledge.by_port("tcp", 11) == ()
    assert knowledge.ports == {10, 11, 12}


def test_the_tail_of_a_flow_keeps_the_port_of_the_server_and_the_camera_as_its_opener() -> None:
    tail = FlowView(TCP, initiated_by="destination", orig_port=8883, resp_port=40000)
    assert is_tail(tail)
    assert service_port(tail) == 8883
    assert fits(entry("t/x", transport="tcp", port=8883, initiated_by="camera"), tail)
    visit = tail._replace(orig_port=40001, resp_port=80)
    assert not is_tail(visit)
    assert service_port(visit) == 80
