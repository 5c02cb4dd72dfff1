"""WireGuard tunnels."""

from itertools import pairwise

from monitor.dissect.base import UDP, Dissector, FactKind
from monitor.dissect.wire import distinct, first_piece
from monitor.model.facts import Conversation, Dissection, Fact

_SIZES = {1: 148, 2: 92, 3: 64}
_NAMES = {1: "initiation", 2: "response", 3: "cookie", 4: "data"}
_FEWEST_DATA = 3
_TAILSCALE = b"TS\xf0\x9f\x92\xac"
"""Mark of the path discovery of Tailscale, whose tunnels are WireGuard's."""


def _kind(data: bytes) -> int:
    """Return the message type, 0 when type, reserved bytes and length do not go together."""
    if data[1:4] != bytes(3) or len(data) < 32 or data[0] not in _NAMES:
        return 0
    if data[0] == 4:
        return 4 if len(data) % 16 == 0 else 0
    return data[0] if len(data) == _SIZES[data[0]] else 0


def _is_initiation(data: bytes, reply: int) -> bool:
    """Return whether a message of type 1 is one: answered as such, or plain by its last MAC.

    The second MAC is zero until the other side asks for it; the 32-byte ephemeral key never holds
    a long run of zeros.
    """
    return reply in {2, 3} or (data[132:148] == bytes(16) and bytes(6) not in data[8:40])


def _is_data(conversation: Conversation) -> bool:
    """Return whether each side's datagrams have one receiver and a counter that rises by little."""
    for pieces in (conversation.orig, conversation.resp):
        counters = [int.from_bytes(piece[8:16], "little") for piece in pieces]
        receivers = {piece[4:8] for piece in pieces}
        if len(receivers) > 1 or any(_kind(piece) != 4 for piece in pieces):
            return False
        if any(not 0 <= b - a < 64 for a, b in pairwise(counters)):
            return False
    return max(len(conversation.orig), len(conversation.resp)) >= _FEWEST_DATA


def _dissect(conversation: Conversation) -> Dissection | None:
    data = first_piece(conversation)
    if data[:6] == _TAILSCALE and len(data) >= 62:
        return Dissection("wireguard", (Fact("wireguard.flavour", "tailscale"),))
    kind = _kind(data)
    reply = _kind(conversation.resp_first) if conversation.orig else 0
    if kind == 0 or (kind == 1 and not _is_initiation(data, reply)):
        return None
    if kind in {2, 3} and reply not in {1, 4}:
        return None
    if kind == 4 and not _is_data(conversation):
        return None
    names = (_NAMES.get(_kind(p), "") for p in (*conversation.orig, *conversation.resp))
    return Dissection("wireguard", tuple(distinct("wireguard.message", names)))


DISSECTOR = Dissector(
    service="wireguard",
    title="WireGuard",
    transports=frozenset({UDP}),
    first_bytes=frozenset({*_NAMES, 0x54}),
    dissect=_dissect,
    ports=frozenset({51820}),
    rank=50,
    how="type 1 of 148 bytes answered by type 2 of 92 or 3 of 64 (or with a zero second MAC), or "
    "three datagrams of type 4 with one receiver and a rising counter; or the mark of Tailscale",
    facts=(
        FactKind("wireguard.message", "initiation, response, cookie, data"),
        FactKind("wireguard.flavour", "tailscale, by the mark of its path discovery"),
    ),
    source="WireGuard: Next Generation Kernel Network Tunnel §5.4",
)
