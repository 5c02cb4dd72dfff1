"""Tuya on the LAN: presence broadcasts and control of devices built on the Tuya platform."""

import re

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from monitor.dissect.base import TCP, UDP, Dissector, FactKind
from monitor.dissect.wire import distinct, first_piece, json_text, text
from monitor.model.facts import Conversation, Dissection, Fact

_OLD = b"\x00\x00\x55\xaa"
_OLD_END = b"\x00\x00\xaa\x55"
_NEW = b"\x00\x00\x66\x99"
_NEW_END = b"\x00\x00\x99\x66"
_COMMANDS = {
    0x03: "session-key",
    0x04: "session-key",
    0x05: "session-key",
    0x07: "control",
    0x08: "status",
    0x09: "heart-beat",
    0x0A: "query",
    0x0D: "control",
    0x10: "query",
    0x12: "status",
    0x13: "presence",
    0x23: "presence",
    0x25: "presence",
    0x40: "list",
}
_BROADCAST_KEY = bytes.fromhex("6c1ec8e2bb9bb59ab50b0daf649b410a")
"""MD5 of a text that every implementation holds: broadcasts are hidden from nobody.
Source: jasonacox/tinytuya, udpkey."""

_MOST_BROADCAST = 1024
_VERSION = re.compile(rb"3\.[1-9]")


def _command(data: bytes) -> int:
    """Return the command of a whole frame at the start of `data`, or -1."""
    if data[:4] == _OLD and len(data) >= 24:
        end = 16 + int.from_bytes(data[12:16])
        command, mark = int.from_bytes(data[8:12]), _OLD_END
    elif data[:4] == _NEW and len(data) >= 28:
        end = 22 + int.from_bytes(data[14:18])
        command, mark = int.from_bytes(data[10:14]), _NEW_END
    else:
        return -1
    return command if command <= 0xFF and data[end - 4 : end] == mark else -1


def _broadcast(frame: bytes) -> bytes:
    """Return the JSON text of a masked presence broadcast (version 3.3), else the frame itself.

    A return code of four bytes stands before the text, a checksum and the end mark after it.
    """
    hidden = frame[20:-8]
    if frame[:4] != _OLD or not hidden or len(hidden) % 16 or len(hidden) > _MOST_BROADCAST:
        return frame
    cipher = Cipher(algorithms.AES(_BROADCAST_KEY), modes.ECB())  # noqa: S305 - theirs, to read
    plain = cipher.decryptor().update(hidden)
    return plain if plain[:1] == b"{" else frame


def _version(frame: bytes) -> str:
    if frame[:4] == _NEW:
        return "3.5"
    match = _VERSION.match(frame, 16) or _VERSION.match(frame, 20)
    return text(match[0]) if match else json_text(frame, b"version", 8)


def _dissect(conversation: Conversation) -> Dissection | None:
    if _command(first_piece(conversation)) < 0:
        return None
    frames = [p for p in (*conversation.orig, *conversation.resp) if _command(p) >= 0]
    is_udp = conversation.protocol == UDP
    texts = [_broadcast(frame) for frame in frames] if is_udp else frames
    names = (_COMMANDS.get(_command(frame), "other") for frame in frames)
    facts = distinct("tuya.command", names)
    facts += distinct("tuya.version", map(_version, texts))
    facts += distinct("tuya.product", (json_text(part, b"productKey") for part in texts))
    return Dissection("tuya", tuple(facts or [Fact("tuya.command", "other")]))


DISSECTOR = Dissector(
    service="tuya",
    title="Tuya LAN protocol",
    transports=frozenset({TCP, UDP}),
    first_bytes=frozenset({0}),
    dissect=_dissect,
    ports=frozenset({6666, 6667, 6668, 7000}),
    rank=20,
    how="00 00 55 AA to 00 00 AA 55, or 00 00 66 99 to 00 00 99 66, with the length between",
    facts=(
        FactKind("tuya.command", "presence, heart-beat, control, status, ..."),
        FactKind("tuya.version", "Protocol version"),
        FactKind("tuya.product", "Product key, which names the product line"),
    ),
    source="jasonacox/tinytuya",
)
