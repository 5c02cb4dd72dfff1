import pytest

from monitor.classify.behaviour import RULES, Rule, rules_for
from monitor.classify.gates import NEVER, OPEN, SHUT, Gate, gate_of
from monitor.model.facts import Dissection
from monitor.model.records import FlowView
from monitor.model.words import Outcome, Protocol, Purpose, Scope

TCP, UDP = Protocol.TCP, Protocol.UDP
RULE = {rule.id: rule for rule in RULES}


def gate(rule: str, view: FlowView) -> Gate:
    return gate_of((RULE[rule],), view)


def test_a_kind_without_rules_is_never_asked() -> None:
    assert gate_of((), FlowView(TCP)) == SHUT
    assert SHUT == (NEVER, NEVER, False, False)


def test_a_rule_without_a_gate_is_always_asked() -> None:
    new = Rule("new", frozenset((Purpose.DNS,)), lambda _view, _opinion: None, "")
    assert gate_of((new,), FlowView(TCP)) == OPEN
    assert gate("download-that-only-asks", FlowView(TCP)) == OPEN


def test_answered_unknown_bytes_are_asked_when_large_or_long_or_among_friends() -> None:
    asked = rules_for(Purpose.UNKNOWN)
    wanted = Gate(payload=64_000, seconds=60.0, friend=True, vain=False)
    assert gate_of(asked, FlowView(TCP, orig_data_pkts=1)) == wanted
    assert gate_of(asked, FlowView(UDP, orig_data_pkts=1)) == wanted
    within = gate_of(asked, FlowView(UDP, scope=Scope.SITE))
    assert within == Gate(payload=200_000, friend=True)


def test_silence_is_asked_where_the_camera_searches_or_is_answered_over_tcp() -> None:
    asked = rules_for(Purpose.UNKNOWN, silent=True)
    vain = FlowView(TCP, outcome=Outcome.UNANSWERED)
    assert gate_of(asked, vain) == Gate(vain=True)
    assert gate_of(asked, vain._replace(outcome=Outcome.ANSWERED)) == OPEN
    assert gate_of(asked, FlowView(UDP)) == SHUT
    assert gate_of(asked, vain._replace(initiated_by="destination")) == SHUT


@pytest.mark.parametrize(
    ("rule", "payload"),
    [
        ("media-over-p2p", 20_000),
        ("image-after-check", 100_000),
        ("check-that-uploads", 50_000),
        ("clip-to-api", 200_000),
        ("download-after-check", 200_000),
        ("video-upload", 64_000),
    ],
)
def test_a_rule_about_sizes_waits_for_the_least_of_them(rule: str, payload: int) -> None:
    assert gate(rule, FlowView(TCP)) == Gate(payload=payload)


def test_tls_may_be_older_than_the_capture_and_nameless_so_that_it_is_always_asked() -> None:
    tls = FlowView(TCP, Dissection("tls"))
    assert gate("message-channel", tls) == OPEN
    assert gate("message-channel", FlowView(TCP, orig_data_pkts=1)) == Gate(seconds=60.0)
    assert gate("message-channel", FlowView(TCP)) == OPEN
    assert gate("nameless-tls", tls) == OPEN
    assert gate("nameless-tls", tls._replace(name="a.example")) == SHUT


def test_a_flow_from_outside_is_asked_when_unanswered_or_from_a_friend() -> None:
    view = FlowView(TCP, initiated_by="destination")
    assert gate("punch-from-outside", view) == Gate(friend=True)
    assert gate("punch-from-outside", view._replace(outcome=Outcome.REFUSED)) == OPEN
