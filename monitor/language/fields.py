"""The fields that a condition can ask for: name, type, meaning, where it applies."""

import dataclasses
from enum import StrEnum

from monitor.model.alerts import AlertState
from monitor.model.words import (
    PURPOSE_GROUPS,
    Confidence,
    DeviceKind,
    NameSource,
    Outcome,
    Purpose,
    Scope,
    Severity,
)


class Type(StrEnum):
    """What a field holds, and so what it can be compared with."""

    TEXT = "text"
    WORD = "word"
    """One of a closed list."""

    NUMBER = "number"
    TIME = "time"
    ADDRESS = "address"
    FLAG = "yes or no"


class Unit(StrEnum):
    """What a number counts; values in trees are in the base unit."""

    NONE = ""
    BYTES = "bytes"
    NANOSECONDS = "ns"


class Where(StrEnum):
    """What a condition is about."""

    RULE = "rule"
    """Flows as they pass: the conditions of rules."""

    FLOW = "flow"
    """Flows in a store."""

    ALERT = "alert"
    CAMERA = "camera"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field."""

    name: str
    type: Type
    text: str
    """What it means, in one line."""

    example: str
    where: frozenset[Where]
    unit: Unit = Unit.NONE
    words: tuple[str, ...] = ()
    """The closed list of a word, in its order where it has one."""

    is_ordered: bool = False
    """Whether ``<`` and ``>`` mean something for its words."""

    has_many: bool = False
    """One thing may have several values; a comparison holds when it holds for any of them."""


_FLOWS = frozenset({Where.RULE, Where.FLOW})
_ALERTS = frozenset({Where.ALERT})
_CAMERAS = frozenset({Where.CAMERA})
_EVERYWHERE = frozenset(Where)
_RULES = frozenset({Where.RULE})
_STORED = frozenset({Where.FLOW})


def _text(
    name: str, text: str, example: str, where: frozenset[Where], *, has_many: bool = False
) -> Field:
    return Field(
        name=name, type=Type.TEXT, text=text, example=example, where=where, has_many=has_many
    )


def _word(  # a row of the table
    name: str,
    text: str,
    example: str,
    where: frozenset[Where],
    words: type[StrEnum] | tuple[str, ...],
    *,
    is_ordered: bool = False,
) -> Field:
    listed = words if isinstance(words, tuple) else tuple(str(word) for word in words)
    return Field(
        name=name, type=Type.WORD, text=text, example=example, where=where, words=listed,
        is_ordered=is_ordered,
    )  # fmt: skip


def _number(
    name: str, text: str, example: str, where: frozenset[Where], unit: Unit = Unit.NONE
) -> Field:
    return Field(name=name, type=Type.NUMBER, text=text, example=example, where=where, unit=unit)


def _typed(kind: Type, name: str, text: str, example: str, where: frozenset[Where]) -> Field:
    return Field(name=name, type=kind, text=text, example=example, where=where)


_CONFIDENCES = tuple(sorted((str(c) for c in Confidence), key=lambda c: Confidence(c).rank))

_TABLE = (
    _word("purpose", "What the flow is for", "purpose = diagnostics", _FLOWS, Purpose),
    _word(
        "group",
        "Group of the purpose",
        "group in (cloud, cloud-p2p)",
        _FLOWS,
        tuple(dict.fromkeys(PURPOSE_GROUPS.values())),
    ),
    _word(
        "confidence",
        "How sure the purpose is; of a camera: how sure its maker is",
        "confidence >= medium",
        _FLOWS | _CAMERAS,
        _CONFIDENCES,
        is_ordered=True,
    ),
    _word("scope", "Where the destination lies, seen from the camera", "scope = outside", _FLOWS, Scope),
    _word("outcome", "Whether the originator was answered", "outcome != answered", _FLOWS, Outcome),
    _word(
        "initiated_by",
        "Which side opened the flow",
        "initiated_by = destination",
        _FLOWS,
        ("camera", "destination"),
    ),
    _text("service", "Protocol recognised from bytes", "service = http", _FLOWS),
    _text("protocol", "IP protocol", "protocol = udp", _FLOWS),
    _text("name", "Name of the destination", "name ~ *.hik-connect.com", _FLOWS | _ALERTS),
    _word("name_source", "Where that name was learnt", "name_source = sni", _FLOWS, NameSource),
    _typed(Type.ADDRESS, "destination", "Address of the destination", "destination = 198.51.100.0/24", _FLOWS),
    _number("port", "Port of the destination", "port in (23, 2323)", _FLOWS),
    _text("country", "Country of the destination's address block", "country != NL", _FLOWS),
    _number("asn", "Network (AS number) of that block", "asn = 16509", _FLOWS),
    _text("as_org", "Who holds that network", "as_org ~ *ALIBABA*", _FLOWS),
    _text("operator", "Company behind the service", "operator = Hikvision", _FLOWS | _ALERTS),
    _text(
        "operator_country",
        "Home of that company, or of its parent",
        "operator_country in (CN, RU)",
        _FLOWS | _ALERTS,
    ),
    _typed(Type.ADDRESS, "camera", "Address of the camera", "camera = 10.20.3.0/24", _EVERYWHERE),
    _text("camera_name", "Name of the camera in the inventory", "camera_name ~ gate*", _EVERYWHERE),
    _text("mac", "MAC address of the camera", "mac ~ 44:19:b6:*", _EVERYWHERE),
    _text("maker", "Who made the camera", "maker = Dahua", _EVERYWHERE),
    _text("brand", "Brand on its label", "brand = Lorex", _EVERYWHERE),
    _text("model", "Model of the camera", "model ~ DS-2CD*", _FLOWS | _CAMERAS),
    _text("firmware", "Firmware version of the camera", "firmware ~ V5.5*", _FLOWS | _CAMERAS),
    _word("kind", "What sort of device it is", "kind = camera", _FLOWS | _CAMERAS, DeviceKind),
    _number("vlan", "VLAN id", "vlan = 20", _EVERYWHERE),
    _number("out_bytes", "Bytes that the camera sent", "out_bytes > 20kB", _FLOWS, Unit.BYTES),
    _number("in_bytes", "Bytes that it received", "in_bytes >= 1MB", _FLOWS, Unit.BYTES),
    _typed(
        Type.FLAG,
        "sends_more",
        "Whether the camera sent more bytes than it received",
        "sends_more = yes",
        _FLOWS,
    ),
    _number("packets", "Packets of both sides", "packets > 3", _FLOWS),
    _number("duration", "From the first packet to the last", "duration > 10min", _FLOWS, Unit.NANOSECONDS),
    _typed(Type.TIME, "time", "When the flow began", "time >= 2026-11-28T08:00", _FLOWS),
    _text("flow_id", "Id of the flow", "flow_id = 00c2aa5d0e1f77b3", _STORED),
    _text("community_id", "Community ID, to join with other tools", "community_id = '1:wCb3OG7yAFWelaUydu0D+125CLM='", _STORED),
    _text(
        "fact",
        "Facts that the bytes show, written kind=value",
        "fact ~ 'tls.version=*'",
        _RULES,
        has_many=True,
    ),
    _typed(
        Type.FLAG,
        "clear_password",
        "Whether a user name and password could be read by anybody on the path",
        "clear_password = yes",
        _RULES,
    ),
    _text("rule", "Rule that found it", "rule = media-leaving", _ALERTS),
    _word("severity", "How much it matters", "severity >= high", _ALERTS, Severity, is_ordered=True),
    _word("state", "Where the alert is in its life", "state = open", _ALERTS, AlertState),
    _typed(Type.TIME, "opened", "When the alert was opened", "opened >= 2026-11-01", _ALERTS),
    _typed(Type.TIME, "last", "When it was last shown to be so", "last >= 2026-11-28", _ALERTS),
    _number("times", "Flows or events that showed it", "times > 100", _ALERTS),
    _typed(Type.FLAG, "acknowledged", "Whether somebody has seen it", "acknowledged = no", _ALERTS),
)  # fmt: skip

FIELDS = {field.name: field for field in _TABLE}
"""Every field by its name, in the order in which it is shown."""
