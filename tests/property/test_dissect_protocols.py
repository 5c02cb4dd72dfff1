"""Properties that every camera and network dissector has, whatever the bytes."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.dissect.base import TCP, UDP, Dissector
from monitor.dissect.registry import Registry, shipped
from monitor.model.facts import Conversation, Dissection
from tests.support.payloads_net import NET_SAMPLES
from tests.support.payloads_p2p import P2P_SAMPLES

SAMPLES = P2P_SAMPLES + NET_SAMPLES
DISSECTORS = shipped()
REGISTRY = Registry(DISSECTORS)
SAME_FORM = {"llmnr": {"dns"}}
"""Dissectors that rightly see their form in another's message; the port decides between them."""

SERVICES = frozenset(service for service, _ in SAMPLES)
OURS = tuple(d for d in DISSECTORS if d.service in SERVICES)


def _answers(conversation: Conversation) -> dict[str, Dissection]:
    """Ask every dissector of the transport, whatever its first bytes: each must stand alone."""
    return {
        d.service: answer
        for d in DISSECTORS
        if conversation.protocol in d.transports and (answer := d.dissect(conversation)) is not None
    }


def _ids() -> list[str]:
    return [f"{service}-{at}" for at, (service, _) in enumerate(SAMPLES)]


@pytest.mark.parametrize(("service", "conversation"), SAMPLES, ids=_ids())
def test_each_sample_is_claimed_by_its_own_dissector_alone(
    service: str, conversation: Conversation
) -> None:
    assert set(_answers(conversation)) - SAME_FORM.get(service, set()) == {service}


@pytest.mark.parametrize(("service", "conversation"), SAMPLES, ids=_ids())
def test_the_registry_picks_it(service: str, conversation: Conversation) -> None:
    assert REGISTRY.dissect(conversation).service == service


@pytest.mark.parametrize(("service", "conversation"), SAMPLES, ids=_ids())
def test_the_declared_first_bytes_hold_the_sample(service: str, conversation: Conversation) -> None:
    first = (conversation.orig_first or conversation.resp_first)[0]
    assert any(
        first in d.first_bytes and conversation.protocol in d.transports
        for d in DISSECTORS
        if d.service == service
    )


@pytest.mark.parametrize(("service", "conversation"), SAMPLES, ids=_ids())
def test_facts_are_declared_printable_and_short(service: str, conversation: Conversation) -> None:
    answer = _answers(conversation)[service]
    declared = {kind.kind for d in DISSECTORS if d.service == service for kind in d.facts}
    for fact in answer.facts:
        assert fact.kind in declared
        assert fact.value
        assert fact.value.isprintable()
        assert len(fact.value) <= 200


def _with_first(conversation: Conversation, piece: bytes) -> Conversation:
    if conversation.orig:
        orig, resp = (piece, *conversation.orig[1:]), conversation.resp
    else:
        orig, resp = (), (piece, *conversation.resp[1:])
    return Conversation(
        conversation.protocol, conversation.orig_port, conversation.resp_port, orig, resp
    )


@pytest.mark.parametrize(("service", "conversation"), SAMPLES, ids=_ids())
def test_no_cut_of_the_first_piece_raises(service: str, conversation: Conversation) -> None:
    own = [d for d in DISSECTORS if d.service == service]
    piece = conversation.orig_first or conversation.resp_first
    for end in range(len(piece)):
        cut = _with_first(conversation, piece[:end])
        for dissector in own:
            dissector.dissect(cut)
        only = Conversation(cut.protocol, 1, cut.resp_port, (), (piece[:end],))
        for dissector in own:
            dissector.dissect(only)


@pytest.mark.parametrize(("service", "conversation"), SAMPLES, ids=_ids())
def test_no_changed_byte_raises(service: str, conversation: Conversation) -> None:
    own = [d for d in DISSECTORS if d.service == service]
    pieces = conversation.orig + conversation.resp
    for at, piece in enumerate(pieces):
        for place in range(min(len(piece), 100)):
            for value in (0x00, 0x01, 0x7F, 0x80, 0xFF, piece[place] ^ 0x20):
                changed = piece[:place] + bytes([value]) + piece[place + 1 :]
                new = (*pieces[:at], changed, *pieces[at + 1 :])
                split = len(conversation.orig)
                mutant = Conversation(
                    conversation.protocol, 1, conversation.resp_port, new[:split], new[split:]
                )
                for dissector in own:
                    dissector.dissect(mutant)


_pieces = st.lists(st.binary(max_size=300), max_size=5).map(tuple)


@settings(max_examples=150, deadline=None)
@given(
    protocol=st.sampled_from((TCP, UDP)),
    port=st.sampled_from(sorted({p for d in OURS for p in d.ports})) | st.integers(0, 65535),
    orig=_pieces,
    resp=_pieces,
)
def test_no_bytes_raise(
    protocol: int, port: int, orig: tuple[bytes, ...], resp: tuple[bytes, ...]
) -> None:
    _answers(Conversation(protocol, 40000, port, orig, resp))


@pytest.mark.parametrize("dissector", OURS, ids=lambda d: d.service)
def test_chance_does_not_pass(dissector: Dissector) -> None:
    chance = random.Random(20261123)  # noqa: S311 - repeatable test data, not a secret
    first = sorted(dissector.first_bytes)
    ports = sorted(dissector.ports) or [40001]
    hits = 0
    for _ in range(1500):
        size = chance.choice((4, 8, 12, 16, 20, 21, 24, 32, 40, 48, 52, 64, 92, 148, 200, 548))
        piece = bytes([chance.choice(first)]) + chance.randbytes(size - 1)
        for protocol in dissector.transports:
            conversation = Conversation(protocol, 40000, chance.choice(ports), (piece,), ())
            hits += dissector.dissect(conversation) is not None
    assert hits == 0
