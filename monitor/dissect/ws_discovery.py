"""WS-Discovery, by which ONVIF cameras are found: types, names and hardware in clear text."""

import re
from urllib.parse import unquote

from monitor.dissect.base import UDP, Dissector, FactKind
from monitor.dissect.wire import distinct, first_piece, text
from monitor.model.facts import Conversation, Dissection, Fact

_MARKS = (
    b"schemas.xmlsoap.org/ws/2005/04/discovery",
    b"docs.oasis-open.org/ws-dd/ns/discovery/2009/01",
)
_MESSAGE = re.compile(rb"<(?:\w+:)?(Hello|Bye|ProbeMatches|Probe|ResolveMatches|Resolve)[\s/>]")
_TYPES = re.compile(rb"<(?:\w+:)?Types[^>]{0,400}>([^<]{0,512})<")
_SCOPES = re.compile(rb"<(?:\w+:)?Scopes[^>]{0,400}>([^<]{0,4096})<")
_ADDRESSES = re.compile(rb"<(?:\w+:)?XAddrs[^>]{0,200}>([^<]{0,512})<")
_SCOPE = re.compile(r"onvif://www\.onvif\.org/(name|hardware|type|Profile|location)/(\S{1,96})")
_LARGEST = 8192


def _is_discovery(data: bytes) -> bool:
    head = data[:_LARGEST]
    return b"Envelope" in head[:512] and any(mark in head for mark in _MARKS)


def _first(pattern: re.Pattern[bytes], data: bytes, limit: int) -> str:
    match = pattern.search(data, 0, _LARGEST)
    return text(match[1], limit) if match else ""


def _scopes(data: bytes) -> list[Fact]:
    scopes = _first(_SCOPES, data, 4096)
    found = [(m[1].lower(), text(unquote(m[2]).encode())) for m in _SCOPE.finditer(scopes)]
    # The location is where somebody says that the camera hangs: not needed to know its maker.
    return [Fact(f"ws-discovery.{name}", value) for name, value in found if name in _SCOPE_KINDS]


_SCOPE_KINDS = frozenset({"name", "hardware", "type"})


def _dissect(conversation: Conversation) -> Dissection | None:
    data = first_piece(conversation)
    if data[:1] not in {b"<", b"\xef"} or not _is_discovery(data):
        return None
    pieces = [p for p in (*conversation.orig, *conversation.resp) if _is_discovery(p)]
    facts = distinct("ws-discovery.message", (_first(_MESSAGE, p, 20).lower() for p in pieces))
    types = (t for p in pieces for t in _first(_TYPES, p, 512).split())
    facts += distinct("ws-discovery.types", (t.rpartition(":")[2][:64] for t in types))
    scopes = [fact for piece in pieces for fact in _scopes(piece)]
    for kind in ("name", "hardware", "type"):
        full = f"ws-discovery.{kind}"
        facts += distinct(full, (fact.value for fact in scopes if fact.kind == full))
    facts += distinct("ws-discovery.address", (_first(_ADDRESSES, p, 128) for p in pieces))
    return Dissection("ws-discovery", tuple(facts))


DISSECTOR = Dissector(
    service="ws-discovery",
    title="WS-Discovery (ONVIF)",
    transports=frozenset({UDP}),
    first_bytes=frozenset(b"<\xef"),
    dissect=_dissect,
    ports=frozenset({3702}),
    rank=35,
    how="SOAP envelope with the name space of WS-Discovery 1.0 or 1.1",
    facts=(
        FactKind("ws-discovery.message", "hello, bye, probe, probematches, resolve, ..."),
        FactKind(
            "ws-discovery.types", "Types asked for or offered, such as NetworkVideoTransmitter"
        ),
        FactKind("ws-discovery.name", "ONVIF scope name, often maker and model"),
        FactKind("ws-discovery.hardware", "ONVIF scope hardware, the model"),
        FactKind("ws-discovery.type", "ONVIF scope type, such as video_encoder"),
        FactKind("ws-discovery.address", "Service addresses"),
    ),
    source="WS-Discovery (OASIS, 2009), ONVIF Core Specification §7.3",
)
