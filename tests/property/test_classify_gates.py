"""What spares the asking of rules changes no answer."""

from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

from monitor.classify import Classifier
from monitor.classify.behaviour import RULES
from monitor.classify.classifier import Kind
from monitor.classify.evidence import P2P, Opinion
from monitor.classify.gates import gate_of
from monitor.classify.load import load_catalog
from monitor.classify.rules import SCAN_HOSTS, SCAN_PORTS
from monitor.model.facts import NOTHING, Dissection, Fact
from monitor.model.records import FlowView, Verdict
from monitor.model.words import Confidence, Outcome, Purpose, Scope

CATALOG = load_catalog()
DISSECTIONS = (
    NOTHING,
    Dissection("tls"),
    Dissection("tls", (Fact("tls.version", "TLS 1.3"),)),
    Dissection("ntp"),
    Dissection("pppp", (Fact("pppp.message", "data"),)),
    Dissection("http", (Fact("http.path", "/ota/check"),)),
)
payloads = st.sampled_from(
    [0, 1, 900, 19_999, 49_999, 50_000, 63_999, 64_000, 99_999, 100_000, 200_000, 4_000_000]
)
packets = st.sampled_from([0, 1, 2, 3, 60, 5000])
company = st.lists(
    st.sampled_from([Purpose.P2P_RENDEZVOUS, Purpose.UPDATE_CHECK, Purpose.PUSH]), max_size=3
).map(tuple)
views = st.builds(
    FlowView,
    st.sampled_from([6, 17]),
    st.sampled_from(DISSECTIONS),
    st.sampled_from([Scope.OUTSIDE, Scope.OUTSIDE, Scope.SITE]),
    st.sampled_from(["camera", "camera", "destination"]),
    st.sampled_from([443, 50000]),
    st.integers(9000, 9014),
    st.sampled_from(["", "", "ota.somewhere.com", "api.somewhere.com", "q7.zzxy.example"]),
    st.just("dns"),
    st.integers(1, 12).map("198.51.100.{}".format),
    st.sampled_from(Outcome),
    packets,
    packets,
    orig_payload=payloads,
    resp_payload=payloads,
    orig_data_pkts=packets,
    resp_data_pkts=packets,
    duration_s=st.sampled_from([0.0, 59.9, 60.0, 600.0]),
    is_ongoing=st.sampled_from([False, False, False, True]),
    is_handshake=st.booleans(),
    before=company,
    siblings=company,
    ports_tried=st.integers(0, 20),
    hosts_tried=st.integers(0, 20),
)
opinions = st.builds(
    Opinion,
    st.sampled_from(Purpose),
    st.sampled_from([Confidence.HIGH, Confidence.LOW]),
    st.just(()),
    st.frozensets(st.sampled_from([Purpose.UPDATE_CHECK, Purpose.CLOUD_STORAGE])),
)


@settings(max_examples=300, deadline=None)
@given(views, opinions)
def test_a_rule_has_nothing_to_say_of_a_flow_before_its_gate(
    view: FlowView, opinion: Opinion
) -> None:
    for rule in RULES:
        gate = gate_of((rule,), view)
        is_past = (
            max(view.orig_payload, view.resp_payload) >= gate.payload
            or view.duration_s >= gate.seconds
            or view.is_ongoing
            or (gate.friend and not P2P.isdisjoint(view.siblings))
            or (gate.vain and view.hosts_tried >= SCAN_HOSTS)
            or (gate.vain and view.ports_tried >= SCAN_PORTS)
        )
        if not is_past:
            assert rule.ask(view, opinion) is None


class Thorough(Classifier):
    """Asks every rule of every flow."""

    @override
    def at_once(
        self,
        kind: Kind,
        camera: str,
        at_ns: int,
        destination: str,
        resp_port: int,
        payload: int,
        seconds: float,
    ) -> Verdict | None:
        return None


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(views, st.sampled_from(["a", "a", "b"]), st.sampled_from([0, 1, 11, 130, 4000])),
        max_size=40,
    )
)
def test_answers_are_those_of_asking_every_rule_of_every_flow(
    flows: list[tuple[FlowView, str, int]],
) -> None:
    quick, thorough = Classifier(CATALOG), Thorough(CATALOG)
    at_ns = 1_700_000_000 * 10**9
    for view, camera, gap_s in flows:
        at_ns += gap_s * 10**9
        assert quick.classify(view, camera, at_ns) == thorough.classify(view, camera, at_ns)
