"""Whatever a flow looks like, the classifier answers, explains, and does not change its mind."""

import re
import string

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.classify import Classifier
from monitor.classify.behaviour import RULES
from monitor.classify.evidence import Sign, weigh
from monitor.classify.load import load_catalog
from monitor.classify.names import host_labels, label_words
from monitor.model.facts import NOTHING, Dissection, Fact
from monitor.model.records import Evidence, FlowView, Verdict
from monitor.model.words import Confidence, EndReason, NameSource, Outcome, Purpose, Scope

CATALOG = load_catalog()
KINDS = sorted({kind for e in CATALOG.entries.values() for kind, _ in e.match.fact})
SERVICES = [
    "",
    *sorted({s for e in CATALOG.entries.values() for s in e.match.service}),
    "tls",
    "http",
]
KNOWN = sorted(
    {name.lstrip(".").replace("*", "x") for e in CATALOG.entries.values() for name in e.match.name}
)
PORTS = sorted(CATALOG.ports)

labels = st.text(string.ascii_lowercase + string.digits + "-_*", max_size=12)
names = st.one_of(
    st.just(""),
    st.sampled_from(KNOWN),
    st.lists(labels, min_size=1, max_size=5).map(".".join),
    st.tuples(labels, st.sampled_from(KNOWN)).map(".".join),
    st.text(max_size=20),
)
facts = st.lists(st.builds(Fact, st.sampled_from(KINDS), st.text(max_size=30)), max_size=4).map(
    tuple
)
counts = st.integers(0, 2**40)
views = st.builds(
    FlowView,
    st.sampled_from([1, 2, 6, 17, 47, 50, 58, 132, 255]),
    st.one_of(st.just(NOTHING), st.builds(Dissection, st.sampled_from(SERVICES), facts)),
    st.sampled_from(Scope),
    st.sampled_from(["camera", "destination"]),
    st.integers(0, 65535),
    st.one_of(st.sampled_from(PORTS), st.integers(0, 65535)),
    names,
    st.sampled_from(["", *NameSource]),
    st.sampled_from(["8.8.8.8", "203.0.113.5", "2001:db8::1", ""]),
    st.sampled_from(Outcome),
    counts,
    counts,
    counts,
    counts,
    counts,
    counts,
    st.floats(0, 1e7),
    st.sampled_from(EndReason),
    st.booleans(),
    st.booleans(),
    st.lists(st.sampled_from(Purpose), max_size=4).map(tuple),
    st.lists(st.sampled_from(Purpose), max_size=4).map(tuple),
    st.integers(0, 100),
    st.integers(0, 100),
)
REMEMBERING = Classifier(CATALOG)


def sound(verdict: Verdict) -> bool:
    """Unknown without confidence, anything else with some and with evidence from real entries."""
    if verdict.purpose is Purpose.UNKNOWN:
        return verdict.confidence is Confidence.NONE
    return (
        verdict.confidence is not Confidence.NONE
        and 0 < len(verdict.evidence) <= 6
        and all(not e.catalog or e.catalog in CATALOG.entries for e in verdict.evidence)
    )


@settings(max_examples=150, deadline=None)
@given(views)
def test_every_flow_gets_a_sound_verdict_that_memory_does_not_change(view: FlowView) -> None:
    fresh = Classifier(CATALOG, memo_size=1).classify(view)
    assert sound(fresh)
    assert REMEMBERING.classify(view) == fresh
    assert REMEMBERING.classify(view) == fresh


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(views, st.sampled_from(["a", "b"])), max_size=12))
def test_the_same_flows_in_the_same_order_give_the_same_answers(
    flows: list[tuple[FlowView, str]],
) -> None:
    first, second = Classifier(CATALOG), Classifier(CATALOG, memo_size=2)
    for number, (view, camera) in enumerate(flows):
        at_ns = number * 10**9
        verdict = first.classify(view, camera, at_ns)
        assert sound(verdict)
        assert second.classify(view, camera, at_ns) == verdict


def shape(pattern: str) -> re.Pattern[str]:
    if "*" in pattern:
        text = ".*".join(map(re.escape, pattern.split("*")))
    elif pattern.startswith("."):
        text = r"(.*\.)?" + re.escape(pattern[1:])
    else:
        text = re.escape(pattern)
    return re.compile(text, re.DOTALL)


SHAPES = [
    (entry.id, pattern, shape(pattern))
    for entry in CATALOG.entries.values()
    for pattern in entry.match.name
]


def slowly(name: str) -> set[tuple[str, str]]:
    """Return what fits a name by trying every pattern of the catalogue."""
    return {(ident, pattern) for ident, pattern, text in SHAPES if text.fullmatch(name)}


@settings(max_examples=100, deadline=None)
@given(names.filter(bool))
def test_the_name_index_finds_what_trying_every_pattern_finds(name: str) -> None:
    assert {(hit.entry.id, hit.pattern) for hit in CATALOG.by_name(name)} == slowly(name)


@settings(max_examples=100, deadline=None)
@given(names)
def test_words_of_a_host_are_parts_of_its_labels(name: str) -> None:
    for label in host_labels(name):
        assert all(word in label.replace("_", "-") for word in label_words(label))


signs = st.lists(
    st.builds(
        Sign,
        st.just(Evidence("name", "x")),
        st.sampled_from(Purpose),
        st.just(()),
        st.floats(0, 0.99),
    ),
    max_size=6,
)


@settings(max_examples=100, deadline=None)
@given(signs, st.floats(0.5, 0.99))
def test_one_more_sign_for_the_winner_never_makes_another_win(
    some: list[Sign], weight: float
) -> None:
    before = weigh(some)
    if before.purpose is Purpose.UNKNOWN:
        return
    more = Sign(Evidence("name", "more"), before.purpose, (), weight)
    after = weigh([*some, more])
    assert after.purpose is before.purpose
    assert after.confidence.rank >= before.confidence.rank


@settings(max_examples=100, deadline=None)
@given(views)
def test_rules_of_behaviour_take_any_sizes_and_times(view: FlowView) -> None:
    for rule in RULES:
        for purpose in rule.when:
            change = rule.ask(view, weigh([])._replace(purpose=purpose))
            assert change is None or change.value
