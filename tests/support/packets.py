"""Packet batches for tests of the stages behind decoding, from a few words a packet."""

import dataclasses
import hashlib
import ipaddress
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from monitor.model.arrays import VLAN_NONE, columns_of
from monitor.model.packets import PacketBatch, QuoteBatch
from monitor.model.words import Fragment, Tunnel

START_NS = 1_700_000_000_000_000_000
SECOND_NS = 1_000_000_000

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16

_idents = itertools.count(1)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """The packet that an ICMP error quotes."""

    src: str
    dst: str
    src_port: int
    dst_port: int
    protocol: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """One packet in words. `ident` is the IP identification: packets equal in all are copies."""

    src: str
    dst: str
    protocol: int
    src_port: int = 0
    dst_port: int = 0
    payload: bytes = b""
    payload_wire: int = -1
    flags: int = 0
    seq: int = 0
    ack: int = 0
    vlan: int = VLAN_NONE
    src_mac: int = 0x02_00_00_00_00_01
    dst_mac: int = 0x02_00_00_00_00_02
    ident: int = 0
    fragment: int = Fragment.WHOLE
    place: int = 0
    tunnel: int = Tunnel.NONE
    source: int = 0
    stop: int = 0
    quote: Quote | None = None
    ts_ns: int = START_NS
    frame_no: int = 1

    @property
    def wire_payload(self) -> int:
        """Payload bytes on the wire."""
        return len(self.payload) if self.payload_wire < 0 else self.payload_wire

    @property
    def wire_len(self) -> int:
        """Bytes on the wire: 14 of Ethernet, 20 of IP, 20 of TCP or 8 of another header."""
        return 34 + (20 if self.protocol == 6 else 8) + self.wire_payload

    @property
    def copy_key(self) -> int:
        """Hash of what a mirror copy shares with the packet."""
        shared = (
            self.src,
            self.dst,
            self.protocol,
            self.src_port,
            self.dst_port,
            self.ident,
            self.place,
            self.flags,
            self.seq,
            self.ack,
            self.wire_payload,
            self.payload[:64],
        )
        return int.from_bytes(hashlib.blake2b(repr(shared).encode(), digest_size=8).digest(), "big")


def udp(
    src: str, src_port: int, dst: str, dst_port: int, payload: bytes | int = 0, **more: Any
) -> Packet:
    """Return a UDP datagram; a number as payload gives that many zeros."""
    return _packet(src, src_port, dst, dst_port, 17, payload, more)


def tcp(
    src: str,
    src_port: int,
    dst: str,
    dst_port: int,
    flags: int = ACK,
    payload: bytes | int = 0,
    **more: Any,
) -> Packet:
    """Return a TCP segment."""
    return _packet(src, src_port, dst, dst_port, 6, payload, {"flags": flags, **more})


def icmp(src: str, dst: str, kind: int, code: int = 0, **more: Any) -> Packet:
    """Return an ICMP message, or ICMPv6 between IPv6 addresses."""
    protocol = 58 if ":" in src else 1
    return _packet(src, kind, dst, code, protocol, more.pop("payload", 0), more)


def quoting(packet: Packet) -> Quote:
    """Return the quote of a packet for an ICMP error."""
    return Quote(
        src=packet.src,
        dst=packet.dst,
        src_port=packet.src_port,
        dst_port=packet.dst_port,
        protocol=packet.protocol,
    )


def _packet(
    src: str,
    src_port: int,
    dst: str,
    dst_port: int,
    protocol: int,
    payload: bytes | int,
    more: dict[str, Any],
) -> Packet:
    more.setdefault("ident", next(_idents))
    return Packet(
        src=src,
        src_port=src_port,
        dst=dst,
        dst_port=dst_port,
        protocol=protocol,
        payload=bytes(payload) if isinstance(payload, int) else payload,
        **more,
    )


def words_of(address: str) -> tuple[int, int]:
    """Return an address as its two words, IPv4 in ::ffff:0:0/96."""
    ip = ipaddress.ip_address(address)
    number = int(ip) if ip.version == 6 else 0xFFFF_0000_0000 | int(ip)
    return number >> 64, number & 0xFFFF_FFFF_FFFF_FFFF


def packet_batch(packets: Sequence[Packet]) -> PacketBatch:
    """Return packets as the columns that decoding gives."""
    data = b"\xa5" * 3
    rows: list[dict[str, Any]] = []
    quotes: list[dict[str, Any]] = []
    for row, packet in enumerate(packets):
        src, dst = words_of(packet.src), words_of(packet.dst)
        values = {field.name: getattr(packet, field.name) for field in dataclasses.fields(packet)}
        rows.append(
            values
            | {
                "wire_len": packet.wire_len,
                "src_hi": src[0],
                "src_lo": src[1],
                "dst_hi": dst[0],
                "dst_lo": dst[1],
                "ttl": 64,
                "fragment_id": packet.ident & 0xFFFF_FFFF,
                "tcp_flags": packet.flags,
                "tcp_seq": packet.seq & 0xFFFF_FFFF,
                "tcp_ack": packet.ack & 0xFFFF_FFFF,
                "payload_off": len(data),
                "payload_len": len(packet.payload),
                "payload_wire": packet.wire_payload,
                "copy_key": packet.copy_key,
                "is_copy_sure": packet.ident != 0 or bool(packet.payload),
            }
        )
        data += packet.payload + b"\xa5" * 3
        if packet.quote is not None:
            quotes.append(_quote_row(row, packet.quote))
    return PacketBatch(
        data=np.frombuffer(data, dtype=np.uint8),
        quotes=QuoteBatch(**_columns(QuoteBatch, quotes)),
        **_columns(PacketBatch, rows),
    )


def _quote_row(row: int, quote: Quote) -> dict[str, Any]:
    src, dst = words_of(quote.src), words_of(quote.dst)
    return {
        "row": row,
        "protocol": quote.protocol,
        "src_hi": src[0],
        "src_lo": src[1],
        "dst_hi": dst[0],
        "dst_lo": dst[1],
        "src_port": quote.src_port,
        "dst_port": quote.dst_port,
    }


def _columns(batch: type, rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        name: np.array([row[name] for row in rows], dtype=dtype)
        for name, (dtype, _) in columns_of(batch).items()
    }
