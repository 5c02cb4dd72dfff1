"""How cameras of many makers are searched for, and answer, on the LAN (UDP)."""

import re
from collections.abc import Callable
from typing import NamedTuple

from monitor.dissect.base import ANY_BYTE, UDP, Dissector, FactKind
from monitor.dissect.wire import distinct, first_piece, text
from monitor.model.facts import Conversation, Dissection, Fact


class Found(NamedTuple):
    """What one datagram says."""

    maker: str
    message: str
    """``search`` or ``answer``."""

    model: str = ""
    firmware: str = ""


_Reader = Callable[[bytes, int], Found | None]
_DLINK_MODEL = re.compile(rb"DC[SH]-[0-9A-Z]{3,8}")
_MAC_TEXT = re.compile(rb"[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}\x00")
_SONY_MODEL = re.compile(rb"(?i)model:([\x20-\x7e]{1,32})")


def _dahua(data: bytes, _port: int) -> Found | None:
    if data[:2] not in {b"\xa3\x01", b"\xb3\x00"} or data[8:16] != bytes(8):
        return None
    if data[16:20] != b"\x02\x00\x00\x00" or len(data) < 32:
        return None
    if data[0] == 0xA3:
        return Found("Dahua", "search") if len(data) == 32 else None
    return Found("Dahua", "answer", text(data[40:56], 16)) if len(data) >= 117 else None


def _foscam(data: bytes, _port: int) -> Found | None:
    if data[:4] != b"MO_I" or len(data) < 23:
        return None
    return Found("Foscam", "search" if data[4:12] == bytes(8) and len(data) == 27 else "answer")


def _vstarcam(data: bytes, _port: int) -> Found | None:
    if data == b"\x44\x48\x01\x01":
        return Found("VStarcam", "search")
    if data[:4] != b"\x44\x48\x01\x08" or len(data) < 0x100:
        return None
    return Found("VStarcam", "answer", firmware=text(data[0xCC:0xEC], 32))


def _bosch(data: bytes, _port: int) -> Found | None:
    if data[:4] != b"\x99\x39\xa4\x27":
        return None
    if len(data) == 12 and data[8:12] == b"\xff\x00\x06\xde":
        return Found("Bosch", "search")
    return Found("Bosch", "answer") if len(data) == 32 else None


def _hanwha(data: bytes, _port: int) -> Found | None:
    if data[:1] != b"\x0b" or len(data) < 172 or not _MAC_TEXT.match(data, 19):
        return None
    return Found("Hanwha", "answer", text(data[109:119], 10))


def _ubiquiti(data: bytes, port: int) -> Found | None:
    if data == b"\x01\x00\x00\x00":
        return Found("Ubiquiti", "search") if port == 10001 else None
    if data[:2] not in {b"\x02\x06", b"\x01\x00"} or int.from_bytes(data[2:4]) != len(data) - 4:
        return None
    values: dict[int, bytes] = {}
    at = 4
    while at + 3 <= len(data):
        size = int.from_bytes(data[at + 1 : at + 3])
        if at + 3 + size > len(data):
            return None
        values.setdefault(data[at], data[at + 3 : at + 3 + size])
        at += 3 + size
    if at != len(data) or not values.keys() & {0x01, 0x02, 0x13}:
        return None
    model, firmware = values.get(0x15) or values.get(0x0C, b""), values.get(0x16, b"")
    return Found("Ubiquiti", "answer", text(model, 32), text(firmware, 32))


def _panasonic(data: bytes, _port: int) -> Found | None:
    head = b"\x00\x01\x00\x00\x00\x0d\x00\x00\x00\x00\x00\x00"
    return Found("Panasonic", "search") if data[:12] == head and len(data) == 52 else None


def _sony(data: bytes, _port: int) -> Found | None:
    if data[:1] != b"\x02" or data[-2:] != b"\xff\x03" or len(data) < 8:
        return None
    if data[1:5] == b"ENQ:":
        return Found("Sony", "search")
    model = _SONY_MODEL.search(data, 1, 512)
    return Found("Sony", "answer", text(model[1], 32)) if model else None


