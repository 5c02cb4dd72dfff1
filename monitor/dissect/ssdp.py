"""SSDP, the discovery of UPnP devices: what a device searches for, and what it says it is."""

import re

from monitor.dissect.base import UDP, Dissector, FactKind
from monitor.dissect.wire import distinct, first_piece, header_lines
from monitor.model.facts import Conversation, Dissection

_STARTS = (
    (b"M-SEARCH * HTTP/1.", "search"),
    (b"NOTIFY * HTTP/1.", "notify"),
    (b"HTTP/1.", "answer"),
)
_HEADERS = (
    ("ssdp.target", "st"),
    ("ssdp.target", "nt"),
    ("ssdp.state", "nts"),
    ("ssdp.server", "server"),
    ("ssdp.agent", "user-agent"),
    ("ssdp.location", "location"),
)
_DEVICE = re.compile(r"uuid:[0-9A-Za-z\-]{8,80}")


def _message(data: bytes) -> str:
    """Name the message by its first line; an answer must name its search target as well."""
    for start, name in _STARTS:
        if data.startswith(start):
            head = data[:2048].upper()
            is_whole = b"\nST:" in head if name != "notify" else b"\nNT:" in head
            return name if is_whole else ""
    return ""


def _dissect(conversation: Conversation) -> Dissection | None:
    data = first_piece(conversation)
    if data[:1] not in {b"M", b"N", b"H"} or not _message(data):
        return None
    pieces = [p for p in (*conversation.orig, *conversation.resp) if _message(p)]
    heads = [header_lines(piece) for piece in pieces]
    facts = distinct("ssdp.message", map(_message, pieces))
    for kind, name in _HEADERS:
        # The identifier of a device is not kept; its kind stands in other fields.
        facts += distinct(kind, (_DEVICE.sub("uuid:<id>", head.get(name, "")) for head in heads))
    return Dissection("ssdp", tuple(dict.fromkeys(facts)))


DISSECTOR = Dissector(
    service="ssdp",
    title="Simple Service Discovery Protocol (UPnP)",
    transports=frozenset({UDP}),
    first_bytes=frozenset(b"MNH"),
    dissect=_dissect,
    ports=frozenset({1900}),
    rank=15,
    how="first line M-SEARCH * HTTP/1.x, NOTIFY * HTTP/1.x or HTTP/1.x, with ST or NT",
    facts=(
        FactKind("ssdp.message", "search, notify or answer"),
        FactKind("ssdp.target", "What is searched for or announced; identifiers are hidden"),
        FactKind("ssdp.state", "ssdp:alive, ssdp:byebye or ssdp:update"),
        FactKind("ssdp.server", "SERVER: operating system and product"),
        FactKind("ssdp.agent", "USER-AGENT of a search"),
        FactKind("ssdp.location", "Address of the description"),
    ),
    source="UPnP Device Architecture 2.0 §1",
)
