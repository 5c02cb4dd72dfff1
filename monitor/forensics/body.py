"""Bodies of HTTP answers in a carved TCP flow: put in order, and hashed where they are whole."""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any, Final

from monitor.forensics.carve import Carved
from monitor.forensics.gathered import Role

MOST_BYTES: Final = 256 << 20
"""Bytes of one side that are put in order; a firmware image has some ten million."""

MOST_BODIES: Final = 20
MOST_REQUESTS: Final = 200
_HEAD_END: Final = b"\r\n\r\n"
_MOST_HEAD: Final = 65_536
_SEQUENCES: Final = 1 << 32

UNASKED: Final = "its request was not seen"
DISPUTED: Final = "the capture holds different bytes for the same place"
PARTIAL: Final = "it is a part of a larger file"


def bodies(packets: Iterable[Carved]) -> list[dict[str, Any]]:
    """Return the bodies of the HTTP answers that the responder gave, in order.

    Each has ``bytes`` (by Content-Length), ``sha256`` (lower-case hex, None where it is not told), ``missing``
    (bytes that the capture does not have), and ``why`` where all bytes are there and it is not told all the
    same. An answer belongs to the request of the same number: one to HEAD has a length and no body. What has
    no Content-Length ends the list: where it ends is not known.
    """
    kept = [one for one in packets if one.packet.role is Role.FLOW and not one.copy_of]
    stream = _Stream(one for one in kept if not one.packet.is_from_orig)
    asked = _Stream(one for one in kept if one.packet.is_from_orig)
    # Joined in the middle, the first answer may belong to a request of before.
    methods = _methods(asked) if asked.has_start and stream.has_start else iter(())
    found: list[dict[str, Any]] = []
    at = 0
    while len(found) < MOST_BODIES:
        head = stream.whole(at, at + _MOST_HEAD)
        end = head.find(_HEAD_END)
        if end < 0 or not head.startswith(b"HTTP/1."):
            break
        status = head[9:12]
        length = _content_length(head[:end])
        is_interim = status.startswith(b"1")
        method = b"" if is_interim else next(methods, b"")
        if is_interim or status in (b"204", b"304") or method == b"HEAD":
            length = 0
        if length is None:
            break
        began, at = at, at + end + len(_HEAD_END)
        if length:
            if stream.is_disputed(began, at) or asked.is_disputed(0, MOST_BYTES):
                method = b""
            found.append(_body(stream, at, length, status, method))
        at += length
    return found


def _body(stream: "_Stream", at: int, length: int, status: bytes, method: bytes) -> dict[str, Any]:
    missing = length - stream.held(at, at + length)
    told: dict[str, Any] = {"bytes": length, "sha256": None, "missing": missing}
    if missing:
        return told
    if not method:
        return told | {"why": UNASKED}
    if stream.is_disputed(at, at + length):
        return told | {"why": DISPUTED}
    if status == b"206":
        return told | {"why": PARTIAL}
    digest = hashlib.sha256()
    for piece in stream.pieces(at, at + length):
        digest.update(piece)
    return told | {"sha256": digest.hexdigest()}


def _methods(stream: "_Stream") -> Iterator[bytes]:
    """Yield the methods of the requests in order, as far as it is known where each ends."""
    at = 0
    for _ in range(MOST_REQUESTS):
        head = stream.whole(at, at + _MOST_HEAD)
        end = head.find(_HEAD_END)
        method, _, rest = head.partition(b" ")
        if end < 0 or not method.isalpha() or b" HTTP/1." not in rest[: head.find(b"\r\n")]:
            return
        length = _content_length(head[:end], absent=0)
        if length is None or method == b"CONNECT":
            return
        yield method
        at += end + len(_HEAD_END) + length


class _Stream:
    """One direction of a TCP connection, in the order of its sequence numbers."""

    def __init__(self, packets: Iterable[Carved]) -> None:
        self.has_start = False
        """The SYN was seen: nothing came before."""

        segments: list[tuple[int, bytes]] = []
        base: int | None = None
        taken = 0
        for one in packets:
            packet = one.packet
            seq = _sequence(one)
            if seq is None:
                continue
            is_start = bool(packet.tcp_flags & 2)
            self.has_start |= is_start
            if base is None or is_start:
                base = (seq + is_start) % _SEQUENCES
            data = one.data[packet.payload_off : packet.payload_off + packet.payload_len]
            taken += len(data)
            if data and taken <= MOST_BYTES:
                place = (seq - base) % _SEQUENCES
                segments.append((place - _SEQUENCES * (place >> 31), data))
        # Longer ones first: what repeats them adds nothing.
        segments.sort(key=lambda segment: (segment[0], -len(segment[1])))
        self._parts: list[tuple[int, bytes]] = []
        self._disputed: list[tuple[int, int]] = []
        end = 0
        for place, data in segments:
            if place < end:
                self._compare(place, data[: end - place])
            fresh = data[max(0, end - place) :]
            if fresh:
                start = max(place, end)
                self._parts.append((start, fresh))
                end = start + len(fresh)

    def _compare(self, place: int, again: bytes) -> None:
        """Note where bytes that came again are others: a receiver may have taken either."""
        for start, data in reversed(self._parts):
            if start + len(data) <= place:
                break
            first, last = max(start, place), min(start + len(data), place + len(again))
            if (
                first < last
                and data[first - start : last - start] != again[first - place : last - place]
            ):
                self._disputed.append((first, last))

    def pieces(self, start: int, stop: int) -> Iterator[memoryview]:
        """Yield the bytes from a place on, until a gap or `stop`."""
        here = start
        for place, data in self._parts:
            if place + len(data) <= here:
                continue
            if place > here or here >= stop:
                break
            yield memoryview(data)[here - place : stop - place]
            here = min(stop, place + len(data))

    def whole(self, start: int, stop: int) -> bytes:
        """Return the bytes from a place on, until a gap or `stop`."""
        return b"".join(self.pieces(start, stop))

    def held(self, start: int, stop: int) -> int:
        """Return how many bytes of a part are there, gaps or not."""
        return sum(
            max(0, min(stop, place + len(data)) - max(start, place)) for place, data in self._parts
        )

    def is_disputed(self, start: int, stop: int) -> bool:
        """Return whether the capture holds different bytes for a place."""
        return any(first < stop and start < last for first, last in self._disputed)


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


def _content_length(head: bytes, absent: int | None = None) -> int | None:
    lines = head.split(b"\r\n")[1:]
    named = [line.partition(b":") for line in lines]
    fields = {name.strip().lower(): value.strip() for name, _, value in named}
    if absent is not None and b"content-length" not in fields:
        return None if b"transfer-encoding" in fields else absent
    text = fields.get(b"content-length", b"")
    if b"transfer-encoding" in fields or not text.isdigit() or len(text) > 12:
        return None
    return int(text)
