"""DHP2P, the text dialogue of Dahua and its resellers with the peer-to-peer servers (UDP)."""

import re

from monitor.dissect.base import UDP, Dissector, FactKind
from monitor.dissect.wire import between, distinct, first_piece, header_lines, text
from monitor.model.facts import Conversation, Dissection, Fact

_REQUEST = re.compile(rb"(DH|NF)(GET|POST) (/[\x21-\x7e]{0,255}) HTTP/1\.[01]\r?\n")
_ID = re.compile(r"(?<=/)(?=[0-9A-Z]*[0-9])[0-9A-Z]{10,24}(?=/|$)")
_SERVER = re.compile(rb"<(?:DS|US|Relay|Agent|Address)>([0-9A-Za-z.\-]{4,80}:\d{1,5})<")
_NAME = re.compile(r'Username="([^"]{1,64})"')


def _requests(conversation: Conversation) -> list[re.Match[bytes]]:
    return [m for m in map(_REQUEST.match, (*conversation.orig, *conversation.resp)) if m]


def _dissect(conversation: Conversation) -> Dissection | None:
    data = first_piece(conversation)
    if data[:2] not in {b"DH", b"NF"} or not _REQUEST.match(data):
        return None
    requests = _requests(conversation)
    facts = distinct("dhp2p.method", (text(m[1] + m[2]) for m in requests))
    facts += distinct("dhp2p.path", (_ID.sub("<id>", text(m[3], 128)) for m in requests))
    answers = [piece for piece in conversation.resp if piece.startswith(b"HTTP/1.")]
    facts += distinct("dhp2p.status", (text(piece[9:12]) for piece in answers))
    facts += distinct(
        "dhp2p.server",
        (text(m[1], 96) for piece in answers for m in _SERVER.finditer(piece[:4096])),
    )
    facts += distinct("dhp2p.realm", (between(piece, b'realm="', b'"') for piece in answers))
    user = _NAME.search(header_lines(data).get("x-wsse", ""))
    if user:
        facts.append(Fact("credential", f"dhp2p user={text(user[1].encode('latin-1'))}"))
    return Dissection("dhp2p", tuple(facts))


DISSECTOR = Dissector(
    service="dhp2p",
    title="Dahua peer-to-peer control (DHP2P)",
    transports=frozenset({UDP}),
    first_bytes=frozenset(b"DN"),
    dissect=_dissect,
    ports=frozenset({8800, 8802, 8803}),
    rank=15,
    how="request line DHGET, DHPOST, NFGET or NFPOST with a path and HTTP/1.x",
    facts=(
        FactKind("dhp2p.method", "DHGET, DHPOST, NFGET, NFPOST"),
        FactKind("dhp2p.path", "Path; the device's serial number is shown as <id>"),
        FactKind("dhp2p.status", "Status code of an answer"),
        FactKind("dhp2p.server", "Server that an answer sends the device to"),
        FactKind("dhp2p.realm", "Realm of an answer, such as huashi"),
        FactKind("credential", "User name of the request (of the software, not of a person)"),
    ),
    source="khoanguyen-3fc/dh-p2p README.md; mcw0/PoC; captures of an Amcrest camera",
)
