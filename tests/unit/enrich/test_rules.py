"""What the facts of a conversation say of the devices at its ends."""

from pathlib import Path

import pytest

from monitor.enrich.identity import Thresholds
from monitor.enrich.makers import Makers
from monitor.enrich.rules import SILENT, Rules
from monitor.errors import ConfigError
from monitor.model.facts import Dissection, Fact
from monitor.model.records import Signal

ONE = """
rules:
- {fact: x.model, match: "^M", with: {x.message: answer}, without: {x.state: bye}, who: answerer,
   asked: {x.message: search}, says: {maker=Dahua: 0.7, model: 0.9}, source: a test}
"""


@pytest.fixture(scope="module")
def makers() -> Makers:
    return Makers.load(Thresholds.load().weights)


@pytest.fixture(scope="module")
def shipped(makers: Makers) -> Rules:
    return Rules.load(makers)


def loaded(makers: Makers, folder: Path, text: str = ONE) -> Rules:
    path = folder / "signals.yaml"
    path.write_text(text)
    return Rules.load(makers, path)


def shows(*facts: tuple[str, str], service: str = "") -> Dissection:
    return Dissection(service, tuple(Fact(kind, value) for kind, value in facts))


def says(signals: tuple[Signal, ...]) -> set[str]:
    return {signal.says for signal in signals}


ANSWER = (("x.message", "answer"), ("x.model", "M7"))


def test_an_answer_that_nobody_was_seen_to_ask_for_is_the_originators(
    makers: Makers, tmp_path: Path
) -> None:
    rules = loaded(makers, tmp_path)
    for answered in (False, True):
        sides = rules.sides(shows(*ANSWER), answered=answered)
        assert says(sides.orig) == {"maker=Dahua", "model=M7"}
        assert sides.resp == ()


def test_an_answer_in_the_conversation_that_asked_is_the_responders(
    makers: Makers, tmp_path: Path
) -> None:
    rules = loaded(makers, tmp_path)
    sides = rules.sides(shows(("x.message", "search"), *ANSWER), answered=True)
    assert (sides.orig, says(sides.resp)) == ((), {"maker=Dahua", "model=M7"})


@pytest.mark.parametrize(
    "facts",
    [
        (("x.model", "M7"),),
        (("x.message", "answer"), ("x.model", "N7")),
        (*ANSWER, ("x.state", "bye")),
        (("y.model", "M7"),),
        (),
    ],
)
def test_a_rule_whose_conditions_do_not_hold_is_silent(
    makers: Makers, tmp_path: Path, facts: tuple[tuple[str, str], ...]
) -> None:
    assert loaded(makers, tmp_path).sides(shows(*facts), answered=True) is SILENT


def test_a_signal_tells_its_sort_its_value_and_its_source(makers: Makers, tmp_path: Path) -> None:
    sides = loaded(makers, tmp_path).sides(shows(*ANSWER), answered=False)
    assert sides.orig[0] == Signal("x", "M7", "maker=Dahua", 0.7, "a test")


def test_a_long_value_is_cut(shipped: Rules) -> None:
    sides = shipped.sides(shows(("sadp.model", "A" * 4000)), answered=False)
    assert max(len(signal.value) for signal in sides.orig) == 96
    assert max(len(signal.says) for signal in sides.orig) <= len("model=") + 48


def test_the_server_of_a_page_is_the_responder(shipped: Rules) -> None:
    page = shows(
        ("http.method", "GET"), ("http.status", "401"), ("http.realm", "TP-Link IP-Camera")
    )
    sides = shipped.sides(page, answered=True)
    assert sides.orig == ()
    assert {"maker=TP-Link", "kind=camera"} <= says(sides.resp)


def test_the_server_of_a_page_that_was_seen_from_its_middle_is_the_originator(
    shipped: Rules,
) -> None:
    page = shows(
        ("http.status", "401"), ("http.realm", "TP-Link IP-Camera"), ("http.method", "GET")
    )
    sides = shipped.sides(page, answered=True)
    assert "maker=TP-Link" in says(sides.orig)
    assert sides.resp == ()


