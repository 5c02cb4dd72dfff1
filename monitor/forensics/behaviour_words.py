"""Which rule of behaviour speaks in a line of evidence, and the thresholds that it holds against."""

import re
from typing import Final, NamedTuple

from monitor.classify import rules
from monitor.classify.behaviour import RULES, Rule


class Spoken(NamedTuple):
    """A rule of behaviour that changed an answer."""

    rule: Rule
    threshold: str


_MEDIA: Final = (
    f"at least {rules.MEDIA_BYTES} payload bytes one way (of a long flow {rules.MEDIA_RATE:g} a "
    f"second, {rules.MEDIA_SURE_BYTES} at most), in packets of {rules.MEDIA_PACKET} bytes on "
    "average or more"
)

THRESHOLDS: Final = {
    "media-over-p2p": f"{_MEDIA}; or {rules.MEDIA_DENSE_BYTES} in packets of "
    f"{rules.MEDIA_DENSE_PACKET}",
    "image-after-check": f"at least {rules.IMAGE_BYTES} payload bytes received, and ten times what "
    "was sent",
    "check-that-uploads": f"at least {rules.CHECK_UPLOAD_BYTES} payload bytes sent, and more than "
    "twice what was received",
    "download-that-only-asks": f"less than {rules.NO_IMAGE_BYTES} payload bytes received, or less "
    f"than {rules.IMAGE_BYTES} where the other signs are weak",
    "clip-to-api": f"at least {rules.STORAGE_UPLOAD_BYTES} payload bytes sent, and "
    f"{rules.MEDIA_RATIO:g} times what was received",
    "punch-from-outside": "the camera did P2P with this address before, or did not answer",
    "scan": f"at least {rules.SCAN_HOSTS} silent hosts on one port, or {rules.SCAN_PORTS} silent "
    "TCP ports of one host",
    "p2p-company": "bytes that no dissector knows, to an address with which the camera does P2P",
    "download-after-check": f"at least {2 * rules.IMAGE_BYTES} payload bytes received, twenty "
    "times what was sent, soon after an update check",
    "video-upload": f"{_MEDIA}, and {rules.MEDIA_RATIO:g} times what was received",
    "message-channel": f"at least {rules.LONG_S:g} s long, or its start not seen, and at most "
    f"{rules.THIN_RATE:g} payload bytes a second both ways; or silent, with neither start nor end",
    "udp-keep-alive": f"{rules.KEEP_ALIVES} datagrams with payload each way, at least "
    f"{rules.LONG_S:g} s long, and at most {rules.THIN_RATE:g} payload bytes a second both ways",
    "nameless-tls": "TLS to and fro without a name, or with its start not seen, to an address that "
    "was not looked up",
}
"""What each rule of `RULES` asks, with the numbers in force."""

_WORDS: Final = {
    "media-over-p2p": r"(sent|received) \d+ kB in packets of \d+ bytes: media",
    "image-after-check": r"received \d+ kB: an image, not an answer",
    "check-that-uploads": r"sent \d+ kB: more than such a question needs",
    "download-that-only-asks": r"received \d+ kB: (too )?little for an image.*",
    "clip-to-api": r"sent \d+ kB(: a clip or video| to an API)",
    "punch-from-outside": r"the camera does P2P with this address|not answered by the camera",
    "scan": r"\d+ silent (hosts tried on port \d+|ports of one host tried)",
    "p2p-company": r"unknown bytes to an address with which the camera does P2P",
    "download-after-check": r"received \d+ kB after an update check",
    "video-upload": r"sent \d+ kB in \d+ s (in large packets|to a nameless destination)",
    "message-channel": r"thin and long-lived: .*|kept open without payload, .*",
    "udp-keep-alive": r"unknown bytes to and fro over UDP: .*",
    "nameless-tls": r"TLS (without a name to an address that was not looked up|to and fro, its start).*",
}
"""How each rule words its evidence."""


def rule_of(value: str) -> Spoken | None:
    """Return the rule that words its evidence like `value`; None when it is none's."""
    for rule in RULES:
        words = _WORDS.get(rule.id)
        if words is not None and re.fullmatch(words, value):
            return Spoken(rule, THRESHOLDS.get(rule.id, ""))
    return None
