import hashlib
import random
import struct

import pytest

from monitor.forensics.body import bodies
from monitor.forensics.carve import Carved
from monitor.forensics.gathered import Packet, Role

SYN, ACK = 2, 16
BODY = hashlib.shake_128(b"firmware").digest(5000)
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + BODY
FIRST = 0xFFFF_FF00
"""The sequence numbers wrap within the answer."""


def _packet(place: int, data: bytes, flags: int = ACK, *, copy_of: str = "") -> Carved:
    options = bytes(12)
    head = struct.pack(">HHIIBBHHH", 80, 40000, (FIRST + place) % 2**32, 1, 8 << 4, flags, 9, 0, 0)
    frame = bytes(34) + head + options + data
    packet = Packet(
        role=Role.FLOW, ts_ns=0, source=0, frame_no=1, cap_len=len(frame), wire_len=len(frame),
        link_type=1, is_from_orig=False, src_port=80, dst_port=40000, protocol=6, tunnel=0,
        fragment=0, tcp_flags=flags, payload_off=66, payload_len=len(data),
    )  # fmt: skip
    return Carved(packet, frame, "a.pcap", copy_of)


GET = b"GET /a.bin HTTP/1.1\r\nHost: a\r\n\r\n"


def _asked(data: bytes, flags: int = ACK) -> Carved:
    """Return a segment of the originator, the first of its stream, or the SYN before it."""
    made = _packet(0, data)
    packet = made.packet
    head = struct.pack(">HHIIBBHHH", 40000, 80, 7 - (flags == SYN), 1, 8 << 4, flags, 9, 0, 0)
    asked = packet._replace(is_from_orig=True, src_port=40000, dst_port=80, tcp_flags=flags)
    return Carved(asked, made.data[:34] + head + made.data[34 + len(head) :], "a.pcap", "")


def _segments(data: bytes = ANSWER, size: int = 700, requests: bytes = 3 * GET) -> list[Carved]:
    parts = [(at + 1, data[at : at + size]) for at in range(0, len(data), size)]
    asked = [_asked(b"", SYN), _asked(requests)] if requests else []
    return [
        _packet(0, b"", SYN | ACK),
        *asked,
        *(_packet(place, part) for place, part in parts),
    ]


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("seed", range(5))
def test_a_body_is_hashed_in_the_order_of_its_stream(seed: int) -> None:
    syn, *rest = _segments()
    # Repeated, overlapping and out of order, as networks have it.
    rest += [rest[2], _packet(351, ANSWER[350:1500])]
    random.Random(seed).shuffle(rest)  # noqa: S311  # an order, no secret
    assert bodies([syn, *rest]) == [{"bytes": 5000, "sha256": _digest(BODY), "missing": 0}]


def test_a_copy_of_a_mirror_changes_nothing() -> None:
    packets = _segments()
    packets.insert(5, _packet(701, b"x" * 700, copy_of="frame 3"))
    assert bodies(packets)[0]["sha256"] == _digest(BODY)


def test_a_body_with_a_gap_has_no_digest_and_says_how_much_is_missing() -> None:
    packets = _segments()
    del packets[6]
    assert bodies(packets) == [{"bytes": 5000, "sha256": None, "missing": 700}]


def test_answers_on_one_connection_are_told_apart() -> None:
    second = b"HTTP/1.1 404 No\r\ncontent-length:3\r\n\r\nabc"
    none = b"HTTP/1.1 304 Same\r\nContent-Length: 9\r\n\r\n"
    told = bodies(_segments(ANSWER + none + second))
    assert [one["sha256"] for one in told] == [_digest(BODY), _digest(b"abc")]


@pytest.mark.parametrize(
    "data",
    [b"", b"\x16\x03\x01\x00", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde",
     b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabcde", b"HTTP/1.1 200 OK\r\nContent-Le"],
)  # fmt: skip
def test_what_has_no_length_has_no_body(data: bytes) -> None:
    assert bodies(_segments(data) if data else []) == []


def test_an_answer_to_head_has_a_length_and_no_body() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"
    told = bodies(_segments(head + ANSWER, requests=GET.replace(b"GET", b"HEAD") + GET))
    assert told == [{"bytes": 5000, "sha256": _digest(BODY), "missing": 0}]


@pytest.mark.parametrize(
    ("answer", "requests", "why"),
    [
        (ANSWER, b"", "its request was not seen"),
        (ANSWER, b"\x00\x01", "its request was not seen"),
        (ANSWER.replace(b"200 OK", b"206 Partial"), GET, "it is a part of a larger file"),
    ],
)
def test_no_digest_is_told_that_one_could_doubt(answer: bytes, requests: bytes, why: str) -> None:
    told = bodies(_segments(answer, requests=requests))
    assert told == [{"bytes": 5000, "sha256": None, "missing": 0, "why": why}]


@pytest.mark.parametrize("is_later", [False, True])
def test_bytes_that_contradict_each_other_have_no_digest(is_later: bool) -> None:
    packets = _segments()
    packets.insert(len(packets) if is_later else 3, _packet(351, b"B" * 500))
    assert bodies(packets)[0]["why"] == "the capture holds different bytes for the same place"


@pytest.mark.parametrize("side", [0, 1])
def test_a_connection_that_was_joined_in_the_middle_has_no_digest(side: int) -> None:
    packets = _segments()
    del packets[side]
    assert bodies(packets)[0]["sha256"] is None


def test_a_head_that_contradicts_itself_has_no_digest() -> None:
    packets = _segments()
    packets.insert(4, _packet(1, b"HTTP/1.1 200 NO\r\n"))
    assert bodies(packets)[0]["sha256"] is None
