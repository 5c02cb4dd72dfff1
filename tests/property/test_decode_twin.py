"""The decode stage agrees with its slow twin, for any bytes, and for any split of a batch."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.decode import Decoder
from monitor.model.arrays import columns_of
from monitor.model.frames import FrameBatch
from monitor.model.packets import PacketBatch, QuoteBatch
from monitor.model.words import Stop
from tests.support.decode_compare import assert_same_as_twin
from tests.support.decode_corpus import corpus
from tests.support.frames import frames, part

DECODER = Decoder(max_frames=64)
LINK_TYPES = [0, 1, 9, 12, 14, 50, 51, 101, 104, 108, 113, 127, 228, 229, 276]
TELLING = st.sampled_from(
    [0x00, 0x01, 0x03, 0x04, 0x06, 0x08, 0x11, 0x2C, 0x2F, 0x33, 0x3C, 0x45, 0x46, 0x60, 0x81, 0xFF]
)

Captured = tuple[int, bytes, int, int]
"""Link type, bytes, length on the wire, tag that the kernel took out."""


def on_the_wire(draw: st.DrawFn, content: bytes) -> int:
    return max(0, len(content) + draw(st.sampled_from([0, 0, 0, 4, 1000, -3, 2**32 - 70000])))


@st.composite
def any_frame(draw: st.DrawFn) -> Captured:
    content = draw(st.binary(max_size=90))
    tci = draw(st.sampled_from([-1, -1, 0, 0xA014]))
    return draw(st.sampled_from(LINK_TYPES)), content, on_the_wire(draw, content), tci


@st.composite
def real_frame(draw: st.DrawFn) -> Captured:
    """A frame of the corpus with a few bytes changed, put in or taken out, and perhaps cut."""
    link_type, whole = draw(st.sampled_from(sorted(corpus().values())))
    content = bytearray(whole)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, min(len(content), 130)))
        size = draw(st.sampled_from([0, 1, 1, 1, 2, 4]))
        content[at : at + size] = bytes(draw(st.lists(TELLING, min_size=1, max_size=4)))
    if draw(st.booleans()):
        del content[draw(st.integers(0, len(content))) :]
    tci = draw(st.sampled_from([-1, -1, 0, 0xA014]))
    return link_type, bytes(content), on_the_wire(draw, bytes(content)), tci


def batch_of(captured: list[Captured]) -> FrameBatch:
    return frames(
        [content for _, content, _, _ in captured],
        link_type=[link_type for link_type, _, _, _ in captured],
        wire_len=[wire_len for _, _, wire_len, _ in captured],
        vlan_tci=[tci for _, _, _, tci in captured],
    )


def check(captured: list[Captured]) -> None:
    batch = batch_of(captured)
    packets, counts = DECODER.decode(batch)
    assert counts.frames == len(captured) == counts.packets + counts.stopped.sum()
    assert counts.stopped.tolist()[1:] == [int((packets.stop == n).sum()) for n in list(Stop)[1:]]
    assert counts.stopped[0] == 0
    assert_same_as_twin(batch, packets)


@settings(max_examples=300, deadline=None)
@given(st.lists(any_frame(), max_size=8))
def test_any_bytes_of_any_link_type_give_what_the_twin_gives(captured: list[Captured]) -> None:
    check(captured)


@settings(max_examples=500, deadline=None)
@given(st.lists(real_frame(), min_size=1, max_size=8))
def test_changed_frames_give_what_the_twin_gives(captured: list[Captured]) -> None:
    check(captured)


def test_the_whole_corpus_gives_what_the_twin_gives() -> None:
    check([(link_type, content, len(content), -1) for link_type, content in corpus().values()])


@pytest.mark.parametrize("name", ["vlan/tcp4", "erspan3-sub/chain6", "geneve/unreachable6", "sll2"])
def test_every_truncation_gives_what_the_twin_gives(name: str) -> None:
    link_type, whole = corpus()[name]
    check([(link_type, whole[:size], len(whole), -1) for size in range(len(whole) + 1)])


@settings(max_examples=100, deadline=None)
@given(st.lists(real_frame(), min_size=2, max_size=10), st.data())
def test_any_split_of_a_batch_gives_the_same_rows(
    captured: list[Captured], data: st.DataObject
) -> None:
    batch = batch_of(captured)
    middle = data.draw(st.integers(0, len(captured)))
    whole, _ = Decoder(4).decode(batch)
    left, _ = Decoder(4).decode(part(batch, 0, middle))
    right, _ = Decoder(4).decode(part(batch, middle, len(captured)))
    for name in columns_of(PacketBatch):
        both = np.concatenate([getattr(left, name), getattr(right, name)])
        assert both.tolist() == getattr(whole, name).tolist(), name
    shifted = dataclasses.replace(right.quotes, row=right.quotes.row + middle)
    for name in columns_of(QuoteBatch):
        both = np.concatenate([getattr(left.quotes, name), getattr(shifted, name)])
        assert both.tolist() == getattr(whole.quotes, name).tolist(), name