def _dlink(data: bytes, _port: int) -> Found | None:
    if data[:2] == b"\xfd\xfd" and data[3:12] == b"\x00\xd1\x00" + b"\xff" * 6:
        return Found("D-Link", "search")
    if data[:2] != b"\xff\xff" or data[3:6] != b"\x00\xa0\x00" or len(data) < 200:
        return None
    model = _DLINK_MODEL.search(data, 12, 512)
    return Found("D-Link", "answer", text(model[0])) if model else None


def _vivotek(data: bytes, _port: int) -> Found | None:
    if data[1:5] != b"\x4a\x5d\x8f\x1c":
        return None
    if len(data) == 5:
        return Found("Vivotek", "search")
    at, model = 5, ""
    while at + 2 <= len(data):
        kind, size = data[at], data[at + 1]
        if kind == 9:
            model = text(data[at + 2 : at + 2 + size], 32)
        at += 2 if kind == 4 else 2 + size
    return Found("Vivotek", "answer", model)


def _plain(start: bytes, maker: str, message: str, *ports: int) -> _Reader:
    """Return a reader for what is known by its first bytes, and by its port where they are few."""

    def read(data: bytes, port: int) -> Found | None:
        if not data.startswith(start) or (ports and port not in ports):
            return None
        return Found(maker, message)

    return read


def _reolink(data: bytes, port: int) -> Found | None:
    is_search = data == b"\xaa\xaa\x00\x00" and port == 2000
    return Found("Reolink", "search") if is_search else None


_BY_FIRST: dict[int, tuple[_Reader, ...]] = {
    0xA3: (_dahua,),
    0xB3: (_dahua,),
    0x44: (_vstarcam, _plain(b"DETECT BOX", "Eden", "search")),
    0x4D: (_foscam,),
    0x4E: (
        _plain(b"NVDEVSEARCH^", "V380", "search"),
        _plain(b"NVDEVRESULT^", "V380", "answer"),
        _plain(b"NICE", "NiceVision", "search", 2007),
    ),
    0x99: (_bosch,),
    0x0B: (_hanwha,),
    0x01: (_ubiquiti,),
    0x02: (_ubiquiti, _sony),
    0x00: (_panasonic,),
    0xFD: (_dlink,),
    0xFF: (_dlink,),
    0xAA: (_reolink,),
    0x3C: (_plain(b'<param><code value="13', "Edimax", "search"),),
}


def _read(data: bytes, port: int) -> Found | None:
    if not data:
        return None
    for reader in _BY_FIRST.get(data[0], ()):
        found = reader(data, port)
        if found is not None:
            return found
    return _vivotek(data, port)


def _dissect(conversation: Conversation) -> Dissection | None:
    port = conversation.resp_port
    first = _read(first_piece(conversation), port)
    if first is None:
        return None
    found = [first]
    for piece in (*conversation.orig, *conversation.resp):
        other = _read(piece, port)
        if other is not None and other.maker == first.maker:
            found.append(other)
    facts = [Fact("camera-discovery.maker", first.maker)]
    facts += distinct("camera-discovery.message", (f.message for f in found))
    facts += distinct("camera-discovery.model", (f.model for f in found))
    facts += distinct("camera-discovery.firmware", (f.firmware for f in found))
    return Dissection("camera-discovery", tuple(facts))


DISSECTOR = Dissector(
    service="camera-discovery",
    title="Camera discovery on the LAN",
    transports=frozenset({UDP}),
    first_bytes=ANY_BYTE,
    dissect=_dissect,
    ports=frozenset(
        {1757, 1758, 2000, 2007, 2380, 5050, 7701, 8088, 8600, 10000, 10001, 10008, 10670, 62976}
    ),
    rank=60,
    how="magic, fixed fields and length of the search or answer of one maker: Bosch, D-Link, "
    "Dahua (old), Eden, Edimax, Foscam, Hanwha, NiceVision, Panasonic, Reolink, Sony, Ubiquiti, "
    "V380, Vivotek, VStarcam; those of four bytes only on their port",
    facts=(
        FactKind("camera-discovery.maker", "Maker whose protocol it is"),
        FactKind("camera-discovery.message", "search or answer"),
        FactKind("camera-discovery.model", "Model that an answer names"),
        FactKind("camera-discovery.firmware", "Firmware version that an answer names"),
    ),
    source="julienblitte/UniversalScanner; prsyahmi/v380; captures of D-Link and Edimax cameras",
)
