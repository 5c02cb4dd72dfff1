import pytest

from tests.support.flowscript import FlowScript, Talk
from tests.support.packets import ACK, SYN, Packet, tcp, udp

CAMERA, CLOUD = "10.0.0.2", "203.0.113.5"
BASE = 1001


def out(at: int, payload: bytes) -> Packet:
    return tcp(CAMERA, 6000, CLOUD, 443, ACK, payload, seq=BASE + at)


def opened(**settings: int) -> FlowScript:
    script = FlowScript(**settings)
    script.at(0.0).sees(tcp(CAMERA, 6000, CLOUD, 443, SYN, seq=BASE - 1))
    script.at(0.0).sees(tcp(CLOUD, 443, CAMERA, 6000, SYN | ACK, seq=7000))
    return script


def the_talk(script: FlowScript) -> Talk:
    """Return the only conversation, at the end of the input if not before."""
    for step in script.stage.finish():
        script._take(step)
    (talk,) = script.talks
    return talk


@pytest.mark.parametrize(
    "order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (0, 2, 1), (2, 0, 1), (1, 2, 0)]
)
def test_segments_are_put_in_order(order: tuple[int, ...]) -> None:
    parts = [(0, b"abc"), (3, b"defg"), (7, b"hi")]
    script = opened()
    script.at(0.1).sees(*(out(*parts[i]) for i in order))
    assert the_talk(script).orig == (b"abcdefghi",)


def test_a_stream_ends_at_its_first_gap() -> None:
    script = opened()
    script.at(0.1).sees(out(0, b"abc"), out(5, b"later"))
    assert the_talk(script).orig == (b"abc",)


def test_a_repeat_does_not_rewrite_what_came_first() -> None:
    script = opened()
    script.at(0.1).sees(out(0, b"abc"), out(1, b"XYZ"))
    assert the_talk(script).orig == (b"abcZ",)


def test_sequence_numbers_may_wrap() -> None:
    script = FlowScript()
    script.at(0.0).sees(tcp(CAMERA, 6000, CLOUD, 443, SYN, seq=0xFFFF_FFFD))
    script.at(0.1).sees(
        tcp(CAMERA, 6000, CLOUD, 443, ACK, b"cd", seq=0),
        tcp(CAMERA, 6000, CLOUD, 443, ACK, b"ab", seq=0xFFFF_FFFE),
    )
    assert the_talk(script).orig == (b"abcd",)


def test_a_full_store_hands_on_the_oldest_conversations_early() -> None:
    script = FlowScript(store_bytes=1 << 16)
    for i in range(100):
        script.at(i / 1000).sees(udp(CAMERA, 1000 + i, CLOUD, 9, bytes([i]) * 2000))
    cut = script.stage.counts.windows_cut
    assert 60 < cut < 90
    assert [talk.flow_no for talk in script.talks] == list(range(1, cut + 1))
    assert all(talk.orig == (bytes([i]) * 2000,) for i, talk in enumerate(script.talks))


def test_blocks_are_used_again() -> None:
    """A store of 64 KiB sees 2 MB go by, none of it early."""
    script = FlowScript(store_bytes=1 << 16, window_s=0.5)
    for i in range(1000):
        content = bytes([i % 256]) * 2000
        script.at(i).sees(udp(CAMERA, 1000 + i, CLOUD, 9, content))
    script.at(2000).passes()
    assert [talk.orig[0][0] for talk in script.talks] == [i % 256 for i in range(1000)]
    assert script.stage.counts.windows_cut == 0
