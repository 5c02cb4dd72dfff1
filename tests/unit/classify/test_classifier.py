"""What flows are for, with the shipped catalogue: one hard case a test."""

from typing import Any

import pytest

from monitor.classify import Classifier
from monitor.model.facts import NOTHING, Dissection, Fact
from monitor.model.records import FlowView, Verdict
from monitor.model.words import Confidence, NameSource, Outcome, Protocol, Purpose, Scope

TCP, UDP, ICMP = Protocol.TCP, Protocol.UDP, Protocol.ICMP


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier()


def tls(name: str = "", **changes: Any) -> FlowView:
    facts = (Fact("tls.version", "TLS 1.2"),)
    view = FlowView(
        TCP,
        Dissection("tls", (Fact("tls.sni", name), *facts) if name else facts),
        resp_port=443,
        name=name,
        name_source=NameSource.SNI if name else "",
        orig_pkts=8,
        resp_pkts=8,
        orig_data_pkts=5,
        resp_data_pkts=5,
        orig_payload=900,
        resp_payload=4000,
    )
    return view._replace(**changes)


def http(host: str, path: str, method: str = "GET", **changes: Any) -> FlowView:
    facts = [Fact("http.method", method), Fact("http.path", path)]
    if host:
        facts.append(Fact("http.host", host))
    view = FlowView(
        TCP,
        Dissection("http", tuple(facts)),
        resp_port=80,
        name=host,
        name_source=NameSource.HTTP if host else "",
        orig_data_pkts=1,
        resp_data_pkts=2,
        orig_payload=300,
        resp_payload=900,
    )
    return view._replace(**changes)


def udp(port: int, dissection: Dissection = NOTHING, **changes: Any) -> FlowView:
    view = FlowView(
        UDP, dissection, resp_port=port, orig_data_pkts=3, orig_payload=150, resp_data_pkts=2
    )
    return view._replace(**changes)


def ids(verdict: Verdict) -> list[str]:
    return [evidence.catalog for evidence in verdict.evidence]


def test_a_known_name_gives_purpose_confidence_and_the_entry_that_says_so(
    classifier: Classifier,
) -> None:
    verdict = classifier.classify(tls("logsvr.xmcsrv.net"))
    assert (verdict.purpose, verdict.confidence) == (Purpose.DIAGNOSTICS, Confidence.HIGH)
    (evidence,) = verdict.evidence
    assert (evidence.kind, evidence.value) == ("name", "logsvr.xmcsrv.net")
    assert evidence.catalog == "xiongmai/logsvr.xmcsrv.net"


def test_a_name_that_nobody_knows_is_unknown(classifier: Classifier) -> None:
    verdict = classifier.classify(tls("q7.zzxy.example"))
    assert verdict == Verdict(Purpose.UNKNOWN, Confidence.NONE, ())


def test_a_certificate_or_sni_with_a_star_speaks_for_its_domain(classifier: Classifier) -> None:
    verdict = classifier.classify(tls("*.immedia-semi.com"))
    assert verdict.purpose is Purpose.CLOUD_API
    assert ids(verdict)[0] == "blink/.immedia-semi.com"


def test_an_update_in_the_path_of_a_p2p_registration_is_p2p(classifier: Classifier) -> None:
    verdict = classifier.classify(http("", "/p2p/update?uid=1"))
    assert verdict.purpose is Purpose.P2P_RENDEZVOUS


def test_an_update_of_dynamic_dns_is_ddns(classifier: Classifier) -> None:
    verdict = classifier.classify(http("members.dyndns.org", "/nic/update?hostname=a"))
    assert (verdict.purpose, verdict.confidence) == (Purpose.DDNS, Confidence.HIGH)


def test_an_upgrade_query_to_an_api_host_is_an_update_check(classifier: Classifier) -> None:
    verdict = classifier.classify(http("api.dch.dlink.com", "/agent/upgrade?p=x&iv=y"))
    assert verdict.purpose is Purpose.UPDATE_CHECK


