"""What sizes, times and the company of a flow change about the opinion of its other signs."""

from collections.abc import Callable
from typing import NamedTuple

from monitor.classify import rules
from monitor.classify.evidence import P2P, Opinion, is_inbound, is_silent, lowered
from monitor.model.records import Evidence, FlowView
from monitor.model.words import Confidence, EndReason, Outcome, Protocol, Purpose, Scope


class Change(NamedTuple):
    """A purpose in place of the one that the other signs gave, and why."""

    purpose: Purpose
    confidence: Confidence
    value: str

    @property
    def evidence(self) -> Evidence:
        """The change as evidence."""
        return Evidence("behaviour", self.value)


class Rule(NamedTuple):
    """A rule of behaviour: asked only where the other signs gave one of `when`."""

    id: str
    when: frozenset[Purpose]
    ask: Callable[[FlowView, Opinion], Change | None]
    text: str
    asks_company: bool = False
    """It looks at what the camera did before, or elsewhere."""

    is_for_silence: bool = False
    """It has something to say of flows without payload."""


def _up(view: FlowView) -> int:
    return view.orig_payload if view.initiated_by == "camera" else view.resp_payload


def _down(view: FlowView) -> int:
    return view.resp_payload if view.initiated_by == "camera" else view.orig_payload


def _kilo(number: int) -> str:
    return f"{number / 1000:.0f} kB"


def _is_media(payload: int, packets: int, seconds: float) -> bool:
    """Tell whether one side's share of a flow is as large, dense and lasting as media."""
    least = max(rules.MEDIA_BYTES, min(rules.MEDIA_SURE_BYTES, rules.MEDIA_RATE * seconds))
    return packets > 0 and payload >= least and payload >= rules.MEDIA_PACKET * packets


def _is_dense(payload: int, packets: int) -> bool:
    """Tell whether packets are as full as those of video, and more than a handful."""
    return payload >= rules.MEDIA_DENSE_BYTES and payload >= rules.MEDIA_DENSE_PACKET * packets


def _media_over_p2p(view: FlowView, opinion: Opinion) -> Change | None:
    sizes = (
        (view.orig_payload, view.orig_data_pkts, view.initiated_by == "camera"),
        (view.resp_payload, view.resp_data_pkts, view.initiated_by != "camera"),
    )
    for payload, packets, is_up in sizes:
        if _is_media(payload, packets, view.duration_s) or (
            packets and _is_dense(payload, packets)
        ):
            way = "sent" if is_up else "received"
            value = f"{way} {_kilo(payload)} in packets of {payload // packets} bytes: media"
            return Change(Purpose.MEDIA_RELAY, opinion.confidence, value)
    return None


def _image_after_check(view: FlowView, opinion: Opinion) -> Change | None:
    down = _down(view)
    if down >= rules.IMAGE_BYTES and down >= 10 * _up(view):
        value = f"received {_kilo(down)}: an image, not an answer"
        return Change(Purpose.FIRMWARE_DOWNLOAD, opinion.confidence, value)
    return None


def _check_that_uploads(view: FlowView, opinion: Opinion) -> Change | None:
    up = _up(view)
    if up >= rules.CHECK_UPLOAD_BYTES and up > 2 * _down(view):
        value = f"sent {_kilo(up)}: more than such a question needs"
        return Change(opinion.purpose, Confidence.LOW, value)
    return None


def _download_that_only_asks(view: FlowView, opinion: Opinion) -> Change | None:
    down = _down(view)
    is_weak = opinion.confidence is Confidence.LOW
    least = rules.IMAGE_BYTES if is_weak else rules.NO_IMAGE_BYTES
    if not 0 < down < least or view.is_ongoing:
        return None
    if Purpose.UPDATE_CHECK in opinion.also:
        value = f"received {_kilo(down)}: too little for an image"
        return Change(Purpose.UPDATE_CHECK, lowered(opinion.confidence), value)
    if is_weak:
        value = f"received {_kilo(down)}: little for an image, and little else says firmware"
        return Change(Purpose.UNKNOWN, Confidence.NONE, value)
    return None


def _clip_to_api(view: FlowView, opinion: Opinion) -> Change | None:
    up = _up(view)
    if up < rules.STORAGE_UPLOAD_BYTES or up < rules.MEDIA_RATIO * _down(view):
        return None
    for purpose in (Purpose.CLOUD_STORAGE, Purpose.MEDIA_RELAY):
        if purpose in opinion.also:
            value = f"sent {_kilo(up)}: a clip or video"
            return Change(purpose, lowered(opinion.confidence), value)
    return Change(opinion.purpose, lowered(opinion.confidence), f"sent {_kilo(up)} to an API")


