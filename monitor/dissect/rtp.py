"""RTP and RTCP, which have no magic: recognised by how several datagrams go on (UDP)."""

from monitor.dissect.base import UDP, Dissector, FactKind
from monitor.dissect.wire import distinct
from monitor.model.facts import Conversation, Dissection, Fact

_FEWEST = 3
_MOST_STEP = 8
_MOST_TICKS = 900_000
"""Ten seconds of a 90 kHz clock: more between two datagrams in a row is no stream."""

_NAMES = {
    0: "PCMU",
    3: "GSM",
    4: "G723",
    8: "PCMA",
    9: "G722",
    14: "MPA",
    18: "G729",
    26: "JPEG",
    31: "H261",
    32: "MPV",
    33: "MP2T",
    34: "H263",
}
_RTCP = {200: "sender-report", 201: "receiver-report", 202: "description", 203: "bye", 204: "app"}


def _is_header(data: bytes) -> bool:
    """Return whether an RTP version 2 header with its CSRC list and extension fits."""
    if len(data) < 13 or data[0] >> 6 != 2 or 72 <= data[1] & 0x7F <= 76:
        return False
    size = 12 + 4 * (data[0] & 15)
    if data[0] & 0x10:
        if len(data) < size + 4:
            return False
        size += 4 + 4 * int.from_bytes(data[size + 2 : size + 4])
    return size < len(data)


def _is_stream(pieces: tuple[bytes, ...]) -> bool:
    """Return whether datagrams of one direction are one stream (RFC 3550 §5.1).

    Same source and payload type, sequence numbers that rise by little, time stamps that do not
    jump. A stream of random bytes would need some 60 equal bits for each datagram after the first.
    """
    last = pieces[0]
    rises = 0
    for piece in pieces[1:]:
        if piece[8:12] != last[8:12] or (piece[1] ^ last[1]) & 0x7F:
            return False
        step = (int.from_bytes(piece[2:4]) - int.from_bytes(last[2:4])) & 0xFFFF
        ticks = (int.from_bytes(piece[4:8]) - int.from_bytes(last[4:8])) & 0xFFFFFFFF
        if step > _MOST_STEP or min(ticks, 0x100000000 - ticks) > _MOST_TICKS:
            return False
        rises += step > 0
        last = piece
    return rises >= _FEWEST - 1


def _rtp(pieces: tuple[bytes, ...]) -> bytes:
    """Return the first datagram of a stream among those of one side, empty when there is none.

    Datagrams of other sources (video and sound on one port) and RTCP may come between.
    """
    if len(pieces) < _FEWEST:
        return b""
    heads = tuple(piece for piece in pieces if _is_header(piece))
    if len(heads) < _FEWEST or 2 * len(heads) < len(pieces):
        return b""
    first = heads[0]
    own = tuple(piece for piece in heads if piece[8:12] == first[8:12])
    return first if len(own) >= _FEWEST and _is_stream(own) else b""


def _rtcp_kinds(data: bytes) -> list[str]:
    """Return the packet types of a compound RTCP datagram that fits exactly (RFC 3550 §6.1)."""
    at = 0
    kinds: list[str] = []
    while at + 8 <= len(data):
        kind = _RTCP.get(data[at + 1])
        if data[at] >> 6 != 2 or kind is None or (not kinds and data[at + 1] not in {200, 201}):
            return []
        if data[at + 1] == 200 and int.from_bytes(data[at + 2 : at + 4]) < 6:
            return []
        kinds.append(kind)
        at += 4 + 4 * int.from_bytes(data[at + 2 : at + 4])
    return kinds if at == len(data) else []


def _dissect_rtp(conversation: Conversation) -> Dissection | None:
    first = _rtp(conversation.orig) or _rtp(conversation.resp)
    if not first:
        return None
    number = first[1] & 0x7F
    facts = [
        Fact("rtp.payload_type", str(number)),
        Fact("rtp.codec", _NAMES.get(number, "dynamic" if number >= 96 else "unassigned")),
    ]
    if _rtp(conversation.orig) and _rtp(conversation.resp):
        facts.append(Fact("rtp.direction", "both"))
    return Dissection("rtp", tuple(facts))


def _dissect_rtcp(conversation: Conversation) -> Dissection | None:
    pieces = (*conversation.orig, *conversation.resp)
    kinds = [_rtcp_kinds(piece) for piece in pieces]
    if not kinds or not all(kinds) or (len(kinds) == 1 and len(kinds[0]) == 1):
        return None
    return Dissection("rtcp", tuple(distinct("rtcp.packet", (k for ks in kinds for k in ks))))


_FIRST = frozenset(range(0x80, 0xC0))

DISSECTORS = (
    Dissector(
        service="rtp",
        title="Real-time Transport Protocol (also SRTP)",
        transports=frozenset({UDP}),
        first_bytes=_FIRST,
        dissect=_dissect_rtp,
        rank=75,
        how="version 2, and at least three datagrams of one side with one source, one payload "
        "type, sequence numbers that rise by little and time stamps that do not jump",
        facts=(
            FactKind("rtp.payload_type", "Number of the payload type"),
            FactKind("rtp.codec", "Its name where the number is assigned, else dynamic"),
            FactKind("rtp.direction", "both, when each side sends a stream"),
        ),
        source="RFC 3550 §5.1, RFC 3551 §6, RFC 3711 §3.1",
    ),
    Dissector(
        service="rtcp",
        title="RTP Control Protocol",
        transports=frozenset({UDP}),
        first_bytes=_FIRST,
        dissect=_dissect_rtcp,
        rank=70,
        how="reports first and known packet types after them, whose lengths fill the datagram; a "
        "lone packet only when there are more datagrams",
        facts=(FactKind("rtcp.packet", "sender-report, receiver-report, description, bye, app"),),
        source="RFC 3550 §6.1",
    ),
)
