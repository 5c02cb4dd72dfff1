import pytest

from monitor.classify.behaviour import RULES, Change, rules_for
from monitor.classify.evidence import Opinion
from monitor.model.facts import Dissection, Fact
from monitor.model.records import FlowView
from monitor.model.words import Confidence, EndReason, Outcome, Protocol, Purpose, Scope

TCP, UDP = Protocol.TCP, Protocol.UDP
RULE = {rule.id: rule for rule in RULES}


def ask(rule: str, view: FlowView, *also: Purpose) -> Change | None:
    purpose = min(RULE[rule].when)
    return RULE[rule].ask(view, Opinion(purpose, Confidence.HIGH, (), frozenset(also)))


def purpose_of(change: Change | None) -> Purpose | None:
    return None if change is None else change.purpose


def test_rules_are_asked_only_where_they_can_change_the_answer() -> None:
    assert rules_for(Purpose.DNS) == ()
    assert [rule.id for rule in rules_for(Purpose.P2P_RENDEZVOUS)] == ["media-over-p2p"]
    silent = [rule.id for rule in rules_for(Purpose.UNKNOWN, silent=True)]
    assert silent == ["scan", "message-channel"]
    assert len({rule.id for rule in RULES}) == len(RULES)


@pytest.mark.parametrize(
    ("sent", "packets", "wanted"),
    [
        (63_999, 100, None),
        (64_000, 100, Purpose.MEDIA_RELAY),
        (64_000, 300, None),
        (19_999, 20, None),
        (20_000, 22, Purpose.MEDIA_RELAY),
        (20_000, 23, None),
    ],
)
def test_p2p_is_media_from_a_size_and_a_packet_size_on(
    sent: int, packets: int, wanted: Purpose | None
) -> None:
    view = FlowView(UDP, orig_payload=sent, orig_data_pkts=packets)
    assert purpose_of(ask("media-over-p2p", view)) == wanted


def test_signalling_that_adds_up_over_hours_is_no_media() -> None:
    view = FlowView(UDP, orig_payload=200_000, orig_data_pkts=500, duration_s=3600.0)
    assert ask("media-over-p2p", view) is None
    assert ask("media-over-p2p", view._replace(duration_s=100.0)) is not None
    sure = view._replace(orig_payload=1_000_000, orig_data_pkts=1500)
    assert ask("media-over-p2p", sure) is not None


def test_p2p_that_brings_media_to_a_viewer_counts_too() -> None:
    view = FlowView(UDP, resp_payload=900_000, resp_data_pkts=900)
    change = ask("media-over-p2p", view)
    assert change is not None
    assert change.value == "received 900 kB in packets of 1000 bytes: media"


def test_an_image_is_large_and_comes_down() -> None:
    down = FlowView(TCP, orig_payload=900, resp_payload=100_000)
    assert purpose_of(ask("image-after-check", down)) is Purpose.FIRMWARE_DOWNLOAD
    assert ask("image-after-check", down._replace(resp_payload=99_999)) is None
    assert ask("image-after-check", down._replace(orig_payload=50_000)) is None


def test_what_comes_down_is_told_by_who_is_the_camera_not_by_who_spoke_first() -> None:
    view = FlowView(TCP, initiated_by="destination", orig_payload=300_000, resp_payload=900)
    assert purpose_of(ask("image-after-check", view)) is Purpose.FIRMWARE_DOWNLOAD


def test_a_download_host_that_gave_little_was_asked() -> None:
    rule, also = "download-that-only-asks", Purpose.UPDATE_CHECK
    view = FlowView(TCP, resp_payload=19_999)
    assert purpose_of(ask(rule, view, also)) is Purpose.UPDATE_CHECK
    assert ask(rule, view._replace(resp_payload=20_000), also) is None
    assert ask(rule, view._replace(is_ongoing=True), also) is None
    assert ask(rule, view._replace(resp_payload=0), also) is None


def test_a_small_file_that_only_its_name_calls_firmware_is_unknown() -> None:
    weak = Opinion(Purpose.FIRMWARE_DOWNLOAD, Confidence.LOW, (), frozenset())
    rule = RULE["download-that-only-asks"]
    small = FlowView(TCP, resp_payload=36_000)
    assert purpose_of(rule.ask(small, weak)) is Purpose.UNKNOWN
    assert rule.ask(small._replace(resp_payload=100_000), weak) is None


def test_a_clip_goes_to_an_api_that_takes_clips() -> None:
    view = FlowView(TCP, orig_payload=200_000)
    assert purpose_of(ask("clip-to-api", view, Purpose.CLOUD_STORAGE)) is Purpose.CLOUD_STORAGE
    other = ask("clip-to-api", view)
    assert other is not None
    assert other.confidence is Confidence.MEDIUM
    assert ask("clip-to-api", view._replace(orig_payload=199_999)) is None