def test_a_firmware_file_from_shared_storage_is_a_download(classifier: Classifier) -> None:
    path = "/static.example/firmware/agent/DCH/DCH-1.1.0"
    view = http("s3-us-west-2.amazonaws.com", path, resp_payload=230_000)
    assert classifier.classify(view).purpose is Purpose.FIRMWARE_DOWNLOAD


def test_an_image_with_a_dull_name_is_a_download_by_its_first_bytes(
    classifier: Classifier,
) -> None:
    facts = (Fact("http.path", "/f/7a31"), Fact("http.body_magic", "squashfs"))
    view = FlowView(TCP, Dissection("http", facts), resp_port=80, resp_payload=3_000_000)
    verdict = classifier.classify(view)
    assert (verdict.purpose, verdict.confidence) == (Purpose.FIRMWARE_DOWNLOAD, Confidence.HIGH)


def test_an_update_name_without_an_image_is_a_check_and_with_one_a_download(
    classifier: Classifier,
) -> None:
    small = classifier.classify(tls("ota.somewhere.com"))
    large = classifier.classify(tls("ota.somewhere.com", resp_payload=2_000_000))
    assert small.purpose is Purpose.UPDATE_CHECK
    assert large.purpose is Purpose.FIRMWARE_DOWNLOAD
    assert large.evidence[0].kind == "behaviour"


def test_a_check_that_uploads_stays_a_check_that_nobody_is_sure_of(classifier: Classifier) -> None:
    verdict = classifier.classify(tls("ota.somewhere.com", orig_payload=200_000))
    assert (verdict.purpose, verdict.confidence) == (Purpose.UPDATE_CHECK, Confidence.LOW)
    assert verdict.evidence[0].value == "sent 200 kB: more than such a question needs"


@pytest.mark.parametrize("port", [53, 123, 443])
def test_p2p_on_a_well_known_udp_port_is_not_taken_for_its_service(
    classifier: Classifier, port: int
) -> None:
    by_name = udp(port, name="video-policy.ictun.com", name_source=NameSource.DNS)
    assert classifier.classify(by_name).purpose is Purpose.P2P_RENDEZVOUS
    nameless = classifier.classify(udp(port))
    assert nameless.purpose not in (Purpose.DNS, Purpose.NTP)
    pppp = udp(port, Dissection("pppp", (Fact("pppp.message", "hello"),)))
    assert classifier.classify(pppp).purpose is Purpose.P2P_RENDEZVOUS


def test_udp_53_to_a_public_resolver_that_is_not_dns_is_not_called_sure(
    classifier: Classifier,
) -> None:
    verdict = classifier.classify(udp(53, destination="8.8.8.8"))
    assert verdict.confidence is not Confidence.HIGH


def test_tcp_443_that_is_not_tls_is_unknown_unless_its_company_tells(
    classifier: Classifier,
) -> None:
    view = FlowView(TCP, resp_port=443, orig_data_pkts=4, orig_payload=60)
    assert classifier.classify(view).purpose is Purpose.UNKNOWN
    friend = view._replace(siblings=(Purpose.P2P_RENDEZVOUS,))
    assert classifier.classify(friend).purpose is Purpose.P2P_RENDEZVOUS


def test_consecutive_udp_ports_are_port_prediction_not_a_scan() -> None:
    classifier = Classifier()
    punch = Dissection("pppp", (Fact("pppp.message", "punch"),))
    for port in range(27100, 27140):
        view = udp(
            port,
            punch,
            destination="203.0.113.9",
            outcome=Outcome.UNANSWERED,
            resp_data_pkts=0,
        )
        assert classifier.classify(view, "cam", port).purpose is Purpose.P2P_RENDEZVOUS
    unknown = udp(27150, destination="203.0.113.9", outcome=Outcome.UNANSWERED, resp_data_pkts=0)
    assert classifier.classify(unknown, "cam", 27150).purpose is Purpose.P2P_RENDEZVOUS


