import dataclasses
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.flow import FlowSettings, FlowStage
from monitor.model.flows import FlowStep
from monitor.model.words import EndReason, Fragment
from tests.support.flow_twin import FlowTwin
from tests.support.flowscript import Talk, check_counts, flow_rows, talks
from tests.support.packets import (
    SECOND_NS,
    START_NS,
    Packet,
    Quote,
    icmp,
    packet_batch,
    tcp,
    udp,
    words_of,
)

MS = 1_000_000

CAMERA, CLOUD, OTHER = "10.0.0.2", "203.0.113.5", "203.0.113.6"
MS = 1_000_000
FLAGS = (2, 2, 18, 16, 16, 24, 17, 17, 4, 20)
ERRORS = ((3, 1), (3, 4), (11, 0), (5, 1))


def drawn(seed: int, most: int = 60) -> list[Packet]:
    """Return a capture of few flows in which everything happens often, from a seed.

    A strategy made of parts finds hardly any packet that answers another.
    """
    draw = random.Random(seed)  # noqa: S311 - test data, not a secret
    now, slow, double = START_NS, draw.choice([0, 0.05, 0.2]), draw.choice([0, 0, 0.1, 0.9])
    found: list[Packet] = []
    for _ in range(draw.randrange(2, most)):
        now += step_ns(draw, slow)
        packet = dataclasses.replace(one(draw), ts_ns=now)
        found.append(packet)
        while draw.random() < double / 2:
            now += draw.choice([0, 0, 1000])
            vlan = draw.choice([packet.vlan] * 8 + [20])
            found.append(dataclasses.replace(packet, ts_ns=now, vlan=vlan))
    return [dataclasses.replace(packet, frame_no=i) for i, packet in enumerate(found)]


def step_ns(draw: random.Random, slow: float) -> int:
    """Return the time to the next packet: often none, at times back, seldom beyond a timeout."""
    kind = draw.random()
    if kind < 0.2:
        return 0
    if kind < 0.6:
        return draw.randrange(2 * MS)
    if kind < 1 - slow:
        return draw.randrange(400 * MS)
    if kind < 0.99:
        return draw.choice([3, 5, 12, 31, 61, 100, 400]) * SECOND_NS + draw.randrange(2 * SECOND_NS)
    return -2 * MS


def one(draw: random.Random) -> Packet:
    """Return a packet between few ends."""
    ends = [(CAMERA, 5000), (CLOUD if draw.random() < 0.8 else OTHER, 53)]
    if draw.random() < 0.4:
        ends.reverse()
    (src, src_port), (dst, dst_port) = ends
    payload = draw.randbytes(draw.choice([0, 1, 2, 3]))
    more: dict[str, Any] = {
        "ident": draw.randrange(4),
        "vlan": 10 if draw.random() < 0.9 else 65535,
        "src_mac": draw.randrange(1, 3),
    }
    kind = draw.choice("uutttttteffffig")
    if kind == "t":
        flags, seq = draw.choice(FLAGS), draw.randrange(100, 107)
        return tcp(src, src_port, dst, dst_port, flags, payload, seq=seq, **more)
    if kind == "i":
        return icmp(src, dst, draw.choice([8, 0, 9, 13, 10]), payload=payload, **more)
    if kind == "e":
        quote = Quote(
            src=dst,
            dst=src,
            src_port=dst_port,
            dst_port=src_port,
            protocol=draw.choice([6, 17]),
        )
        return icmp(src, dst, *draw.choice(ERRORS), quote=quote, **more)
    if kind == "g":
        return Packet(src=src, dst=dst, protocol=2, **more)
    if kind == "f":
        place = draw.randrange(3)
        more |= {"ident": draw.randrange(2), "place": place}
        if place:
            return Packet(
                src=src, dst=dst, protocol=17, payload=payload, fragment=Fragment.LATER, **more
            )
        more["fragment"] = Fragment.FIRST
    return udp(src, src_port, dst, dst_port, payload, **more)


def captures() -> st.SearchStrategy[list[Packet]]:
    """Return captures by seed: a failure names the seed."""
    return st.integers(0, 1 << 40).map(drawn)


def run(
    capture: Sequence[Packet], cuts: Sequence[int] = (), **options: Any
) -> tuple[list[FlowStep], FlowStage, list[int]]:
    stage = FlowStage(FlowSettings(**options))
    steps, messages, start = [], [], 0
    for stop in [*sorted(cuts), len(capture)]:
        step = stage.step(packet_batch(capture[start:stop]))
        messages += [start + int(row) for row in step.message_row]
        steps.append(step)
        check_counts(stage.counts)
        start = stop
    steps += stage.finish()
    return steps, stage, messages


def columns(steps: Sequence[FlowStep]) -> list[dict[str, Any]]:
    return [row for step in steps for row in flow_rows(step)]


def conversations(steps: Sequence[FlowStep]) -> list[Talk]:
    return [talk for step in steps for talk in talks(step)]