def test_a_search_says_nothing_of_who_searches(shipped: Rules) -> None:
    probe = shows(
        ("ws-discovery.message", "probe"), ("ws-discovery.types", "NetworkVideoTransmitter")
    )
    assert shipped.sides(probe, answered=False) is SILENT
    search = shows(("ssdp.message", "search"), ("ssdp.target", "device:InternetGatewayDevice:1"))
    assert shipped.sides(search, answered=False) is SILENT


@pytest.mark.parametrize(
    ("first", "end"), [("D2C_T", 0), ("D2R_HB", 0), ("C2D_C", 1), ("C2M_Q", None)]
)
def test_who_begins_tells_which_side_of_reolinks_protocol_is_the_device(
    shipped: Rules, first: str, end: int | None
) -> None:
    other = "D2C_C_R" if first[0] == "C" else "C2D_S"
    sides = shipped.sides(shows(("bcudp.message", first), ("bcudp.message", other)), answered=True)
    said = ["maker=Reolink" in says(side) for side in sides]
    assert said == [end == 0, end == 1]


def test_a_loudspeaker_that_uses_rtsp_is_no_camera(shipped: Rules) -> None:
    """AirPlay and Miracast set up and play, but ask for no description."""
    for facts in (
        (("rtsp.method", "SETUP"), ("rtsp.method", "PLAY"), ("rtsp.status", "200")),
        (("rtsp.method", "DESCRIBE"), ("rtsp.status", "200"), ("rtsp.server", "AirTunes/220.68")),
    ):
        assert shipped.sides(shows(*facts), answered=True).resp == ()


def test_a_relayed_page_of_a_telephone_speaks_for_no_camera(shipped: Rules) -> None:
    page = shows(("http.method", "GET"), ("http.user_agent", "Dalvik/2.1.0 (Linux; U; Android 10)"))
    assert says(shipped.sides(page, answered=True).orig) == {"kind=other"}


def test_the_vendor_class_of_axis_tells_model_and_version(shipped: Rules) -> None:
    own = shipped.own([Fact("own-dhcp.vendor_class", "AXIS,Network Camera,M1065-LW,8.20.1")])
    expected = {"maker=Axis", "kind=camera", "model=M1065-LW", "firmware=8.20.1"}
    assert expected <= says(own)


def test_every_rule_reads_a_fact_that_a_dissector_or_a_message_gives(shipped: Rules) -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "protocols.md").read_text("utf-8")
    own = {f"own-dhcp.{name}" for name in ("hostname", "fqdn", "vendor_class", "parameters")}
    own |= {f"own-mdns.{name}" for name in ("service", "instance", "host")}
    for rule in shipped.rules:
        kinds = {rule.fact, *(kind for kind, _ in (*rule.having, *rule.lacking))}
        kinds |= {rule.asked[0]} if rule.asked else set()
        assert all(kind in own or f"| `{kind}` |" in page for kind in kinds), rule


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("who: answerer", "who: somebody"),
        ('"^M"', '"(M"'),
        ("maker=Dahua: 0.7", "maker=Nobody: 0.7"),
        ("maker=Dahua: 0.7", "kind=lamp: 0.7"),
        ("maker=Dahua: 0.7", "maker=Dahua: 1.7"),
        ("maker=Dahua: 0.7", "colour: 0.7"),
        ("maker=Dahua: 0.7, model: 0.9", ""),
        ("{x.state: bye}", "[x.state]"),
        ("source: a test", "beside: lamp, source: a test"),
        ("source: a test", "because: a test"),
    ],
)
def test_a_wrong_rule_is_refused_with_the_file_and_what_to_do(
    makers: Makers, tmp_path: Path, old: str, new: str
) -> None:
    assert ONE.count(old) == 1
    with pytest.raises(ConfigError, match=r"signals\.yaml: .*[;:]"):
        loaded(makers, tmp_path, ONE.replace(old, new))


def test_what_is_remembered_is_bounded(makers: Makers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.enrich.rules.MAX_CACHED", 2)
    rules = Rules.load(makers)
    for number in range(5):
        rules.sides(shows(("sadp.model", f"DS-2CD{number}")), answered=False)
    assert len(rules._known) <= 2