def test_many_silent_hosts_on_a_port_are_a_scan() -> None:
    classifier = Classifier()
    last = Purpose.UNKNOWN
    for host in range(12):
        view = FlowView(
            TCP,
            resp_port=2323,
            scope=Scope.OUTSIDE,
            destination=f"198.51.100.{host}",
            outcome=Outcome.UNANSWERED,
        )
        last = classifier.classify(view, "cam", host).purpose
    assert last is Purpose.SCAN


def test_p2p_that_carries_large_packets_is_media(classifier: Classifier) -> None:
    pppp = Dissection("pppp", (Fact("pppp.message", "data"), Fact("pppp.message", "alive")))
    idle = udp(30000, pppp, orig_payload=2000, orig_data_pkts=200)
    live = udp(30000, pppp, orig_payload=5_000_000, orig_data_pkts=5000)
    assert classifier.classify(idle).purpose is Purpose.P2P_RENDEZVOUS
    assert classifier.classify(live).purpose is Purpose.MEDIA_RELAY


def test_mqtt_by_its_bytes_is_push_whatever_the_host_is_called(classifier: Classifier) -> None:
    view = FlowView(
        TCP,
        Dissection("mqtt"),
        resp_port=1883,
        name="v720.p2p.naxclow.com",
        name_source=NameSource.DNS,
    )
    assert classifier.classify(view).purpose is Purpose.PUSH


def test_a_captive_portal_check_is_known_by_its_path_on_any_host(classifier: Classifier) -> None:
    verdict = classifier.classify(http("cdn.zzxy.example", "/generate_204"))
    assert (verdict.purpose, verdict.confidence) == (Purpose.CONNECTIVITY_CHECK, Confidence.HIGH)


def test_echo_is_a_connectivity_check_even_to_a_resolver(classifier: Classifier) -> None:
    view = FlowView(ICMP, orig_port=8, destination="114.114.114.114")
    assert classifier.classify(view).purpose is Purpose.CONNECTIVITY_CHECK


def test_ipv6_neighbour_discovery_is_discovery(classifier: Classifier) -> None:
    for kind in (135, 143):
        view = FlowView(Protocol.ICMPV6, scope=Scope.MULTICAST, orig_port=kind)
        assert classifier.classify(view).purpose is Purpose.DISCOVERY


def test_tunnels_without_ports_are_tunnels(classifier: Classifier) -> None:
    assert classifier.classify(FlowView(Protocol.ESP)).purpose is Purpose.TUNNEL


def test_other_icmp_is_unknown(classifier: Classifier) -> None:
    assert classifier.classify(FlowView(ICMP, orig_port=3)).purpose is Purpose.UNKNOWN


def test_tls_to_a_resolver_is_name_resolution(classifier: Classifier) -> None:
    assert classifier.classify(tls("dns.google")).purpose is Purpose.DNS
    bare = tls(destination="1.1.1.1", resp_port=853)
    assert classifier.classify(bare).purpose is Purpose.DNS


def test_long_thin_tls_without_a_name_is_push_with_low_confidence(classifier: Classifier) -> None:
    verdict = classifier.classify(tls(duration_s=1800.0, destination="120.92.65.240"))
    assert (verdict.purpose, verdict.confidence) == (Purpose.PUSH, Confidence.LOW)


def test_a_large_upload_to_a_nameless_host_is_video_with_low_confidence(
    classifier: Classifier,
) -> None:
    view = tls(orig_payload=9_000_000, orig_data_pkts=8000, duration_s=60.0)
    verdict = classifier.classify(view)
    assert (verdict.purpose, verdict.confidence) == (Purpose.MEDIA_RELAY, Confidence.LOW)


def test_somebody_outside_who_opens_a_flow_has_remote_access(classifier: Classifier) -> None:
    view = FlowView(
        TCP,
        Dissection("http", (Fact("http.path", "/login"),)),
        initiated_by="destination",
        orig_port=50000,
        resp_port=80,
        orig_data_pkts=3,
        resp_data_pkts=3,
    )
    verdict = classifier.classify(view)
    assert (verdict.purpose, verdict.confidence) == (Purpose.REMOTE_ACCESS, Confidence.HIGH)
    vain = classifier.classify(view._replace(outcome=Outcome.UNANSWERED, dissection=NOTHING))
    assert (vain.purpose, vain.confidence) == (Purpose.REMOTE_ACCESS, Confidence.MEDIUM)


