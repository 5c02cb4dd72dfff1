"""Bodies of HTTP answers in a carved TCP flow: put in order, and hashed where they are whole."""

import hashlib
from collections.abc import Iterable
from typing import Any, Final

from monitor.forensics.carve import Carved
from monitor.forensics.gathered import Role

MOST_BYTES: Final = 1 << 30
"""Bytes of one side that are put in order; a firmware image has some ten million."""

MOST_BODIES: Final = 20
_HEAD_END: Final = b"\r\n\r\n"
_MOST_HEAD: Final = 65_536
_SEQUENCES: Final = 1 << 32


def bodies(packets: Iterable[Carved]) -> list[dict[str, Any]]:
    """Return the bodies of the HTTP answers that the responder gave, in order.

    Each has ``bytes`` (by Content-Length), ``sha256`` (lower-case hex, None where it is not whole) and ``missing``
    (bytes that the capture does not have). What has no Content-Length ends the list: where it ends is not known.
    """
    stream = _Stream(packets)
    found: list[dict[str, Any]] = []
    at = 0
    while len(found) < MOST_BODIES:
        head = stream.whole(at, at + _MOST_HEAD)
        end = head.find(_HEAD_END)
        if end < 0 or not head.startswith(b"HTTP/1."):
            break
        length = _content_length(head[:end])
        status = head[9:12]
        if status.startswith(b"1") or status in (b"204", b"304"):
            length = 0
        if length is None:
            break
        at += end + len(_HEAD_END)
        if length:
            body = stream.whole(at, at + length)
            is_whole = len(body) == length
            found.append(
                {
                    "bytes": length,
                    "sha256": hashlib.sha256(body).hexdigest() if is_whole else None,
                    "missing": length - stream.held(at, at + length),
                }
            )
        at += length
    return found


class _Stream:
    """One direction of a TCP connection: what came first counts, as for the receiver."""

    def __init__(self, packets: Iterable[Carved]) -> None:
        segments: list[tuple[int, bytes]] = []
        base: int | None = None
        taken = 0
        for one in packets:
            packet = one.packet
            if packet.role is not Role.FLOW or packet.is_from_orig or one.copy_of:
                continue
            seq = _sequence(one)
            if seq is None:
                continue
            is_start = bool(packet.tcp_flags & 2)
            if base is None or is_start:
                base = (seq + is_start) % _SEQUENCES
            data = one.data[packet.payload_off : packet.payload_off + packet.payload_len]
            taken += len(data)
            if data and taken <= MOST_BYTES:
                place = (seq - base) % _SEQUENCES
                segments.append((place - _SEQUENCES * (place >> 31), data))
        segments.sort(key=lambda segment: segment[0])
        self._parts: list[tuple[int, bytes]] = []
        end = 0
        for place, data in segments:
            fresh = data[max(0, end - place) :]
            if fresh:
                start = max(place, end)
                self._parts.append((start, fresh))
                end = start + len(fresh)

    def whole(self, start: int, stop: int) -> bytes:
        """Return the bytes from a place on, until a gap or `stop`."""
        made = bytearray()
        for place, data in self._parts:
            here = start + len(made)
            if place + len(data) <= here:
                continue
            if place > here or here >= stop:
                break
            made += data[here - place : stop - place]
        return bytes(made)

    def held(self, start: int, stop: int) -> int:
        """Return how many bytes of a part are there, gaps or not."""
        return sum(
            max(0, min(stop, place + len(data)) - max(start, place)) for place, data in self._parts
        )


def _sequence(one: Carved) -> int | None:
    """Return the sequence number; the header lies before the payload and says its own length."""
    packet, data = one.packet, one.data
    ports = packet.src_port.to_bytes(2) + packet.dst_port.to_bytes(2)
    for length in range(20, 64, 4):
        start = packet.payload_off - length
        if start < 0:
            return None
        if data[start : start + 4] == ports and data[start + 12] >> 4 == length // 4:
            return int.from_bytes(data[start + 4 : start + 8])
    return None


def _content_length(head: bytes) -> int | None:
    lines = head.split(b"\r\n")[1:]
    named = [line.partition(b":") for line in lines]
    fields = {name.strip().lower(): value.strip() for name, _, value in named}
    text = fields.get(b"content-length", b"")
    if b"transfer-encoding" in fields or not text.isdigit() or len(text) > 12:
        return None
    return int(text)
