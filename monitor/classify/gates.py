"""From which sizes, times and company on a rule of behaviour can speak: what spares the asking."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from monitor.classify import rules
from monitor.classify.behaviour import Rule
from monitor.classify.evidence import is_silent
from monitor.model.records import FlowView
from monitor.model.words import Outcome, Protocol, Scope

NEVER: Final = 1 << 62
"""A size and a time that no flow reaches."""


class Gate(NamedTuple):
    """What a flow must show at least; where it shows none of it, the rule has nothing to say.

    A flow that goes on passes every gate.
    """

    payload: int = NEVER
    """Payload bytes of the side that sent more."""

    seconds: float = float(NEVER)
    """Duration."""

    friend: bool = False
    """The camera does P2P with the destination."""

    vain: bool = False
    """The camera tried as many hosts or ports in vain as make a scan."""


OPEN: Final = Gate(payload=0)
SHUT: Final = Gate()
_MEDIA: Final = Gate(payload=rules.MEDIA_BYTES)
_LONG: Final = Gate(seconds=rules.LONG_S)


def _of_punch(view: FlowView) -> Gate:
    return OPEN if view.outcome != Outcome.ANSWERED else Gate(friend=True)


def _of_scan(view: FlowView) -> Gate:
    return Gate(vain=view.initiated_by == "camera" and view.outcome != Outcome.ANSWERED)


def _of_company(view: FlowView) -> Gate:
    return Gate(friend=not view.dissection.service)


def _of_upload(view: FlowView) -> Gate:
    return _MEDIA if view.scope is Scope.OUTSIDE else SHUT


def _of_channel(view: FlowView) -> Gate:
    if view.scope is not Scope.OUTSIDE or view.protocol != Protocol.TCP:
        return SHUT
    if view.outcome != Outcome.ANSWERED and is_silent(view):
        return SHUT
    # What was open before the capture counts as long at any age. Whether it was, is no part of a
    # kind of flow.
    return OPEN if view.dissection.service == "tls" or is_silent(view) else _LONG


def _of_keep_alive(view: FlowView) -> Gate:
    if view.scope is not Scope.OUTSIDE or view.protocol != Protocol.UDP:
        return SHUT
    return SHUT if view.dissection.service else _LONG


def _of_nameless(view: FlowView) -> Gate:
    return SHUT if view.name or view.dissection.service != "tls" else OPEN


_GATES: Final[Mapping[str, Gate | Callable[[FlowView], Gate]]] = {
    "media-over-p2p": Gate(payload=rules.MEDIA_DENSE_BYTES),
    "image-after-check": Gate(payload=rules.IMAGE_BYTES),
    "check-that-uploads": Gate(payload=rules.CHECK_UPLOAD_BYTES),
    "clip-to-api": Gate(payload=rules.STORAGE_UPLOAD_BYTES),
    "punch-from-outside": _of_punch,
    "scan": _of_scan,
    "p2p-company": _of_company,
    "download-after-check": Gate(payload=2 * rules.IMAGE_BYTES),
    "video-upload": _of_upload,
    "message-channel": _of_channel,
    "udp-keep-alive": _of_keep_alive,
    "nameless-tls": _of_nameless,
}
"""Rules without a gate are always asked."""


def gate_of(asked: Iterable[Rule], view: FlowView) -> Gate:
    """Return the gate that opens where that of one of the rules does.

    Args:
        asked: The rules.
        view: A flow of the kind; sizes, times and company are not looked at.
    """
    gates = []
    for rule in asked:
        gate = _GATES.get(rule.id, OPEN)
        gates.append(gate if isinstance(gate, Gate) else gate(view))
    return Gate(
        min((gate.payload for gate in gates), default=NEVER),
        min((gate.seconds for gate in gates), default=float(NEVER)),
        any(gate.friend for gate in gates),
        any(gate.vain for gate in gates),
    )