def test_hole_punching_from_outside_is_p2p_not_remote_access(classifier: Classifier) -> None:
    view = udp(
        10101,
        Dissection("hik-safe", (Fact("hik-safe.command", "punch"),)),
        initiated_by="destination",
        orig_port=10101,
    )
    assert classifier.classify(view).purpose is Purpose.P2P_RENDEZVOUS


def test_a_viewer_inside_the_site_is_media_and_other_visits_are_unknown(
    classifier: Classifier,
) -> None:
    rtsp = FlowView(
        TCP, Dissection("rtsp"), Scope.SITE, "destination", 50000, 554, resp_data_pkts=9
    )
    assert classifier.classify(rtsp).purpose is Purpose.MEDIA_RELAY
    page = http("", "/HNAP1/", "POST", scope=Scope.SITE, initiated_by="destination")
    assert classifier.classify(page).purpose is Purpose.UNKNOWN


def test_an_unknown_announcement_to_all_is_discovery(classifier: Classifier) -> None:
    verdict = classifier.classify(udp(19704, scope=Scope.MULTICAST))
    assert verdict.purpose is Purpose.DISCOVERY


def test_a_log_bucket_is_diagnostics_and_a_firmware_bucket_a_download(
    classifier: Classifier,
) -> None:
    log = classifier.classify(tls("acme-cloud-log.oss-cn-shanghai.aliyuncs.com"))
    firmware = classifier.classify(
        tls("acme-firmware.s3.eu-west-1.amazonaws.com", resp_payload=4_000_000)
    )
    assert log.purpose is Purpose.DIAGNOSTICS
    assert firmware.purpose is Purpose.FIRMWARE_DOWNLOAD


def test_the_same_flow_gives_the_same_answer_and_the_memory_has_a_bound() -> None:
    classifier = Classifier(memo_size=4)
    names = [f"log{number}.acme.com" for number in range(20)]
    first = [classifier.classify(tls(name)) for name in names]
    assert [classifier.classify(tls(name)) for name in names] == first
    assert len(classifier._memo) <= 4


def test_what_was_remembered_of_one_dissection_is_not_told_of_another() -> None:
    classifier = Classifier()
    for number in range(500):
        path = "/generate_204" if number % 2 else f"/q{number}"
        wanted = Purpose.CONNECTIVITY_CHECK if number % 2 else Purpose.UNKNOWN
        assert classifier.classify(http("", path)).purpose is wanted


def test_a_flow_can_be_classified_without_a_view_unless_a_rule_must_be_asked(
    classifier: Classifier,
) -> None:
    row = (UDP, NOTHING, Scope.OUTSIDE, "camera", 40000, 32100, "", "", "203.0.113.9")
    kind = classifier.kind(*row, "answered", True, False)
    assert classifier.kind(*row, "answered", True, False) is kind
    assert classifier.at_once(kind, "c", 0, "203.0.113.9", 32100, 900, 5.0) is kind.verdict
    assert classifier.at_once(kind, "c", 0, "203.0.113.9", 32100, 900_000, 5.0) is None
    media = udp(32100, orig_payload=900_000, orig_data_pkts=900)
    assert classifier.judge(kind, media, "c").purpose is Purpose.MEDIA_RELAY


def test_an_attempt_at_once_is_remembered_until_it_is_a_scan() -> None:
    classifier = Classifier()
    row = (TCP, NOTHING, Scope.OUTSIDE, "camera", 40000, 2323, "", "", "x")
    kind = classifier.kind(*row, "unanswered", True, True)
    told = [classifier.at_once(kind, "c", 0, f"h{host}", 2323, 0, 0.0) for host in range(9)]
    assert [verdict is None for verdict in told] == [False] * 8 + [True]
