"""Batches of conversations made of conversations, and the digest's slow twin."""

from collections.abc import Sequence

import numpy as np

from monitor.model.facts import Conversation
from monitor.model.flows import ConversationBatch

UID_TYPES = frozenset(
    {0x10, 0x14, 0x18, 0x20, 0x31, 0x32, 0x41, 0x42, 0x60, 0x62, 0x67, 0x80, 0x84, 0x87, 0x91}
)


def talks(conversations: Sequence[Conversation]) -> ConversationBatch:
    """Return conversations as a batch; all between the same two addresses."""
    pieces = [
        (piece, is_orig)
        for c in conversations
        for side, is_orig in ((c.orig, True), (c.resp, False))
        for piece in side
    ]
    count = len(conversations)
    return ConversationBatch(
        data=np.frombuffer(b"".join(piece for piece, _ in pieces), np.uint8),
        piece_off=np.cumsum([0, *(len(c.orig) + len(c.resp) for c in conversations)]),
        byte_off=np.cumsum([0, *(len(piece) for piece, _ in pieces)]),
        is_orig=np.array([is_orig for _, is_orig in pieces], np.bool_),
        flow_no=np.arange(count, dtype=np.uint64),
        ts_ns=np.zeros(count, np.int64),
        vlan=np.zeros(count, np.uint16),
        protocol=np.array([c.protocol for c in conversations], np.uint8),
        orig_hi=np.zeros(count, np.uint64),
        orig_lo=np.full(count, 0xFFFF_0A00_0001, np.uint64),
        resp_hi=np.zeros(count, np.uint64),
        resp_lo=np.full(count, 0xFFFF_2D00_0001, np.uint64),
        orig_port=np.array([c.orig_port for c in conversations], np.uint16),
        resp_port=np.array([c.resp_port for c in conversations], np.uint16),
        orig_mac=np.zeros(count, np.uint64),
        resp_mac=np.zeros(count, np.uint64),
    )


def what_counts(conversation: Conversation, orig_port: int) -> object:
    """Return what the digest of a conversation stands for; None where it has none.

    Args:
        conversation: The conversation.
        orig_port: Its originator's port where that counts, else 0.
    """
    pieces = [*conversation.orig, *conversation.resp]
    size = sum(map(len, pieces))
    if size > 2048 or not size:
        return None
    seen: Sequence[object]
    if conversation.protocol == 6:
        hello = _hello(pieces[0]) if len(pieces) == 1 and conversation.orig else None
        kind, seen = ("hello", [hello]) if hello is not None else ("", list(pieces))
    elif conversation.protocol == 17 and conversation.resp_port == 53 and all(map(_is_dns, pieces)):
        kind, seen = "dns", [_dns(piece) for piece in pieces]
    elif conversation.protocol != 17 or conversation.resp_port == 53:
        kind, seen = "", list(pieces)
    elif all(map(_is_stun, pieces)):
        kind, seen = "stun", [piece[:8] for piece in pieces]
    elif not any(map(_is_stun, pieces[:1])) and all(map(_is_pppp, pieces)):
        kind, seen = "pppp", [_pppp(piece) for piece in pieces]
    else:
        kind, seen = "", list(pieces)
    if not kind and size > 512:
        return None
    sides = len(conversation.orig), len(conversation.resp)
    return conversation.protocol, orig_port, conversation.resp_port, kind, sides, tuple(seen)


def _hello(stream: bytes) -> tuple[bytes, ...] | None:
    if len(stream) < 48 or stream[:2] != b"\x16\x03" or stream[2] > 4 or stream[5] != 1:
        return None
    record, inner = int.from_bytes(stream[3:5]), int.from_bytes(stream[6:9])
    tail = 44 + stream[43]
    if record != len(stream) - 5 or inner != record - 4 or tail > 76 or tail + 2 > len(stream):
        return None
    rest = stream[tail:]
    at = 2 + int.from_bytes(rest[:2])
    if at < len(rest):
        at += 3 + rest[at]
        while at + 4 <= len(rest) and rest[at : at + 2] != b"\0\x33":
            at += 4 + int.from_bytes(rest[at + 2 : at + 4])
        behind = at + 4 + int.from_bytes(rest[at + 2 : at + 4])
        if at + 4 <= len(rest) and behind <= len(rest):
            return stream[9:11], rest[: at + 4], rest[behind:]
    return stream[9:11], rest


def _is_dns(piece: bytes) -> bool:
    return len(piece) >= 12 and piece[2] >> 3 & 15 == 0


def _dns(piece: bytes) -> tuple[bytes, ...]:
    if 33 <= len(piece) <= 288 and piece[2] >= 0x80 and piece[4:8] == b"\0\1\0\1":
        record = piece[-16:]
        at = 12
        while at < len(piece) - 16 and 0 < piece[at] < 64:
            at += 1 + piece[at]
        is_whole = at + 5 == len(piece) - 16 and piece[at] == 0
        if is_whole and record[:4] == b"\xc0\x0c\0\1" and record[10:12] == b"\0\4":
            return piece[2:-12], record[10:12]
    return (piece[2:],)


def _is_stun(piece: bytes) -> bool:
    return len(piece) == 20 and piece[0] < 4 and piece[2:8] == b"\0\0\x21\x12\xa4\x42"


def _is_pppp(piece: bytes) -> bool:
    return len(piece) >= 4 and piece[0] == 0xF1


def _pppp(piece: bytes) -> object:
    if piece[1] not in UID_TYPES:
        return piece
    letters = piece[4:12].rstrip(b"\0") if len(piece) >= 24 else b""
    return len(piece), piece[:4], letters if letters.isalpha() else b""
