"""DNS messages (RFC 1035) and look-ups, also for mDNS, LLMNR and NetBIOS names."""

import struct

from pcaps.make import wire
from pcaps.make.scene import Host, Scene

TYPES = {"A": 1, "CNAME": 5, "PTR": 12, "TXT": 16, "AAAA": 28, "SRV": 33}
Answer = tuple[str, str, int]
"""(type, value, TTL); the owner of the first is the name asked for, of the next a CNAME's target."""


def encoded(name: str, table: dict[str, int], at: int) -> bytes:
    """Return a name at offset `at`, pointing back where `table` knows its end."""
    out = b""
    labels = name.split(".") if name else []
    for index, label in enumerate(labels):
        rest = ".".join(labels[index:]).lower()
        if rest in table:
            return out + struct.pack(">H", 0xC000 | table[rest])
        table[rest] = at + len(out)
        out += bytes((len(label),)) + label.encode()
    return out + b"\0"


def query(ident: int, name: str, kind: str = "A", flags: int = 0x0100) -> bytes:
    """Return a question."""
    head = struct.pack(">HHHHHH", ident, flags, 1, 0, 0, 0)
    return head + encoded(name, {}, 12) + struct.pack(">HH", TYPES[kind], 1)


def response(ident: int, name: str, kind: str, answers: list[Answer], *, rcode: int = 0) -> bytes:
    """Return an answer of a recursive resolver; an empty list is an empty answer."""
    message = struct.pack(">HHHHHH", ident, 0x8180 | rcode, 1, len(answers), 0, 0)
    table: dict[str, int] = {}
    message += encoded(name, table, 12) + struct.pack(">HH", TYPES[kind], 1)
    owner = name
    for answer_kind, value, ttl in answers:
        message += encoded(owner, table, len(message))
        if answer_kind == "CNAME":
            data = encoded(value, table, len(message) + 10)
            owner = value
        else:
            data = wire.packed(value)
        message += struct.pack(">HHIH", TYPES[answer_kind], 1, ttl, len(data)) + data
    return message


def resolve(
    scene: Scene,
    at: float,
    ends: tuple[Host, Host],
    name: str,
    answers: list[Answer],
    *,
    kind: str = "A",
    rcode: int = 0,
    rtt: float = 0.011,
) -> float:
    """Ask `ends[1]` for a name and get the answers; gives the time of the answer."""
    ident = wire.number(f"{scene.name}/dns/{name}/{kind}/{at}", 16)
    messages = query(ident, name, kind), response(ident, name, kind, answers, rcode=rcode)
    return scene.ask(at, ends, (scene.port(), 53), messages, rtt)


def multicast_answer(records: list[tuple[str, str, int, bytes]]) -> bytes:
    """Return an mDNS announcement (RFC 6762) of (owner, type, TTL, data in wire form) records."""
    message = struct.pack(">HHHHHH", 0, 0x8400, 0, len(records), 0, 0)
    table: dict[str, int] = {}
    for owner, kind, ttl, data in records:
        message += encoded(owner, table, len(message))
        message += struct.pack(">HHIH", TYPES[kind], 1, ttl, len(data)) + data
    return message


def plain(name: str) -> bytes:
    """Return a name without pointers."""
    return encoded(name, {}, 0)


def netbios_query(ident: int, name: str, suffix: int) -> bytes:
    """Return a NetBIOS name query (RFC 1002 §4.2.12), sent as a broadcast."""
    padded = name.upper().ljust(15).encode() + bytes((suffix,))
    halves = bytes(0x41 + half for byte in padded for half in (byte >> 4, byte & 15))
    head = struct.pack(">HHHHHH", ident, 0x0110, 1, 0, 0, 0)
    return head + b"\x20" + halves + b"\0" + struct.pack(">HH", 0x20, 1)
