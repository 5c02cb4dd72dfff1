"""Digests of conversations: what counts, and what does not."""

from typing import Any

import numpy as np
import pytest

from monitor.dissect.kernel_digest import (
    DNS,
    EXACT,
    HELLO,
    MAX_EXACT,
    MAX_MASKED,
    PPPP,
    STUN,
    UID_TYPES,
    digests,
)
from monitor.dissect.pppp import _WITH_UID
from monitor.model.facts import Conversation
from tests.support.payloads_names import dns_query, hello_record, sni_extension, tcp, udp
from tests.support.talks import talks

NAME = sni_extension(b"cam.example")
ANSWER = dns_query("cam.example")[:2] + (
    b"\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\x03cam\x07example\x00\x00\x01\x00\x01"
    b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x01"
)
LIFETIME_AND_ADDRESS = [len(ANSWER) - at for at in (10, 9, 8, 7, 4, 3, 2, 1)]
STUN_REQUEST = b"\0\1\0\0\x21\x12\xa4\x42" + bytes(range(12))
LOGIN = b"\xf1\x20\x00\x24" + b"ABCD\0\0\0\0" + bytes(28)


def digest(*conversations: Conversation, seed: int = 7) -> tuple[list[int], list[int]]:
    batch = talks(conversations)
    found, masked = np.zeros(len(batch), np.uint64), np.zeros(len(batch), np.uint8)
    digests(
        batch.data, batch.piece_off, batch.byte_off, batch.is_orig, batch.protocol,
        batch.orig_port, batch.resp_port, np.arange(len(batch)), np.uint64(seed), found, masked,
    )  # fmt: skip
    return found.tolist(), masked.tolist()


def changed(data: bytes, *places: int) -> bytes:
    return bytes(byte ^ 0x15 if at in places else byte for at, byte in enumerate(data))


def share(value: bytes) -> bytes:
    return b"\x00\x33" + len(value).to_bytes(2) + value


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        (HELLO, tcp(hello_record(NAME)), tcp(changed(hello_record(NAME), *range(11, 43)))),
        (
            HELLO,
            tcp(hello_record(NAME + share(bytes(1216)))),
            tcp(hello_record(NAME + share(b"\1" * 1216))),
        ),
        (DNS, udp(dns_query("a.b"), port=53), udp(changed(dns_query("a.b"), 0, 1), port=53)),
        (DNS, udp(ANSWER, port=53), udp(changed(ANSWER, *LIFETIME_AND_ADDRESS), port=53)),
        (STUN, udp(STUN_REQUEST, port=3478), udp(changed(STUN_REQUEST, 8, 19), port=3478)),
        (PPPP, udp(LOGIN, port=32100), udp(changed(LOGIN, *range(12, 40)), port=32100)),
    ],
)
def test_what_is_new_in_every_message_does_not_count(
    kind: int, one: Conversation, other: Conversation
) -> None:
    found, masked = digest(one, other)
    assert found[0] == found[1]
    assert masked == [kind, kind]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (tcp(hello_record(NAME)), tcp(hello_record(sni_extension(b"cam.examplf")))),
        (tcp(hello_record(NAME)), tcp(changed(hello_record(NAME), 10))),
        (
            tcp(hello_record(share(bytes(32)) + NAME)),
            tcp(hello_record(share(bytes(32)) + sni_extension(b"cam.examplf"))),
        ),
        (tcp(hello_record(NAME)), tcp(b"", hello_record(NAME))),
        (udp(dns_query("a.b"), port=53), udp(dns_query("a.c"), port=53)),
        (udp(ANSWER, port=53), udp(changed(ANSWER, 3), port=53)),
        (udp(STUN_REQUEST, port=3478), udp(STUN_REQUEST, port=3479)),
        (udp(STUN_REQUEST, port=3478), udp(changed(STUN_REQUEST, 1), port=3478)),
        (udp(LOGIN, port=32100), udp(changed(LOGIN, 4), port=32100)),
        (udp(LOGIN, port=32100), udp(LOGIN, LOGIN, port=32100)),
        (udp(b"ab", b"c", port=9), udp(b"a", b"bc", port=9)),
    ],
)
def test_all_else_counts(one: Conversation, other: Conversation) -> None:
    found, _ = digest(one, other)
    assert found[0] != found[1]


def test_anything_but_the_whole_shape_counts_byte_by_byte() -> None:
    hello = hello_record(NAME)
    odd = (
        tcp(hello[:-1]),
        tcp(hello + b"\x16"),
        tcp(hello, hello),
        udp(changed(dns_query("a.b"), 2)[:2] + b"\xfe" + dns_query("a.b")[3:], port=53),
        udp(STUN_REQUEST + b"\0", port=3478),
        udp(STUN_REQUEST, b"\x16\xfe\xfd" + bytes(20), port=3478),
        udp(LOGIN, b"\xf2", port=32100),
    )
    assert digest(*odd)[1] == [EXACT] * len(odd)


def test_what_is_too_long_or_empty_has_none() -> None:
    found, _ = digest(
        udp(bytes(MAX_EXACT), port=9),
        udp(bytes(MAX_EXACT + 1), port=9),
        tcp(hello_record(NAME + share(bytes(MAX_MASKED)))),
        Conversation(6, 1, 2, (), ()),
    )
    assert found[0]
    assert found[1:] == [0, 0, 0]


def test_the_seed_counts() -> None:
    one: Any = udp(b"x", port=9)
    assert digest(one, seed=1)[0] != digest(one, seed=2)[0]


def test_messages_with_a_device_id_are_those_of_the_dissector() -> None:
    assert frozenset(UID_TYPES) == _WITH_UID
