"""SIP, and GB/T 28181 in it: a camera that registers with a telephone or a video platform."""

import re

from monitor.dissect.base import TCP, UDP, Dissector, FactKind
from monitor.dissect.rtsp import user_of
from monitor.dissect.wire import between, distinct, first_piece, header_lines, text
from monitor.model.facts import Conversation, Dissection, Fact

_REQUEST = re.compile(
    rb"(REGISTER|INVITE|ACK|BYE|CANCEL|OPTIONS|MESSAGE|SUBSCRIBE|NOTIFY|INFO|UPDATE|PRACK|REFER|"
    rb"PUBLISH) sips?:([\x21-\x7e]{1,256}) SIP/2\.0\r?\n"
)
_ANSWER = re.compile(rb"SIP/2\.0 (\d{3}) [^\r\n]{0,64}\r?\n")
_GB_ID = re.compile(r"(?<!\d)(\d{10})(\d{3})\d{7}(?!\d)")
_GB_TYPES = {
    "111": "dvr",
    "112": "video-server",
    "113": "encoder",
    "114": "decoder",
    "118": "nvr",
    "131": "camera",
    "132": "network-camera",
    "134": "alarm-input",
    "200": "platform",
}
_MANSCDP = b"application/manscdp+xml"


def _hide(value: str) -> str:
    """Hide the serial part of the 20-digit identifiers of GB/T 28181."""
    return _GB_ID.sub(r"\1\2<id>", value)


def _gb_facts(pieces: list[bytes], names: list[str]) -> list[Fact]:
    ids = [match for name in names if (match := _GB_ID.search(name))]
    if not ids and not any(_MANSCDP in piece[:2048].lower() for piece in pieces):
        return []
    facts = [Fact("sip.profile", "gb28181")]
    facts += distinct("sip.device_type", (_GB_TYPES.get(match[2], match[2]) for match in ids))
    facts += distinct(
        "sip.command", (between(piece[:4096], b"<CmdType>", b"</CmdType>") for piece in pieces)
    )
    facts += distinct(
        "sip.maker", (between(p[:8192], b"<Manufacturer>", b"</Manufacturer>") for p in pieces)
    )
    return facts


def _dissect(conversation: Conversation) -> Dissection | None:
    data = first_piece(conversation)
    if data[:1] not in _FIRST_BYTES or not (_REQUEST.match(data) or _ANSWER.match(data)):
        return None
    pieces = [
        p for p in (*conversation.orig, *conversation.resp) if _REQUEST.match(p) or _ANSWER.match(p)
    ]
    lines = [m for m in map(_REQUEST.match, pieces) if m]
    answers = [m for m in map(_ANSWER.match, pieces) if m]
    heads = [header_lines(piece) for piece in pieces]
    senders = [head.get("from", head.get("f", "")) for head in heads]
    facts = distinct("sip.method", (text(m[1]) for m in lines))
    facts += distinct("sip.host", (text(m[2].rpartition(b"@")[2], 96) for m in lines))
    facts += distinct("sip.status", (text(m[1]) for m in answers))
    facts += distinct("sip.agent", (head.get("user-agent", "") for head in heads))
    facts += distinct("sip.server", (head.get("server", "") for head in heads))
    facts += [f._replace(value=_hide(f.value)) for f in _gb_facts(pieces, senders)]
    users = (_hide(user_of(head.get("authorization", ""))) for head in heads)
    facts += distinct("credential", (f"sip user={user}" for user in users if user))
    return Dissection("sip", tuple(facts))


_FIRST = frozenset(b"RIABCOMSNUP")
_FIRST_BYTES = frozenset(bytes([byte]) for byte in _FIRST)

DISSECTOR = Dissector(
    service="sip",
    title="Session Initiation Protocol, also GB/T 28181",
    transports=frozenset({TCP, UDP}),
    first_bytes=_FIRST,
    dissect=_dissect,
    ports=frozenset({5060, 15060, 7100}),
    rank=15,
    how="request line METHOD sip:address SIP/2.0, or status line SIP/2.0 and three digits; "
    "GB/T 28181 by identifiers of 20 digits or a body of type Application/MANSCDP+xml",
    facts=(
        FactKind("sip.method", "REGISTER, INVITE, MESSAGE, ..."),
        FactKind("sip.host", "Host of the request's address"),
        FactKind("sip.status", "Status codes of answers"),
        FactKind("sip.agent", "User-Agent; often names the maker"),
        FactKind("sip.server", "Server"),
        FactKind("sip.profile", "gb28181, the Chinese video surveillance profile"),
        FactKind("sip.device_type", "GB/T 28181: kind of device that its identifier tells"),
        FactKind("sip.command", "GB/T 28181: Keepalive, Catalog, DeviceInfo, ..."),
        FactKind("sip.maker", "GB/T 28181: maker that the device names"),
        FactKind("credential", "User name of the authorization"),
    ),
    source="RFC 3261 §7; GB/T 28181-2016; https://blog.csdn.net/jiuaiwo1314/article/details/90244448",
)
