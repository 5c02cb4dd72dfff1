"""Properties of what is remembered: an answer never depends on what was dissected before."""

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.dissect import dns, http, ntp, pppp, stun, tls, tls_hello
from monitor.dissect.base import TCP
from monitor.dissect.registry import Registry, shipped
from monitor.model.facts import Conversation, Dissection
from tests.support.payloads_names import dns_query, hello_record, sni_extension, tcp, udp
from tests.support.payloads_net import NET_SAMPLES
from tests.support.payloads_p2p import P2P_SAMPLES

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