def _punch_from_outside(view: FlowView, opinion: Opinion) -> Change | None:
    if any(purpose in P2P for purpose in view.siblings):
        value = "the camera does P2P with this address"
        return Change(Purpose.P2P_RENDEZVOUS, Confidence.MEDIUM, value)
    if view.outcome != Outcome.ANSWERED:
        value = "not answered by the camera"
        return Change(opinion.purpose, lowered(opinion.confidence), value)
    return None


def _scan(view: FlowView, _opinion: Opinion) -> Change | None:
    if view.initiated_by != "camera" or view.outcome == Outcome.ANSWERED:
        return None
    if view.hosts_tried >= rules.SCAN_HOSTS:
        value = f"{view.hosts_tried} silent hosts tried on port {view.resp_port}"
        return Change(Purpose.SCAN, Confidence.MEDIUM, value)
    if view.ports_tried >= rules.SCAN_PORTS and view.protocol == Protocol.TCP:
        value = f"{view.ports_tried} silent ports of one host tried"
        return Change(Purpose.SCAN, Confidence.MEDIUM, value)
    return None


def _in_p2p_company(view: FlowView, _opinion: Opinion) -> Change | None:
    if view.dissection.service or not any(purpose in P2P for purpose in view.siblings):
        return None
    purpose = Purpose.P2P_RENDEZVOUS
    if _is_media(_up(view), _data_pkts_up(view), view.duration_s):
        purpose = Purpose.MEDIA_RELAY
    value = "unknown bytes to an address with which the camera does P2P"
    return Change(purpose, Confidence.MEDIUM, value)


def _data_pkts_up(view: FlowView) -> int:
    return view.orig_data_pkts if view.initiated_by == "camera" else view.resp_data_pkts


def _download_after_check(view: FlowView, _opinion: Opinion) -> Change | None:
    down = _down(view)
    if (
        Purpose.UPDATE_CHECK in view.before
        and down >= 2 * rules.IMAGE_BYTES
        and down > 20 * _up(view)
    ):
        value = f"received {_kilo(down)} after an update check"
        return Change(Purpose.FIRMWARE_DOWNLOAD, Confidence.MEDIUM, value)
    return None


def _video_upload(view: FlowView, _opinion: Opinion) -> Change | None:
    up = _up(view)
    if view.scope is not Scope.OUTSIDE:
        return None
    if not _is_media(up, _data_pkts_up(view), view.duration_s):
        return None
    if up < rules.MEDIA_RATIO * _down(view):
        return None
    value = f"sent {_kilo(up)} in {view.duration_s:.0f} s in large packets"
    return Change(Purpose.MEDIA_RELAY, Confidence.LOW, value)


def _is_tls_without_hello(view: FlowView) -> bool:
    return view.dissection.service == "tls" and not view.dissection.first("tls.version")


def _message_channel(view: FlowView, _opinion: Opinion) -> Change | None:
    """Long-lived and thin TCP or TLS to a nameless server: a channel that waits for messages."""
    if view.scope is not Scope.OUTSIDE or view.protocol != Protocol.TCP:
        return None
    if view.initiated_by != "camera" and is_inbound(view):
        return None
    if not (view.orig_pkts and view.resp_pkts):
        return None
    if is_silent(view):
        return _kept_open(view)
    total = view.orig_payload + view.resp_payload
    is_old = _is_tls_without_hello(view)
    if not (is_old or (view.orig_data_pkts and view.resp_data_pkts)):
        return None
    is_long = view.duration_s >= rules.LONG_S or is_old or view.is_ongoing
    if not is_long or total > rules.THIN_RATE * max(view.duration_s, rules.LONG_S) + 4000:
        return None
    seconds = f"{view.duration_s:.0f} s"
    start = ", its start was not seen" if is_old else ""
    return Change(
        Purpose.PUSH, Confidence.LOW, f"thin and long-lived: {_kilo(total)} in {seconds}{start}"
    )


def _kept_open(view: FlowView) -> Change | None:
    """Packets without payload to and fro, neither first nor last: TCP keep-alive, RFC 9293 3.8.4."""
    if view.is_handshake or view.end_reason == EndReason.END_OF_FLOW:
        return None
    value = "kept open without payload, its start was not seen"
    return Change(Purpose.PUSH, Confidence.LOW, value)


