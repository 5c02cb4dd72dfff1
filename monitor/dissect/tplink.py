"""TP-Link on the LAN: Kasa smart-home commands, and discovery of Kasa and Tapo devices."""

import re

from monitor.dissect.base import TCP, UDP, Dissector, FactKind
from monitor.dissect.wire import distinct, first_piece, is_text, json_text, text
from monitor.model.facts import Conversation, Dissection, Fact

_KEY = b"\xab"
_MOST_PLAIN = 2048
_COMMAND = re.compile(rb'\{\s*"([A-Za-z_.]{1,40})"\s*:\s*\{\s*"([A-Za-z_]{1,40})"')
_TAPO = b"\x02\x00\x00\x01"


def _plain(cipher: bytes) -> bytes:
    """Undo the autokey XOR: each byte was masked with the cipher byte before it."""
    cipher = cipher[:_MOST_PLAIN]
    return bytes(a ^ b for a, b in zip(cipher, _KEY + cipher, strict=False))


def _kasa(data: bytes, *, is_datagram: bool) -> bytes:
    """Return the JSON of a message, empty when it is none."""
    if not is_datagram:
        if len(data) < 6 or not 2 <= int.from_bytes(data[:4]) <= 1 << 16:
            return b""
        data = data[4 : 4 + int.from_bytes(data[:4])]
    if data[:1] != b"\xd0" or len(data) < 8:
        return b""
    plain = _plain(data)
    return plain if plain[:2] in {b'{"', b"{ ", b"{}"} and is_text(plain[:64]) else b""


def _dissect_kasa(conversation: Conversation) -> Dissection | None:
    is_datagram = conversation.protocol == UDP
    if not _kasa(first_piece(conversation), is_datagram=is_datagram):
        return None
    pieces = (*conversation.orig, *conversation.resp)
    texts = [t for t in (_kasa(p, is_datagram=is_datagram) for p in pieces) if t]
    matches = (_COMMAND.match(t) for t in texts)
    facts = distinct("kasa.command", (text(m[1] + b"." + m[2], 80) for m in matches if m))
    facts += distinct("kasa.model", (json_text(t, b"model") for t in texts))
    facts += distinct("kasa.firmware", (json_text(t, b"sw_ver") for t in texts))
    return Dissection("kasa", tuple(facts or [Fact("kasa.command", "other")]))


def _tapo(data: bytes) -> bytes:
    """Return the JSON after the 16-byte header of a discovery message."""
    size = int.from_bytes(data[4:6])
    if data[:4] != _TAPO:
        return b""
    return data[16:] if size == len(data) - 16 and data[16:17] == b"{" else b""


def _dissect_tapo(conversation: Conversation) -> Dissection | None:
    if not _tapo(first_piece(conversation)):
        return None
    texts = [t for t in map(_tapo, (*conversation.orig, *conversation.resp)) if t]
    is_answer = any(b'"device_model"' in t for t in texts)
    facts = [Fact("tplink-discovery.message", "answer" if is_answer else "search")]
    for kind, name in (("model", b"device_model"), ("type", b"device_type")):
        facts += distinct(f"tplink-discovery.{kind}", (json_text(t, name) for t in texts))
    return Dissection("tplink-discovery", tuple(facts))


DISSECTORS = (
    Dissector(
        service="kasa",
        title="TP-Link Kasa smart home",
        transports=frozenset({UDP}),
        first_bytes=frozenset({0xD0}),
        dissect=_dissect_kasa,
        ports=frozenset({9999}),
        rank=40,
        how="the autokey XOR with 171 gives JSON text",
        facts=(
            FactKind("kasa.command", "Module and command, such as system.get_sysinfo"),
            FactKind("kasa.model", "Model that the device names"),
            FactKind("kasa.firmware", "Firmware version that the device names"),
        ),
        source="ntop/nDPI tplink_shp.c; capture of a Tapo camera's LAN",
    ),
    Dissector(
        service="kasa",
        title="TP-Link Kasa smart home over TCP",
        transports=frozenset({TCP}),
        first_bytes=frozenset({0}),
        dissect=_dissect_kasa,
        ports=frozenset({9999}),
        rank=45,
        how="32-bit length, then the autokey XOR with 171 gives JSON text",
        facts=(
            FactKind("kasa.command", "Module and command, such as system.get_sysinfo"),
            FactKind("kasa.model", "Model that the device names"),
            FactKind("kasa.firmware", "Firmware version that the device names"),
        ),
        source="ntop/nDPI tplink_shp.c",
    ),
    Dissector(
        service="tplink-discovery",
        title="TP-Link Kasa and Tapo discovery",
        transports=frozenset({UDP}),
        first_bytes=frozenset({2}),
        dissect=_dissect_tapo,
        ports=frozenset({20002, 20004}),
        rank=25,
        how="02 00 00 01 and the length of the JSON text that follows the 16-byte header",
        facts=(
            FactKind("tplink-discovery.message", "search, or answer when one was seen"),
            FactKind("tplink-discovery.model", "Model"),
            FactKind("tplink-discovery.type", "Kind of device"),
        ),
        source="capture of a Tapo camera's LAN",
    ),
)
