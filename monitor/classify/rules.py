"""Weights and thresholds of the classifier: every number that decides, in one place.

A sign has a weight between 0 and 1: the trust in its kind, times the confidence of its entry. The
weights of signs for one purpose combine as ``1 - (1 - a)(1 - b)...``: signs that agree strengthen
each other, and no number of weak ones outdoes a strong one quickly. The purpose with the most
weight wins; `HIGH`, `MEDIUM` and `LOW` say how sure that makes us.
"""

from typing import Final

from monitor.classify.names import EXACT, GLOB, SUFFIX
from monitor.model.words import Confidence, NameSource

TRUST_SERVICE: Final = 0.95
"""The protocol, recognised from bytes: the best there is."""

TRUST_FACT: Final = 0.92
"""What the bytes say in words, such as an HTTP path."""

TRUST_ADDRESS: Final = 0.85
"""Addresses that their operator publishes, such as those of a public resolver."""

TRUST_NAME: Final = {EXACT: 0.88, GLOB: 0.85, SUFFIX: 0.82}

TRUST_CATCH_ALL: Final = 0.45
"""A suffix with hosts of many kinds names the operator; what one of them does is only likely.
Raising it calls unlisted hosts by the commonest purpose of their domain."""

TRUST_WORD: Final = 0.68
"""Raising it lets words of a host name, such as ``log``, outdo more of what a maker's entries say
of the domain; lowering it leaves more hosts unknown."""

TRUST_PORT: Final = 0.4
"""Below `MEDIUM` whatever the entry: a port is a habit, not a proof."""

BY_CONFIDENCE: Final = {Confidence.HIGH: 1.0, Confidence.MEDIUM: 0.8, Confidence.LOW: 0.5}

BY_NAME_SOURCE: Final = {
    NameSource.SNI: 1.0,
    NameSource.HTTP: 1.0,
    NameSource.DNS: 0.96,
    NameSource.PAYLOAD: 0.9,
    NameSource.CERTIFICATE: 0.85,
}
"""An address that DNS gave may serve other names; a certificate covers many hosts."""

ALSO: Final = 0.75
"""Share of the weight that goes to the other purposes an entry names."""

OTHER_TRANSPORT: Final = 0.7
"""Factor for a name that its source saw on the other transport."""

OTHER_BYTES: Final = 0.7
"""Factor for an address whose service is known, where the bytes that were seen are not its."""

YIELDING: Final = 0.5
"""Factor for what is said in general (of a domain, of an API host) where something that fits
closer (a word of the host, the path of the request) says otherwise."""

CATCH_ALL_SHAPE: Final = 0.3
"""Weight of the transport as a hint which of the purposes of a whole domain is meant: TLS and
HTTP speak for an API, unknown bytes over UDP for a rendezvous."""

INBOUND: Final = 0.9
"""Somebody outside opened the flow: remote access, unless the bytes are a P2P protocol's."""

HIGH: Final = 0.8
MEDIUM: Final = 0.5
LOW: Final = 0.25
"""Least weight for each confidence. Raising `LOW` turns weak answers into unknown; raising `HIGH`
asks for a second sign beside a name."""

RIVAL: Final = 0.75
"""A sign for another purpose with at least this share of the winner's weight takes one step of
confidence away."""

EVIDENCE: Final = 6
"""Most signs that a verdict carries."""

MEDIA_BYTES: Final = 64_000
"""Least payload in one direction for video or audio: about two seconds of a small stream. Raising
it calls short live views rendezvous; lowering it calls long keep-alives media."""

MEDIA_DENSE_BYTES: Final = 20_000
"""Least payload in one direction of a known P2P protocol where packets are full: a second of video,
or one picture. Lowering it calls lists of settings and recordings media."""

MEDIA_DENSE_PACKET: Final = 900
"""Least mean payload of full packets, in bytes: frames of video cut to the size of packets."""

MEDIA_RATE: Final = 1000.0
"""Least payload a second of media over the whole flow, in bytes: below it, what adds up to
`MEDIA_BYTES` is signalling that lasts for hours. Idle hours before a short view count too, so that
`MEDIA_SURE_BYTES` needs no rate."""

MEDIA_SURE_BYTES: Final = 1_000_000
"""Payload in one direction that is media at any rate."""

MEDIA_PACKET: Final = 300
"""Least mean payload of the packets of media, in bytes: keep-alives are far below, full video
packets far above."""

MEDIA_RATIO: Final = 3.0
"""Media runs one way: this much more than against it. Asked of unknown bytes and of APIs."""

IMAGE_BYTES: Final = 100_000
"""Least download that can be a firmware image; the smallest seen was about 200 kB. Raising it
calls small images checks; lowering it calls long manifests images."""

NO_IMAGE_BYTES: Final = 20_000
"""A download host that gave less than this was only asked. Between this and `IMAGE_BYTES` a weak
sign, such as the name of a file, is not believed."""

CHECK_UPLOAD_BYTES: Final = 50_000
"""More than this sent to a host that should only be asked is worth a doubt."""

STORAGE_UPLOAD_BYTES: Final = 200_000
"""More than this sent to an API that also takes clips or video is a clip or video."""

LONG_S: Final = 60.0
"""Least duration of a message channel that waits for news, in seconds."""

THIN_RATE: Final = 500.0
"""Most payload a second, both ways, of a channel that only waits, in bytes."""

KEEP_ALIVES: Final = 3
"""Least datagrams with payload each way of a keep-alive over UDP."""

SCAN_HOSTS: Final = 8
"""Distinct silent hosts on one port that make a scan. Raising it misses short scans; lowering it
calls a camera that looks for its recorder a scanner."""

SCAN_PORTS: Final = 12
"""Distinct silent TCP ports of one host that make a scan. UDP is not counted: runs of consecutive
UDP ports are the guesses of hole punching at a router's port mapping."""
