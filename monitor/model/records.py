"""Records as they leave camwatch: flows, cameras, destinations, findings."""

from typing import NamedTuple

from monitor.model.facts import NOTHING, Dissection
from monitor.model.words import Confidence, DeviceKind, EndReason, Outcome, Purpose, Scope, Severity


class Evidence(NamedTuple):
    """Why something is said: what was seen, and the catalogue entry that reads it."""

    kind: str
    """``name``, ``fact``, ``service``, ``port``, ``behaviour``, ``address``, ``oui``, ..."""

    value: str
    catalog: str = ""
    """Id of the catalogue entry, empty when a rule of the program speaks."""


class Verdict(NamedTuple):
    """What a flow is for."""

    purpose: Purpose
    confidence: Confidence
    evidence: tuple[Evidence, ...]


class Place(NamedTuple):
    """What the databases say of an address block; never of a host."""

    country: str = ""
    """ISO 3166-1 alpha-2, empty when unknown or anycast."""

    asn: int = 0
    as_org: str = ""
    is_anycast: bool = False


NOWHERE = Place()


class Operator(NamedTuple):
    """The company behind a service."""

    name: str = ""
    country: str = ""
    """ISO 3166-1 alpha-2 of the operator's (parent's) home."""

    parent: str = ""
    evidence: tuple[Evidence, ...] = ()


NOBODY = Operator()


class Signal(NamedTuple):
    """One sign of who made a device or what it is."""

    kind: str
    """``oui``, ``dhcp``, ``http-server``, ``name``, ``p2p``, ..."""

    value: str
    says: str
    """What it speaks for, such as ``maker=Hikvision`` or ``kind=camera``."""

    weight: float
    source: str


class Device(NamedTuple):
    """What is known of the device behind an address."""

    ip: str
    mac: str = ""
    """``aa:bb:cc:dd:ee:ff``; empty when the link has none or it is a router's."""

    oui: str = ""
    """Organisation that the IEEE lists for the MAC's prefix."""

    maker: str = ""
    """Maker on the wire; empty when unknown."""

    brand: str = ""
    """Brand on the label, where something says it."""

    model: str = ""
    firmware: str = ""
    kind: DeviceKind = DeviceKind.UNKNOWN
    confidence: Confidence = Confidence.NONE
    signals: tuple[Signal, ...] = ()
    name: str = ""
    """Name in the inventory; empty: not listed."""


class Destination(NamedTuple):
    """The other side of a flow, with who and where."""

    ip: str
    port: int
    name: str
    name_source: str
    country: str
    asn: int
    as_org: str
    operator: str
    operator_country: str
    hosting: str = ""
    """Company whose network the address is in; empty when unknown."""

    hosting_country: str = ""
    """ISO 3166-1 alpha-2 of its home, where that is known."""


class Side(NamedTuple):
    """One end of a flow."""

    ip: str
    port: int
    packets: int
    bytes: int


class FlowRecord(NamedTuple):
    """One flow of a camera: a line of flows.jsonl, a row of the store."""

    flow_id: str
    community_id: str
    start_ns: int
    end_ns: int
    vlan: int | None
    scope: Scope
    protocol: str
    service: str
    camera: Device
    destination: Destination
    initiated_by: str
    """``camera`` or ``destination``."""

    outcome: str
    orig: Side
    resp: Side
    verdict: Verdict


class Finding(NamedTuple):
    """A fact worth keeping about a camera."""

    rule: str
    severity: Severity
    title: str
    camera_ip: str
    explanation: str
    first_ns: int
    last_ns: int
    flows: int
    evidence: tuple[Evidence, ...]
    flow_ids: tuple[str, ...] = ()
    """A few of the flows, as `FlowRecord.flow_id`: what to ask `explain` about."""


class FlowView(NamedTuple):
    """What the classify stage sees of one flow: who spoke, in what words, how much, and when.

    Everything after `destination` may be left at its default where it is not known; the answer
    is then given without it.
    """

    protocol: int
    """IP protocol number."""

    dissection: Dissection = NOTHING
    scope: Scope = Scope.OUTSIDE
    initiated_by: str = "camera"
    """``camera`` or ``destination``."""

    orig_port: int = 0
    """Originator port; ICMP: type of the first packet."""

    resp_port: int = 0
    """Responder port; ICMP: code of the first packet."""

    name: str = ""
    """Name of the destination in lower case, empty when none is known."""

    name_source: str = ""
    """A `NameSource`, empty without a name."""

    destination: str = ""
    """Address of the destination as text."""

    outcome: str = Outcome.ANSWERED
    orig_pkts: int = 0
    resp_pkts: int = 0
    orig_payload: int = 0
    """Payload bytes of the originator."""

    resp_payload: int = 0
    orig_data_pkts: int = 0
    """Originator packets with payload."""

    resp_data_pkts: int = 0
    duration_s: float = 0.0
    end_reason: int = EndReason.IDLE
    is_ongoing: bool = False
    """The record is a part of a flow that an active timeout cut, or goes on after it."""

    is_handshake: bool = True
    """False: TCP whose start was not seen, so that who opened it is not known."""

    before: tuple[Purpose, ...] = ()
    """Purposes of what this camera did in the minutes before, newest first."""

    siblings: tuple[Purpose, ...] = ()
    """Purposes of other flows between this camera and this destination address."""

    ports_tried: int = 0
    """Distinct ports of this destination that the camera tried in vain of late."""

    hosts_tried: int = 0
    """Distinct destinations that the camera tried in vain on this port of late."""
