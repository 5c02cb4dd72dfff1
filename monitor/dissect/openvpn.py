"""OpenVPN tunnels over UDP and TCP, by their first message."""

import re

from monitor.dissect.base import TCP, UDP, Dissector, FactKind
from monitor.dissect.wire import first_piece
from monitor.model.facts import Conversation, Dissection, Fact

_CLIENT_RESETS = {0x38: "2", 0x50: "3"}
_SERVER_RESET = 0x40
_PLAIN = 14
_HMAC_SIZES = (16, 20, 28, 32, 48, 64)
_TLS_CRYPT = 54
_FIRST_ID = b"\x00\x00\x00\x01"
_NO_ACK = bytes(5)


def _protection(data: bytes) -> str:
    """Return how the client's first message is protected, empty when it is none.

    Opcode, session id, then nothing, or an HMAC with packet id 1 and time, then an empty list of
    acknowledgements and message 0; with tls-crypt the packet id comes first.
    """
    size = len(data)
    if size < _PLAIN or data[0] not in _CLIENT_RESETS or data[1:9] == bytes(8):
        return ""
    if data[9:13] == _FIRST_ID and size >= _TLS_CRYPT and (size == _TLS_CRYPT or data[0] == 0x50):
        return "tls-crypt"
    if data[0] != 0x38 or data[-5:] != _NO_ACK:
        return ""
    if size == _PLAIN:
        return "none"
    hmac = size - _PLAIN - 8
    return "tls-auth" if hmac in _HMAC_SIZES and data[9 + hmac : 13 + hmac] == _FIRST_ID else ""


def _early(data: bytes, answer: bytes) -> str:
    """Return tls-crypt for a version 3 reset whose packet id is not 1, told by its answer.

    Both carry the time of day after the packet id; a day apart is too much.
    """
    if len(data) < _TLS_CRYPT or data[0] != 0x50 or len(answer) < _TLS_CRYPT:
        return ""
    sent, answered = int.from_bytes(data[13:17]), int.from_bytes(answer[13:17])
    is_near = sent > 1 << 30 and abs(sent - answered) < 86400
    return (
        "tls-crypt" if answer[0] == _SERVER_RESET and answer[9:13] == _FIRST_ID and is_near else ""
    )


def _dissect(conversation: Conversation) -> Dissection | None:
    data, answer = first_piece(conversation), conversation.resp_first
    if conversation.protocol == TCP:
        size = int.from_bytes(data[:2])
        if size > 1500 or len(data) < size + 2:
            return None
        data, answer = data[2 : 2 + size], answer[2:]
    protection = _protection(data) or _early(data, answer)
    if not protection or (answer and answer[0] != _SERVER_RESET):
        return None
    return Dissection("openvpn", (Fact("openvpn.protection", protection),))


_FACTS = (FactKind("openvpn.protection", "none, tls-auth or tls-crypt"),)
_SOURCE = "OpenVPN protocol (openvpn.net), ssl_pkt.h; captures of the three kinds"

DISSECTORS = (
    Dissector(
        service="openvpn",
        title="OpenVPN",
        transports=frozenset({UDP}),
        first_bytes=frozenset(_CLIENT_RESETS),
        dissect=_dissect,
        ports=frozenset({1194}),
        rank=50,
        how="client reset (38 or 50), session id, and packet id 1 or the zeros of an empty list "
        "where the kind of protection has them; the answer starts with 40",
        facts=_FACTS,
        source=_SOURCE,
    ),
    Dissector(
        service="openvpn",
        title="OpenVPN over TCP",
        transports=frozenset({TCP}),
        first_bytes=frozenset({0, 1, 2, 3, 4, 5}),
        tcp_opening=re.compile(rb"..[\x38\x50]", re.DOTALL),
        dissect=_dissect,
        ports=frozenset({1194}),
        rank=50,
        how="16-bit length, then as over UDP",
        facts=_FACTS,
        source=_SOURCE,
    ),
)
