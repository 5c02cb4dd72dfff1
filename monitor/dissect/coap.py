"""CoAP, the small web of sensors and some cloud SDKs (UDP)."""

from monitor.dissect.base import UDP, Dissector, FactKind
from monitor.dissect.wire import first_piece, is_text, text
from monitor.model.facts import Conversation, Dissection, Fact

_PORT = 5683
_METHODS = {1: "get", 2: "post", 3: "put", 4: "delete", 5: "fetch", 6: "patch", 7: "ipatch"}
_URI_HOST, _URI_PATH, _URI_QUERY = 3, 11, 15
_OPTIONS = frozenset({1, 3, 4, 5, 6, 7, 8, 9, 11, 12, 14, 15, 17, 20, 23, 27, 28, 35, 39, 60, 258})
_TEXTS = frozenset({_URI_HOST, _URI_PATH, _URI_QUERY})


def _extended(data: bytes, at: int, nibble: int) -> tuple[int, int]:
    """Return an option delta or length and the offset after it; -1 for the reserved 15."""
    if nibble < 13:
        return nibble, at
    if nibble == 13:
        return 13 + int.from_bytes(data[at : at + 1]), at + 1
    return (269 + int.from_bytes(data[at : at + 2]), at + 2) if nibble == 14 else (-1, at)


def _options(data: bytes, at: int) -> list[tuple[int, bytes]] | None:
    """Return the options of a message (RFC 7252 §3.1); None when one is unknown or cut."""
    found: list[tuple[int, bytes]] = []
    number = 0
    while at < len(data) and data[at] != 0xFF:
        head = data[at]
        delta, at = _extended(data, at + 1, head >> 4)
        size, at = _extended(data, at, head & 15)
        number += delta
        if delta < 0 or size < 0 or number not in _OPTIONS or at + size > len(data):
            return None
        value = data[at : at + size]
        if number in _TEXTS and not is_text(value):
            return None
        found.append((number, value))
        at += size
    return found


def _request(data: bytes) -> list[tuple[int, bytes]] | None:
    if len(data) < 4 or data[0] >> 6 != 1 or data[0] >> 4 & 3 > 1 or data[0] & 15 > 8:
        return None
    return _options(data, 4 + (data[0] & 15)) if data[1] in _METHODS else None


def _dissect(conversation: Conversation) -> Dissection | None:
    data, answer = first_piece(conversation), conversation.resp_first
    options = _request(data)
    if not options:
        return None
    path = "/".join(text(value) for number, value in options if number == _URI_PATH)
    is_answered = answer[:1] > b"\x3f" and answer[1:2] >= b"\x40" and answer[2:4] == data[2:4]
    if not path or (conversation.resp_port != _PORT and not is_answered):
        return None
    facts = [Fact("coap.method", _METHODS[data[1]]), Fact("coap.path", "/" + path[:96])]
    host = next((text(value, 96) for number, value in options if number == _URI_HOST), "")
    if host:
        facts.append(Fact("coap.host", host))
    return Dissection("coap", tuple(facts))


DISSECTOR = Dissector(
    service="coap",
    title="Constrained Application Protocol",
    transports=frozenset({UDP}),
    first_bytes=frozenset(b for b in range(0x40, 0x60) if b & 15 <= 8),
    dissect=_dissect,
    ports=frozenset({_PORT}),
    rank=70,
    how="version 1 request whose options are all known and fit, with a path in text; off port "
    "5683 only with an answer of the same message id",
    facts=(
        FactKind("coap.method", "get, post, put, delete, ..."),
        FactKind("coap.path", "Path of the request"),
        FactKind("coap.host", "Host of the request"),
    ),
    source="RFC 7252 §3, §5.10",
)