def test_a_scan_is_tcp_ports_or_hosts_that_stay_silent() -> None:
    view = FlowView(TCP, outcome=Outcome.UNANSWERED, ports_tried=12)
    assert purpose_of(ask("scan", view)) is Purpose.SCAN
    assert ask("scan", view._replace(ports_tried=11)) is None
    assert ask("scan", view._replace(protocol=UDP)) is None
    assert ask("scan", view._replace(outcome=Outcome.ANSWERED)) is None
    assert purpose_of(ask("scan", view._replace(ports_tried=0, hosts_tried=8))) is Purpose.SCAN


def test_unknown_bytes_in_p2p_company_are_p2p_and_large_ones_media() -> None:
    view = FlowView(UDP, siblings=(Purpose.PUSH, Purpose.P2P_RENDEZVOUS))
    assert purpose_of(ask("p2p-company", view)) is Purpose.P2P_RENDEZVOUS
    large = view._replace(orig_payload=90_000, orig_data_pkts=90)
    assert purpose_of(ask("p2p-company", large)) is Purpose.MEDIA_RELAY
    assert ask("p2p-company", view._replace(dissection=Dissection("tls"))) is None
    assert ask("p2p-company", view._replace(siblings=(Purpose.PUSH,))) is None


def test_a_large_download_after_a_check_is_firmware() -> None:
    view = FlowView(TCP, resp_payload=2_000_000, before=(Purpose.UPDATE_CHECK,))
    assert purpose_of(ask("download-after-check", view)) is Purpose.FIRMWARE_DOWNLOAD
    assert ask("download-after-check", view._replace(before=())) is None


def test_a_message_channel_is_thin_long_and_answered() -> None:
    view = FlowView(
        TCP,
        orig_pkts=60,
        resp_pkts=60,
        orig_payload=2000,
        resp_payload=1500,
        orig_data_pkts=40,
        resp_data_pkts=40,
        duration_s=600.0,
    )
    assert purpose_of(ask("message-channel", view)) is Purpose.PUSH
    assert ask("message-channel", view._replace(duration_s=20.0)) is None
    assert ask("message-channel", view._replace(resp_data_pkts=0)) is None
    assert ask("message-channel", view._replace(orig_payload=2_000_000)) is None
    assert ask("message-channel", view._replace(scope=Scope.SITE)) is None


def test_tls_whose_start_is_not_in_the_capture_is_old_enough() -> None:
    view = FlowView(
        TCP,
        Dissection("tls"),
        orig_pkts=3,
        resp_pkts=3,
        orig_payload=200,
        orig_data_pkts=2,
        resp_data_pkts=2,
    )
    assert purpose_of(ask("message-channel", view)) is Purpose.PUSH
    acknowledged = view._replace(resp_data_pkts=0)
    assert purpose_of(ask("message-channel", acknowledged)) is Purpose.PUSH
    assert ask("message-channel", acknowledged._replace(resp_pkts=0)) is None
    fresh = view._replace(dissection=Dissection("tls", (Fact("tls.version", "TLS 1.3"),)))
    assert ask("message-channel", fresh) is None
    assert purpose_of(ask("nameless-tls", fresh)) is Purpose.CLOUD_API


def test_much_tls_whose_start_was_not_seen_is_an_api_and_says_so() -> None:
    view = FlowView(
        TCP,
        Dissection("tls"),
        orig_payload=26_000,
        resp_payload=12_000,
        orig_data_pkts=60,
        resp_data_pkts=60,
    )
    change = ask("nameless-tls", view)
    assert change == Change(
        Purpose.CLOUD_API,
        Confidence.LOW,
        "TLS to and fro, its start and so its name were not seen",
    )
    assert ask("nameless-tls", view._replace(resp_data_pkts=0)) is None
    assert ask("nameless-tls", view._replace(name="api.example")) is None


def test_a_silent_connection_that_neither_starts_nor_ends_is_kept_open() -> None:
    view = FlowView(TCP, orig_pkts=1, resp_pkts=1, is_handshake=False)
    assert purpose_of(ask("message-channel", view)) is Purpose.PUSH
    assert ask("message-channel", view._replace(is_handshake=True)) is None
    assert ask("message-channel", view._replace(resp_pkts=0)) is None
    assert ask("message-channel", view._replace(end_reason=EndReason.END_OF_FLOW)) is None
    assert ask("message-channel", view._replace(scope=Scope.SITE)) is None


def test_every_rule_says_in_words_what_it_does() -> None:
    for rule in RULES:
        assert rule.text
        assert rule.when


def test_unknown_bytes_to_and_fro_over_udp_for_long_keep_a_mapping_open() -> None:
    view = FlowView(
        UDP,
        orig_payload=900,
        resp_payload=900,
        orig_data_pkts=30,
        resp_data_pkts=30,
        duration_s=600.0,
    )
    assert purpose_of(ask("udp-keep-alive", view)) is Purpose.P2P_RENDEZVOUS
    assert ask("udp-keep-alive", view._replace(resp_data_pkts=0)) is None
    assert ask("udp-keep-alive", view._replace(duration_s=30.0)) is None
    assert ask("udp-keep-alive", view._replace(orig_payload=9_000_000)) is None
    assert ask("udp-keep-alive", view._replace(dissection=Dissection("ntp"))) is None
    assert ask("udp-keep-alive", view._replace(scope=Scope.SITE)) is None
