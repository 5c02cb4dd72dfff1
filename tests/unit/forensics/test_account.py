import json

import pytest

from monitor.forensics.account import account
from monitor.forensics.account_text import lines
from monitor.forensics.folder import RunFolder
from monitor.forensics.shown import shown
from monitor.model.records import FlowRecord
from tests.support.forensic_runs import records, replayed
from tests.support.shared import ROOT

CHATTY = ROOT / "pcaps" / "a-hikvision-camera-keeps-its-cloud-connections" / "input.pcap"


@pytest.fixture(scope="module")
def chatty(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return replayed(tmp_path_factory.mktemp("run"), CHATTY)


@pytest.fixture
def statistics(chatty: RunFolder) -> FlowRecord:
    return next(
        one
        for one in records(chatty)
        if one.destination.name == "log.ys7.com" and one.service == "http"
    )


def test_the_account_names_every_step(chatty: RunFolder, statistics: FlowRecord) -> None:
    text = "\n".join(lines(account(chatty, statistics)))
    for part in (
        "Answer: diagnostics, confidence high",
        "camera 10.20.3.11",
        "destination 121.43.18.40 port 80, outside the site",
        "the camera spoke first; it was answered",
        "the protocol http, recognised from payload and not from the port",
        "log.ys7.com (http): the one who opened the flow named it in the Host line",
        "entry ezviz/log.ys7.com: diagnostics, confidence high",
        "source: pcap ",
        "high begins at 0.80, medium at 0.50, low at 0.25",
        "operator of the service: EZVIZ, at home in CN",
        "(AS37963)",
        "country of the address block: CN",
        "database of country: ",
        "where the server itself stands",
        "lost: nothing",
    ):
        assert part in text


def test_the_account_is_plain_data(chatty: RunFolder, statistics: FlowRecord) -> None:
    told = json.loads(json.dumps(account(chatty, statistics)))
    assert told["purpose"] == "diagnostics"
    assert told["name"]["source"] == "http"
    assert {one["catalog"] for one in told["evidence"]} == {
        "ezviz/log.ys7.com", "ezviz/statistics.do"
    }  # fmt: skip
    assert all(one["entry"]["source"] for one in told["evidence"])


def test_every_flow_has_an_account_of_one_line_a_line(chatty: RunFolder) -> None:
    for record in records(chatty):
        for line in lines(account(chatty, record)):
            assert line == shown(line, len(line) + 1)


def test_names_from_the_wire_are_escaped(chatty: RunFolder, statistics: FlowRecord) -> None:
    to = statistics.destination._replace(name="a\x1b]0;owned\x07.example")
    text = "\n".join(lines(account(chatty, statistics._replace(destination=to))))
    assert "\x1b" not in text
    assert r"a\x1b]0;owned\x07.example" in text


def test_an_entry_that_is_gone_is_said_to_be(chatty: RunFolder, statistics: FlowRecord) -> None:
    first = statistics.verdict.evidence[0]._replace(catalog="nobody/nothing")
    verdict = statistics.verdict._replace(evidence=(first,))
    text = "\n".join(lines(account(chatty, statistics._replace(verdict=verdict))))
    assert "entry nobody/nothing: not in the catalogue of this version any more" in text
    assert "the weights cannot be worked out again from the record" in text
