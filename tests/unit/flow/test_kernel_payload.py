import dataclasses

import pytest

from tests.support.flowscript import FlowScript, Talk
from tests.support.packets import ACK, SYN, Packet, tcp, udp

CAMERA, CLOUD = "10.0.0.2", "203.0.113.5"
BASE = 1001


def client_hello(size: int, records: int = 1) -> bytes:
    """Return the outline of a ClientHello of `size` bytes in TLS records (RFC 8446 §5.1)."""
    body = b"\x01" + size.to_bytes(3, "big") + bytes(i % 251 for i in range(size))
    step = -(-len(body) // records)
    parts = [body[i : i + step] for i in range(0, len(body), step)]
    return b"".join(b"\x16\x03\x01" + len(part).to_bytes(2, "big") + part for part in parts)


def out(at: int, payload: bytes) -> Packet:
    return tcp(CAMERA, 6000, CLOUD, 443, ACK, payload, seq=BASE + at)


def back(at: int, payload: bytes) -> Packet:
    return tcp(CLOUD, 443, CAMERA, 6000, ACK, payload, seq=7001 + at)


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


def test_a_conversation_is_handed_on_when_its_window_is_over() -> None:
    script = FlowScript(window_s=5)
    script.at(1.0).sees(udp(CAMERA, 5000, CLOUD, 32100, b"hello"))
    script.at(2.0).sees(udp(CLOUD, 32100, CAMERA, 5000, b"welcome"))
    script.at(5.9).passes()
    assert script.talks == []
    script.at(6.0).passes()
    talk = script.talk()
    assert (talk.orig, talk.resp) == ((b"hello",), (b"welcome",))
    assert talk.columns["ts_ns"] == 1_700_000_001_000_000_000
    script.at(6.5).sees(udp(CAMERA, 5000, CLOUD, 32100, b"more"))
    script.at(500).passes()
    assert script.talks == []


def test_a_conversation_is_handed_on_when_both_sides_are_full() -> None:
    script = FlowScript(datagrams=2)
    script.at(0.0).sees(*(udp(CAMERA, 5000, CLOUD, 9, bytes([i])) for i in range(3)))
    assert script.talks == []
    script.at(0.1).sees(*(udp(CLOUD, 9, CAMERA, 5000, bytes([i])) for i in range(3)))
    assert (script.talk().orig, script.ended) == ((b"\0", b"\1"), [])


def test_a_flow_without_payload_has_no_conversation() -> None:
    script = opened()
    script.at(0.1).sees(out(0, b""))
    script.at(400).passes()
    assert len(script.ended) == 1
    assert script.talks == []


def test_datagrams_are_cut_to_their_budget() -> None:
    script = FlowScript(datagram_bytes=4)
    script.at(0.0).sees(udp(CAMERA, 5000, CLOUD, 9, b"abcdefgh"))
    assert the_talk(script).orig == (b"abcd",)


def test_data_on_a_syn_begins_the_stream() -> None:
    script = FlowScript()
    script.at(0.0).sees(tcp(CAMERA, 6000, CLOUD, 443, SYN, b"fast", seq=BASE - 1))
    script.at(0.1).sees(out(4, b" open"))
    assert the_talk(script).orig == (b"fast open",)


def test_data_numbered_from_the_syn_itself_loses_no_byte() -> None:
    script = opened()
    script.at(0.1).sees(out(-1, b"abc"), out(2, b"def"))
    assert the_talk(script).orig == (b"abcdef",)


def test_a_keep_alive_probe_before_the_first_data_is_no_data() -> None:
    script = opened()
    script.at(0.1).sees(out(-1, b"\0"), out(0, b"abc"))
    assert the_talk(script).orig == (b"abc",)


def test_without_a_syn_the_lowest_number_begins_the_stream() -> None:
    script = FlowScript()
    script.at(0.0).sees(out(3, b"def"), out(0, b"abc"), out(6, b"g"))
    assert the_talk(script).orig == (b"abcdefg",)


def test_a_cut_capture_ends_the_stream_where_bytes_are_missing() -> None:
    script = opened()
    script.at(0.1).sees(dataclasses.replace(out(0, b"abc"), payload_wire=1000), out(1000, b"x"))
    assert the_talk(script).orig == (b"abc",)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_a_post_quantum_hello_in_two_segments_nothing_behind_it_is_kept(
    order: tuple[int, int],
) -> None:
    hello = client_hello(1795)
    stream = hello + b"early data" * 50
    parts = [(0, stream[:1400]), (1400, stream[1400:])]
    script = opened()
    script.at(0.1).sees(*(out(*parts[i]) for i in order))
    assert the_talk(script).orig == (hello,)


def test_a_hello_in_several_records_is_kept_whole() -> None:
    hello = client_hello(600, records=3)
    script = opened()
    script.at(0.1).sees(out(0, hello))
    assert the_talk(script).orig == (hello,)


def test_a_tls_conversation_goes_when_the_hello_and_the_responders_budget_are_here() -> None:
    script = opened(tcp_resp_bytes=100)
    script.at(0.1).sees(out(0, client_hello(200)), out(209, b"application data"))
    assert script.talks == []
    script.at(0.2).sees(back(0, b"s" * 150))
    talk = script.talk()
    assert (talk.orig, talk.resp) == ((client_hello(200),), (b"s" * 100,))


def test_the_number_of_segments_is_bounded() -> None:
    script = opened(tcp_segments=16)
    script.at(0.1).sees(*(out(i, b"x") for i in range(40)))
    assert the_talk(script).orig == (b"x" * 16,)


def test_a_repeated_segment_costs_nothing_of_the_budget() -> None:
    script = opened(tcp_segments=2)
    script.at(0.1).sees(out(0, b"ab"), out(0, b"ab"), out(0, b"ab"), out(2, b"cd"))
    assert the_talk(script).orig == (b"abcd",)


def test_a_flow_that_ends_hands_on_its_conversation_in_the_same_step() -> None:
    script = FlowScript(udp_idle_s=2, window_s=5)
    script.at(0.0).sees(udp(CAMERA, 5000, CLOUD, 9, b"hello"))
    script.at(4.0).passes()
    assert (len(script.ended), len(script.talks)) == (1, 1)
