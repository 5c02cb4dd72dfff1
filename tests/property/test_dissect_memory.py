"""Properties of what is remembered: an answer never depends on what was dissected before."""

from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.dissect import dns, http, ntp, pppp, stun, tls, tls_hello
from monitor.dissect.base import TCP
from monitor.dissect.kernel_digest import digests
from monitor.dissect.registry import Registry, shipped
from monitor.model.facts import Conversation, Dissection
from tests.support.payloads_names import dns_query, hello_record, sni_extension, tcp, udp
from tests.support.payloads_net import NET_SAMPLES
from tests.support.payloads_p2p import P2P_SAMPLES
from tests.support.talks import talks, what_counts

DISSECTORS = shipped()
_REGISTRY = Registry(DISSECTORS)
_ANSWER = (
    b"\x12\x34\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\x03cam\x07example\x00\x00\x01\x00\x01"
    b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x01"
)
_REQUEST = b"GET /check?pwd=1 HTTP/1.1\r\nHost: cam.example\r\nUser-Agent: cam/1.0\r\n\r\n"
_HELLO = hello_record(sni_extension(b"cam.example"))
_SHARE = hello_record(sni_extension(b"cam.example") + b"\x00\x33\x00\x08" + bytes(range(8)))
_SEEDS = (
    *(conversation for _, conversation in P2P_SAMPLES + NET_SAMPLES),
    udp(dns_query("cam.example"), _ANSWER, port=53),
    udp(_ANSWER, port=4000),
    udp(b"\0\1\0\0\x21\x12\xa4\x42" + bytes(12), port=3478),
    udp(b"\xf1\x20\x00\x24ABCD" + bytes(32), b"\xf1\x21\x00\x04" + bytes(4), port=32100),
    tcp(len(_ANSWER).to_bytes(2) + _ANSWER, port=53),
    tcp(_REQUEST, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", port=80),
    tcp(_REQUEST + b"\x00" * 40, port=8081),
    tcp(_HELLO, port=443),
    tcp(_SHARE, port=8883),
    tcp(_SHARE + b"\x17\x03\x03\x00\x14" + bytes(20), port=443),
    udp(b"\x23" + bytes(47), b"\x24\x01" + bytes(10) + b"GPS\0" + bytes(32), port=123),
)


_CACHES = tuple(
    value
    for module in (dns, http, ntp, pppp, stun, tls_hello)
    for value in vars(module).values()
    if hasattr(value, "cache_clear")
)


def _afresh(conversation: Conversation) -> Dissection:
    """Dissect with nothing remembered."""
    for cache in _CACHES:
        cache.cache_clear()
    tls._hellos.clear()
    return _fresh().dissect(conversation)


def _fresh() -> Registry:
    """Return a registry that remembers nothing; making one anew for each would take too long."""
    _REGISTRY._memo.clear()
    _REGISTRY._known.clear()
    _REGISTRY._own.clear()
    _REGISTRY._by_digest.clear()
    return _REGISTRY


@st.composite
def _similar(draw: st.DrawFn) -> list[Conversation]:
    """Draw conversations that differ from one another in a few bytes, in repeats or in the port."""
    seed = draw(st.sampled_from(_SEEDS))
    made = [seed]
    for _ in range(draw(st.integers(1, 6))):
        sides = [list(made[-1].orig), list(made[-1].resp)]
        side = draw(st.sampled_from([side for side in sides if side] or [sides[0]]))
        if side:
            at = draw(st.integers(0, len(side) - 1))
            side[at] = draw(_changed(side[at]))
            if seed.protocol != TCP and draw(st.booleans()):
                side.insert(at, side[draw(st.integers(0, len(side) - 1))])
        if draw(st.integers(0, 4)) == 0:
            sides[draw(st.integers(0, 1))].clear()
        port = seed.resp_port if draw(st.integers(0, 4)) else draw(st.sampled_from((53, 80, 9999)))
        orig, resp = (tuple(piece for piece in pieces if piece) for pieces in sides)
        made.append(Conversation(seed.protocol, 40000, port, orig[:8], resp[:8]))
    return made


@st.composite
def _changed(draw: st.DrawFn, piece: bytes) -> bytes:
    """Draw a piece with a few other bytes, or another end."""
    changed = bytearray(piece)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(piece) - 1))
        changed[at] = draw(st.integers(0, 255))
    end = draw(st.sampled_from((len(piece), len(piece), len(piece) - 1, len(piece) // 2)))
    return bytes(changed[: max(end, 1)]) + draw(st.sampled_from((b"", b"", b"\x00", b"\x16\x03")))


@settings(max_examples=400, deadline=None)
@given(conversations=_similar())
def test_what_was_seen_before_changes_no_answer(conversations: list[Conversation]) -> None:
    afresh = [_afresh(conversation) for conversation in conversations]
    registry = _fresh()
    for _ in range(2):
        assert [registry.dissect(conversation) for conversation in conversations] == afresh


@settings(max_examples=400, deadline=None)
@given(conversations=_similar())
def test_what_has_the_digest_of_another_has_its_answer(conversations: list[Conversation]) -> None:
    conversations = [c for c in conversations if c.orig or c.resp]
    afresh = [_afresh(conversation) for conversation in conversations]
    registry, batch = _fresh(), talks(conversations)
    for row in range(len(batch)):
        assert registry.dissect_all(batch, np.array([row])) == afresh[row : row + 1]
    assert registry.dissect_all(batch, np.arange(len(batch))) == afresh


@settings(max_examples=400, deadline=None)
@given(conversations=_similar())
def test_digests_are_equal_where_all_that_counts_is(conversations: list[Conversation]) -> None:
    batch = talks(conversations)
    found, masked = np.zeros(len(batch), np.uint64), np.zeros(len(batch), np.uint8)
    digests(
        batch.data, batch.piece_off, batch.byte_off, batch.is_orig, batch.protocol,
        batch.orig_port, batch.resp_port, np.arange(len(batch)), np.uint64(1), found, masked,
    )  # fmt: skip
    counting = [what_counts(one, one.orig_port) for one in conversations]
    assert [digest == 0 for digest in found] == [what is None for what in counting]
    for (one, what), (other, that) in combinations(zip(found, counting, strict=True), 2):
        assert (one == other) == (what == that)


@settings(max_examples=300, deadline=None)
@given(conversations=_similar())
def test_equal_answers_are_one_object(conversations: list[Conversation]) -> None:
    registry = _fresh()
    told = [registry.dissect(conversation) for conversation in conversations]
    for one in told:
        assert all(one is other for other in told if one == other)


@settings(max_examples=400, deadline=None)
@given(conversations=_similar())
def test_what_a_dissector_answers_to_opens_as_it_promises(
    conversations: list[Conversation],
) -> None:
    able = [d for d in DISSECTORS if TCP in d.transports and d.tcp_opening]
    for conversation in conversations:
        seen = Conversation(
            TCP, 40000, conversation.resp_port, conversation.orig[:1], conversation.resp[:1]
        )
        for dissector in able:
            if dissector.dissect(seen) is not None:
                assert dissector.tcp_opening is not None
                assert any(map(dissector.tcp_opening.match, (seen.orig_first, seen.resp_first)))
