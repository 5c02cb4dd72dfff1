"""TFTP requests: a file asked of, or sent to, whoever answers."""

import re

from monitor.dissect.base import UDP, Dissector, FactKind
from monitor.dissect.wire import first_piece, text
from monitor.model.facts import Conversation, Dissection, Fact

_REQUEST = re.compile(
    rb"\x00([\x01\x02])([\x20-\x7e]{1,200})\x00(netascii|octet|mail)\x00", re.IGNORECASE
)


def _dissect(conversation: Conversation) -> Dissection | None:
    data = first_piece(conversation)
    match = _REQUEST.match(data) if data[:1] == b"\x00" else None
    if match is None:
        return None
    return Dissection(
        "tftp",
        (
            Fact("tftp.operation", "read" if match[1] == b"\x01" else "write"),
            Fact("tftp.file", text(match[2], 128)),
            Fact("tftp.mode", text(match[3]).lower()),
        ),
    )


DISSECTOR = Dissector(
    service="tftp",
    title="Trivial File Transfer Protocol",
    transports=frozenset({UDP}),
    first_bytes=frozenset({0}),
    dissect=_dissect,
    ports=frozenset({69}),
    rank=20,
    how="00 01 or 00 02, a printable file name, and the mode netascii, octet or mail",
    facts=(
        FactKind("tftp.operation", "read or write"),
        FactKind("tftp.file", "File name"),
        FactKind("tftp.mode", "netascii, octet or mail"),
    ),
    source="RFC 1350 §5",
)
