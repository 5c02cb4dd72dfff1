"""IKE and, on port 4500, ESP in UDP: IPsec tunnels."""

from itertools import pairwise

from monitor.dissect.base import ANY_BYTE, UDP, Dissector, FactKind
from monitor.dissect.wire import first_piece
from monitor.model.facts import Conversation, Dissection, Fact

_NAT_PORT = 4500
_MARKER = bytes(4)
_HEADER = 28
_EXCHANGES = {
    (1, 2): "main",
    (1, 4): "aggressive",
    (1, 5): "informational",
    (1, 6): "configuration",
    (1, 32): "quick",
    (1, 33): "new-group",
    (2, 34): "sa-init",
    (2, 35): "auth",
    (2, 36): "create-child",
    (2, 37): "informational",
    (2, 38): "session-resume",
}
_FEWEST_ESP = 3


def _exchange(data: bytes) -> tuple[int, str] | None:
    """Return version and exchange of an IKE header whose length is the message's (RFC 7296 §3.1)."""
    if len(data) < _HEADER or data[:8] == bytes(8) or int.from_bytes(data[24:28]) != len(data):
        return None
    major = data[17] >> 4
    name = _EXCHANGES.get((major, data[18]))
    if name is None or data[17] & 15 or data[16] > 60:
        return None
    return major, name


def _is_esp(pieces: tuple[bytes, ...]) -> bool:
    """Return whether datagrams hold one SPI and sequence numbers that rise by little (RFC 4303)."""
    own = [piece for piece in pieces if len(piece) > 1]
    if len(own) < _FEWEST_ESP or any(len(piece) < 24 for piece in own):
        return False
    spi = own[0][:4]
    numbers = [int.from_bytes(piece[4:8]) for piece in own]
    return (
        int.from_bytes(spi) > 255
        and all(piece[:4] == spi for piece in own)
        and all(0 < b - a < 64 for a, b in pairwise(numbers))
    )


def _dissect(conversation: Conversation) -> Dissection | None:
    data = first_piece(conversation)
    is_nat = _NAT_PORT in {conversation.resp_port, conversation.orig_port}
    if data[:4] == _MARKER and len(data) > 4:
        data = data[4:]
    found = _exchange(data)
    if found is None:
        if is_nat and (_is_esp(conversation.orig) or _is_esp(conversation.resp)):
            return Dissection("ipsec", (Fact("ipsec.message", "esp"),))
        return None
    facts = [Fact("ipsec.message", "ike"), Fact("ipsec.version", str(found[0]))]
    facts.append(Fact("ipsec.exchange", found[1]))
    return Dissection("ipsec", tuple(facts))


DISSECTOR = Dissector(
    service="ipsec",
    title="IPsec: IKE and ESP in UDP",
    transports=frozenset({UDP}),
    first_bytes=ANY_BYTE,
    dissect=_dissect,
    ports=frozenset({500, _NAT_PORT}),
    rank=65,
    how="28-byte header with a known version and exchange and the length of the message, perhaps "
    "after four zeros; on port 4500 also three datagrams of one SPI with rising numbers",
    facts=(
        FactKind("ipsec.message", "ike or esp"),
        FactKind("ipsec.version", "1 or 2"),
        FactKind("ipsec.exchange", "main, aggressive, sa-init, auth, ..."),
    ),
    source="RFC 7296 §3.1, RFC 2408 §3.1, RFC 3948 §2",
)
