from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.classify.entry import Entry, Match
from monitor.classify.index import Catalog
from monitor.classify.load import load_catalog
from monitor.forensics.reckoning import changes, confidence_steps, reckon
from monitor.model.records import Destination, Device, Evidence, FlowRecord, Side, Verdict
from monitor.model.words import Confidence, Purpose, Scope
from tests.support.forensic_runs import records, replayed
from tests.support.shared import ROOT


def entry(ident: str, purpose: Purpose, confidence: Confidence, **match: object) -> Entry:
    return Entry(
        id=ident, maker="Maker", match=Match(**match), purpose=purpose, confidence=confidence,  # type: ignore[arg-type]  # fields of Match
        about="what it is", source=("a document",), seen="2026-11-23",
    )  # fmt: skip


CATALOG = Catalog(
    [
        entry("m/log", Purpose.DIAGNOSTICS, Confidence.HIGH, name=("log.m.example",)),
        entry("m/path", Purpose.DIAGNOSTICS, Confidence.MEDIUM, fact=(("http.path", ("/s",)),)),
        entry("m/port", Purpose.CLOUD_API, Confidence.HIGH, transport="tcp", port=((80, 80),)),
        entry("m/both", Purpose.PUSH, Confidence.HIGH,
              fact=(("http.path", ("/p",)), ("http.user_agent", ("agent*",)))),
    ]
)  # fmt: skip


@pytest.fixture
def flow() -> Callable[..., FlowRecord]:
    def make(verdict: Verdict, name: str = "log.m.example", service: str = "http") -> FlowRecord:
        return FlowRecord(
            "0" * 16, "1:x=", 0, 10**9, None, Scope.OUTSIDE, "tcp", service, Device("10.0.0.1"),
            Destination("45.1.2.3", 80, name, "http" if name else "", "", 0, "", "", ""),
            "camera", "answered", Side("10.0.0.1", 4000, 5, 500), Side("45.1.2.3", 80, 5, 500),
            verdict,
        )  # fmt: skip

    return make


def test_the_weights_of_signs_that_agree_are_worked_out(flow: Callable[..., FlowRecord]) -> None:
    name = Evidence("name", "log.m.example", "m/log")
    path = Evidence("fact", "http.path=/s", "m/path")
    verdict = Verdict(Purpose.DIAGNOSTICS, Confidence.HIGH, (name, path))
    reckoned = reckon(flow(verdict), CATALOG)
    assert reckoned is not None
    weights = {sign.evidence: round(sign.weight, 4) for sign in reckoned.signs}
    # An exact name 0.88 of an entry with high, a fact 0.92 of one with medium confidence (0.8).
    assert weights == {name: 0.88, path: 0.736}
    assert reckoned.score == pytest.approx(1 - 0.12 * 0.264)
    assert confidence_steps(reckoned) == (Confidence.HIGH, False)


def test_what_would_change_the_answer_is_worked_out(flow: Callable[..., FlowRecord]) -> None:
    name = Evidence("name", "log.m.example", "m/log")
    reckoned = reckon(flow(Verdict(Purpose.DIAGNOSTICS, Confidence.HIGH, (name,))), CATALOG)
    assert reckoned is not None
    assert "without the name log.m.example: unknown" in changes(reckoned)


def test_a_fact_that_an_entry_asks_for_besides_is_taken_for_granted(
    flow: Callable[..., FlowRecord],
) -> None:
    path = Evidence("fact", "http.path=/p", "m/both")
    reckoned = reckon(flow(Verdict(Purpose.PUSH, Confidence.HIGH, (path,)), name=""), CATALOG)
    assert reckoned is not None
    assert reckoned.opinion.evidence == (path,)


def test_a_rule_of_behaviour_is_kept_apart_from_the_signs(flow: Callable[..., FlowRecord]) -> None:
    port = Evidence("port", "tcp/80", "m/port")
    rule = Evidence("behaviour", "sent 900 kB: a clip or video")
    verdict = Verdict(Purpose.CLOUD_STORAGE, Confidence.LOW, (rule, port))
    reckoned = reckon(flow(verdict, name="", service=""), CATALOG)
    assert reckoned is not None
    assert reckoned.rule is not None
    assert reckoned.rule.rule.id == "clip-to-api"
    assert reckoned.opinion.purpose is Purpose.CLOUD_API
    assert (
        changes(reckoned)[0] == "without what the rule clip-to-api saw: cloud-api, confidence low"
    )


def test_an_answer_that_the_catalogue_no_longer_gives_is_not_made_up(
    flow: Callable[..., FlowRecord],
) -> None:
    gone = Evidence("name", "log.m.example", "m/gone")
    assert reckon(flow(Verdict(Purpose.PUSH, Confidence.HIGH, (gone,))), CATALOG) is None


def test_every_answer_of_the_samples_is_worked_out_again(tmp_path: Path) -> None:
    folder = replayed(tmp_path / "run", *sorted(ROOT.glob("pcaps/*/input.pcap")))
    catalog = load_catalog(None)
    lost = [one for one in records(folder) if reckon(one, catalog) is None]
    assert lost == []