@settings(max_examples=150, deadline=None)
@given(captures(), st.booleans())
def test_records_and_conversations_are_those_of_the_plain_twin(
    capture: list[Packet], use_vlan: bool
) -> None:
    options: dict[str, Any] = {"use_vlan": use_vlan, "active_s": 20.0}
    twin = FlowTwin(FlowSettings(**options))
    for packet in capture:
        twin.see(packet)
    twin.finish()
    steps, stage, _ = run(capture, **options)
    got = columns(steps)
    for row in got:
        row["orig"] = (row["orig_hi"], row["orig_lo"])
        row["resp"] = (row["resp_hi"], row["resp_lo"])
    want = [
        row | {"orig": words_of(row["orig"]), "resp": words_of(row["resp"])} for row in twin.records
    ]
    order = ("flow_no", "part")
    got.sort(key=lambda row: tuple(row[name] for name in order))
    want.sort(key=lambda row: tuple(row[name] for name in order))
    assert [{name: row[name] for name in want[0]} for row in got] == want
    assert {t.flow_no: (t.orig, t.resp) for t in conversations(steps)} == twin.conversations
    assert stage.counts.fragments_lost == twin.lost


@settings(max_examples=100, deadline=None)
@given(captures(), st.lists(st.integers(0, 40), max_size=6))
def test_the_answer_is_the_same_however_packets_are_cut_into_batches(
    capture: list[Packet], cuts: list[int]
) -> None:
    whole, one, rows = run(capture)
    parts, two, rows_too = run(capture, [min(cut, len(capture)) for cut in cuts])
    assert columns(whole) == columns(parts)
    assert conversations(whole) == conversations(parts)
    assert rows == rows_too
    assert repr(one.counts) == repr(two.counts)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 60), st.integers(0, 2000), st.integers(0, 8 * SECOND_NS)),
        max_size=120,
    ),
    st.integers(0, 60),
    st.sampled_from([1, 2, 8, 20]),
)
def test_a_tiny_table_and_store_hold_their_bounds_and_lose_nothing_uncounted(
    script: list[tuple[int, int, int]], cut: int, max_flows: int
) -> None:
    now, capture = START_NS, []
    for port, size, step in script:
        now += step
        capture.append(
            dataclasses.replace(udp("10.0.0.2", port, "203.0.113.5", 9, size), ts_ns=now)
        )
    options: dict[str, Any] = {"max_flows": max_flows, "store_bytes": 1 << 16}
    whole, one, _ = run(capture, **options)
    parts, two, _ = run(capture, [min(cut, len(capture))], **options)
    assert columns(whole) == columns(parts)
    assert conversations(whole) == conversations(parts)
    assert repr(one.counts) == repr(two.counts)
    counts = one.counts
    assert counts.active == 0
    ended = columns(whole)
    assert sum(row["orig_pkts"] for row in ended) == counts.in_flows
    assert sum(row["orig_copies"] for row in ended) == counts.copies
    assert len(ended) == counts.opened + counts.parts
    assert int(np.sum(counts.ended)) == counts.opened
    if max_flows == 1:
        assert {row["end_reason"] for row in ended} <= {
            EndReason.IDLE,
            EndReason.FORCED,
            EndReason.NO_RESOURCES,
            EndReason.ACTIVE,
        }


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-3, 30), st.integers(1, 12)), min_size=1, max_size=14),
    st.booleans(),
    st.sampled_from([1000, 0xFFFF_FFF0]),
    st.randoms(use_true_random=False),
)
def test_a_stream_is_put_in_order_up_to_its_first_gap_and_first_bytes_stand(
    pieces: list[tuple[int, int]], has_syn: bool, base: int, draw: Any
) -> None:
    if not has_syn:
        lowest = pieces[0][0]
        pieces = [(max(at, lowest - 20), size) for at, size in pieces]
    capture = []
    if has_syn:
        capture.append(tcp("10.0.0.2", 5000, "203.0.113.5", 443, 2, seq=base - 1))
    contents = [(at, draw.randbytes(size)) for at, size in pieces]
    for at, content in contents:
        seq = (base + at) % (1 << 32)
        capture.append(tcp("10.0.0.2", 5000, "203.0.113.5", 443, 16, content, seq=seq))
    first: dict[int, int] = {}
    start = 0 if has_syn else min(at for at, _ in contents)
    if has_syn:
        # What lies wholly before the stream opens nothing; what opens it may be numbered from the
        # SYN itself, and the stream then begins there.
        while contents and contents[0][0] + len(contents[0][1]) <= 0:
            contents.pop(0)
        start = -1 if contents and contents[0][0] == -1 else 0
    for at, content in contents:
        for i, value in enumerate(content):
            first.setdefault(at + i - start, value)
    want = b""
    while len(want) in first:
        want += bytes([first[len(want)]])
    steps, _, _ = run(capture)
    got = conversations(steps)
    assert [talk.orig for talk in got] == ([(want,)] if want else [])
