from monitor.classify.behaviour import RULES
from monitor.classify.evidence import Opinion
from monitor.forensics.behaviour_words import THRESHOLDS, rule_of
from monitor.model.facts import Dissection, Fact
from monitor.model.records import FlowView
from monitor.model.words import Confidence, Outcome, Protocol, Purpose

TCP, UDP = Protocol.TCP.value, Protocol.UDP.value
ALSO = frozenset((Purpose.UPDATE_CHECK, Purpose.CLOUD_STORAGE))

TALK = FlowView(TCP, orig_pkts=5, resp_pkts=5, orig_data_pkts=3, resp_data_pkts=3)
SEEN = {
    "media-over-p2p": [
        FlowView(UDP, orig_payload=90_000, orig_data_pkts=90),
        FlowView(UDP, orig_payload=27_000, orig_data_pkts=25),
    ],
    "image-after-check": [FlowView(TCP, resp_payload=900_000, resp_data_pkts=700)],
    "check-that-uploads": [FlowView(TCP, orig_payload=90_000, orig_data_pkts=90)],
    "download-that-only-asks": [FlowView(TCP, resp_payload=900, resp_data_pkts=1)],
    "clip-to-api": [FlowView(TCP, orig_payload=900_000, orig_data_pkts=700)],
    "punch-from-outside": [
        FlowView(UDP, initiated_by="destination", siblings=(Purpose.P2P_RENDEZVOUS,)),
        FlowView(UDP, initiated_by="destination", outcome=Outcome.UNANSWERED),
    ],
    "scan": [
        FlowView(TCP, outcome=Outcome.UNANSWERED, hosts_tried=20),
        FlowView(TCP, outcome=Outcome.UNANSWERED, ports_tried=20),
    ],
    "p2p-company": [FlowView(UDP, siblings=(Purpose.P2P_RENDEZVOUS,))],
    "download-after-check": [
        FlowView(TCP, before=(Purpose.UPDATE_CHECK,), resp_payload=900_000, resp_data_pkts=700)
    ],
    "video-upload": [FlowView(UDP, orig_payload=900_000, orig_data_pkts=900, duration_s=12.0)],
    "message-channel": [
        TALK._replace(orig_payload=99, duration_s=300.0),
        TALK._replace(dissection=Dissection("tls"), duration_s=3.0),
        FlowView(TCP, orig_pkts=1, resp_pkts=1, is_handshake=False),
    ],
    "udp-keep-alive": [
        FlowView(UDP, orig_data_pkts=9, resp_data_pkts=9, orig_payload=400, duration_s=300.0)
    ],
    "nameless-tls": [
        TALK._replace(dissection=Dissection("tls", (Fact("tls.version", "1.2"),))),
        TALK._replace(dissection=Dissection("tls")),
    ],
}


def test_every_rule_is_recognised_by_its_own_words_and_has_a_threshold() -> None:
    for rule in RULES:
        purpose = next(iter(sorted(rule.when)))
        views = SEEN[rule.id]
        for view in views:
            for confidence in (Confidence.HIGH, Confidence.LOW):
                change = rule.ask(view, Opinion(purpose, confidence, (), ALSO))
                assert change is not None, rule.id
                spoken = rule_of(change.value)
                assert spoken is not None, change.value
                assert spoken.rule.id == rule.id
                assert spoken.threshold == THRESHOLDS[rule.id]


def test_a_small_download_that_little_else_calls_firmware_is_recognised() -> None:
    rule = next(one for one in RULES if one.id == "download-that-only-asks")
    opinion = Opinion(Purpose.FIRMWARE_DOWNLOAD, Confidence.LOW, (), frozenset())
    change = rule.ask(SEEN[rule.id][0], opinion)
    assert change is not None
    spoken = rule_of(change.value)
    assert spoken is not None
    assert spoken.rule.id == rule.id


def test_other_words_are_no_rule() -> None:
    for value in ("echo request", "opened from outside to port 80", "udp, unknown bytes", ""):
        assert rule_of(value) is None
