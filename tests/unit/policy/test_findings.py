import pickle
from typing import Any

import pytest

from monitor.model.facts import NOTHING, Dissection, Fact
from monitor.model.records import Side
from monitor.model.words import Outcome, Purpose, Scope
from monitor.policy.findings import MAX_EVIDENCE, Findings
from tests.support import flow_records as records
from tests.support.batches import batch_of
from tests.support.flow_records import destination, flow


def found(*changes: dict[str, Any], dissection: Dissection = NOTHING) -> list[str]:
    findings = Findings()
    if changes:
        findings.add(batch_of((flow(**change) for change in changes), dissection))
    return [finding.rule for finding in findings.as_list()]


def purpose(purpose: Purpose, **more: Any) -> dict[str, Any]:
    return {"verdict": records.verdict(purpose), **more}


@pytest.mark.parametrize(
    ("wanted", "rule"),
    [
        (Purpose.MEDIA_RELAY, "stream-contact"),
        (Purpose.TUNNEL, "tunnel-opened"),
        (Purpose.P2P_RENDEZVOUS, "p2p-active"),
        (Purpose.DIAGNOSTICS, "diagnostics-jurisdiction"),
    ],
)
def test_what_got_out_is_found_and_inside_the_site_is_not(wanted: Purpose, rule: str) -> None:
    assert found(purpose(wanted)) == [rule]
    assert found(purpose(wanted, scope=Scope.SITE)) == []


@pytest.mark.parametrize(("sent", "rule"), [(15_999, "stream-contact"), (16_000, "media-leaving")])
def test_video_leaves_where_the_camera_sent_as_much_as_a_picture(sent: int, rule: str) -> None:
    camera, other = Side("10.20.3.11", 40000, 30, sent), Side("52.5.131.44", 443, 800, 900_000)
    assert found(purpose(Purpose.MEDIA_RELAY, orig=camera, resp=other)) == [rule]
    opened = {"initiated_by": "destination", "orig": other, "resp": camera}
    assert found(purpose(Purpose.MEDIA_RELAY, **opened)) == [rule]


def test_an_attempt_without_answer_is_a_finding_of_its_own() -> None:
    assert found(purpose(Purpose.P2P_RENDEZVOUS, outcome=Outcome.UNANSWERED.value)) == [
        "attempt-unanswered"
    ]


def test_diagnostics_are_told_apart_by_the_home_of_the_operator() -> None:
    korean = destination(operator_country="KR")
    assert found(purpose(Purpose.DIAGNOSTICS, destination=korean)) == ["diagnostics-sent"]


def test_a_resolver_outside_is_told_apart_by_whether_its_answers_can_be_read() -> None:
    assert found(purpose(Purpose.DNS, service="dns")) == ["foreign-resolver"]
    assert found(purpose(Purpose.DNS, service="tls")) == ["encrypted-resolver"]


def test_a_connection_from_outside_is_found() -> None:
    assert found(purpose(Purpose.REMOTE_ACCESS, initiated_by="destination")) == ["remote-access"]


def test_an_update_in_clear_text_is_found() -> None:
    assert found(purpose(Purpose.UPDATE_CHECK, service="http")) == ["plain-update"]
    assert found(purpose(Purpose.UPDATE_CHECK, service="tls")) == []


def test_a_credential_in_clear_text_is_found() -> None:
    seen = Dissection("ftp", (Fact("credential", "ftp user=admin"),))
    assert found({}, dissection=seen) == ["cleartext-credential"]


@pytest.mark.parametrize("scheme", ["http-digest", "http-wsse", "rtsp-digest"])
def test_a_password_that_is_only_proven_is_no_clear_text(scheme: str) -> None:
    seen = Dissection("http", (Fact("credential", f"{scheme} user=admin"),))
    assert found({}, dissection=seen) == []


def test_one_finding_for_each_camera_and_rule_counts_its_flows() -> None:
    findings = Findings()
    findings.add(
        batch_of(
            flow(
                verdict=records.verdict(Purpose.DIAGNOSTICS),
                destination=destination(name=f"log{i}.example.org"),
                start_ns=1000 - i,
                end_ns=2000 + i,
            )
            for i in range(20)
        )
    )
    (finding,) = findings.as_list()
    assert (finding.flows, finding.first_ns, finding.last_ns) == (20, 981, 2019)
    assert len(finding.evidence) == MAX_EVIDENCE


def test_a_finding_names_a_few_of_its_flows_one_for_each_party() -> None:
    findings = Findings()
    parties = [0, 0, 0, 1, 2, 3, 4, 5]
    for start in range(2):
        findings.add(
            batch_of(
                flow(
                    flow_id=f"{start}0000000000000{number:02x}",
                    verdict=records.verdict(Purpose.DIAGNOSTICS),
                    destination=destination(name=f"log{party}.example.org"),
                )
                for number, party in enumerate(parties)
            )
        )
    (finding,) = findings.as_list()
    assert finding.flow_ids == tuple(f"00000000000000{number:02x}" for number in (0, 3, 4, 5, 6))


def test_the_worst_comes_first() -> None:
    assert found(
        purpose(Purpose.DNS, service="dns"),
        purpose(Purpose.MEDIA_RELAY, orig=Side("10.20.3.11", 40000, 30, 16_000)),
        purpose(Purpose.DIAGNOSTICS),
    ) == [
        "diagnostics-jurisdiction",
        "media-leaving",
        "foreign-resolver",
    ]


def test_findings_of_two_shares_are_one_and_survive_the_way_between_processes() -> None:
    shares = []
    for start in (500, 100):
        share = Findings()
        share.add(batch_of([flow(**purpose(Purpose.DNS, service="dns"), start_ns=start)]))
        shares.append(pickle.loads(pickle.dumps(share)))  # noqa: S301  # our own bytes
    shares[0].merge(shares[1])
    (finding,) = shares[0].as_list()
    assert (finding.rule, finding.flows, finding.first_ns) == ("foreign-resolver", 2, 100)