def _udp_keep_alive(view: FlowView, _opinion: Opinion) -> Change | None:
    """Unknown bytes over UDP, to and fro for long, and few of them: keeps a mapping open."""
    if view.scope is not Scope.OUTSIDE or view.protocol != Protocol.UDP:
        return None
    if view.dissection.service or view.initiated_by != "camera":
        return None
    if min(view.orig_data_pkts, view.resp_data_pkts) < rules.KEEP_ALIVES:
        return None
    total = view.orig_payload + view.resp_payload
    if view.duration_s < rules.LONG_S or total > rules.THIN_RATE * view.duration_s:
        return None
    value = f"unknown bytes to and fro over UDP: {_kilo(total)} in {view.duration_s:.0f} s"
    return Change(Purpose.P2P_RENDEZVOUS, Confidence.LOW, value)


def _nameless_tls(view: FlowView, _opinion: Opinion) -> Change | None:
    """TLS without SNI to an address that was never looked up: the maker's software knew it."""
    if view.scope is not Scope.OUTSIDE or view.name or view.initiated_by != "camera":
        return None
    if view.dissection.service != "tls" or not (view.orig_data_pkts and view.resp_data_pkts):
        return None
    value = "TLS without a name to an address that was not looked up: one that the software knows"
    if _is_tls_without_hello(view):
        value = "TLS to and fro, its start and so its name were not seen"
    return Change(Purpose.CLOUD_API, Confidence.LOW, value)


RULES = (
    Rule(
        "media-over-p2p",
        frozenset((Purpose.P2P_RENDEZVOUS,)),
        _media_over_p2p,
        "P2P that carries much in large packets is media-relay",
    ),
    Rule(
        "image-after-check",
        frozenset((Purpose.UPDATE_CHECK,)),
        _image_after_check,
        "an update host that answers with an image is firmware-download",
    ),
    Rule(
        "check-that-uploads",
        frozenset((Purpose.UPDATE_CHECK, Purpose.CONNECTIVITY_CHECK)),
        _check_that_uploads,
        "a check that uploads keeps its purpose with low confidence",
    ),
    Rule(
        "download-that-only-asks",
        frozenset((Purpose.FIRMWARE_DOWNLOAD,)),
        _download_that_only_asks,
        "a download host that gave little is update-check, or unknown where little else says so",
    ),
    Rule(
        "clip-to-api",
        frozenset((Purpose.CLOUD_API,)),
        _clip_to_api,
        "a large upload to an API is cloud-storage or media-relay where its entry allows that",
    ),
    Rule(
        "punch-from-outside",
        frozenset((Purpose.REMOTE_ACCESS,)),
        _punch_from_outside,
        "a flow from a P2P partner is p2p-rendezvous; one not answered is less sure",
        asks_company=True,
        is_for_silence=True,
    ),
    Rule(
        "scan",
        frozenset((Purpose.UNKNOWN,)),
        _scan,
        "many silent hosts on a port, or silent TCP ports of a host, are scan",
        asks_company=True,
        is_for_silence=True,
    ),
    Rule(
        "p2p-company",
        frozenset((Purpose.UNKNOWN,)),
        _in_p2p_company,
        "unknown bytes to an address with which the camera does P2P are part of it",
        asks_company=True,
    ),
    Rule(
        "download-after-check",
        frozenset((Purpose.UNKNOWN, Purpose.CLOUD_STORAGE)),
        _download_after_check,
        "a large download soon after an update check is firmware-download",
        asks_company=True,
    ),
    Rule(
        "video-upload",
        frozenset((Purpose.UNKNOWN,)),
        _video_upload,
        "a sustained upload in large packets, of which nothing else tells, is media-relay, low",
    ),
    Rule(
        "message-channel",
        frozenset((Purpose.UNKNOWN,)),
        _message_channel,
        "a thin, long-lived connection to a nameless server is push, low",
        is_for_silence=True,
    ),
    Rule(
        "udp-keep-alive",
        frozenset((Purpose.UNKNOWN,)),
        _udp_keep_alive,
        "unknown bytes to and fro over UDP, thin and for long, are p2p-rendezvous, low",
    ),
    Rule(
        "nameless-tls",
        frozenset((Purpose.UNKNOWN,)),
        _nameless_tls,
        "TLS without any name is cloud-api, low",
    ),
)
"""In the order they are asked; the first that has something to say is heard."""


def rules_for(purpose: Purpose, *, silent: bool = False) -> tuple[Rule, ...]:
    """Return the rules that can change an opinion of a flow, with payload or without."""
    return tuple(
        rule for rule in RULES if purpose in rule.when and (rule.is_for_silence or not silent)
    )
