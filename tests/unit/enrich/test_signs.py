"""What was gathered, and its bounds."""

import pickle
from collections.abc import Callable

import pytest

from monitor.enrich import signs as module
from monitor.enrich.signs import Signs
from monitor.model.records import Signal

PAIR = ("10.0.0.5", 7)


def sign(number: int, weight: float = 0.5) -> Signal:
    return Signal("x", str(number), "maker=A", weight, "a test")


def test_the_strongest_signals_are_kept_whatever_comes_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MAX_SIGNALS", 2)
    many = [sign(1, 0.1), sign(2, 0.9), sign(3, 0.5), sign(4, 0.5)]
    forward, backward = Signs(), Signs()
    forward.add_signals(PAIR, many)
    backward.add_signals(PAIR, reversed(many))
    assert set(forward.evidence[PAIR]) == {sign(2, 0.9), sign(3, 0.5)}
    assert set(backward.evidence[PAIR]) == {sign(2, 0.9), sign(3, 0.5)}


def test_a_change_is_told_and_what_is_known_already_is_none() -> None:
    signs = Signs()
    steps: tuple[Callable[[], None], ...] = (
        lambda: signs.add_pair(PAIR),
        lambda: signs.add_router(9),
        lambda: signs.add_signals(PAIR, [sign(1)]),
        lambda: signs.add_lease("10.0.0.5", 7),
        lambda: signs.add_unrelated(PAIR, "example.com", 3),
    )
    for step in steps:
        for is_news in (True, False):
            signs.is_changed = False
            step()
            assert signs.is_changed is is_news


def test_every_table_is_bounded_and_counts_what_it_turns_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MAX_DEVICES", 1)
    signs = Signs()
    for number in range(3):
        pair = (f"10.0.0.{number}", number)
        signs.add_pair(pair)
        signs.add_signals(pair, [sign(number)])
        signs.add_lease(pair[0], number)
        signs.add_unrelated(pair, "example.com", 3)
        signs.add_router(number)
    assert [len(signs.pairs), len(signs.evidence), len(signs.leases)] == [1, 1, 1]
    assert [len(signs.unrelated), len(signs.routers)] == [1, 1]
    assert signs.overflow == 2 * 4


def test_no_more_is_kept_than_decides() -> None:
    signs = Signs()
    for number in range(5):
        signs.add_unrelated(PAIR, f"{number}.example", 3)
        signs.add_lease("10.0.0.5", number)
    assert len(signs.unrelated[PAIR]) == 3
    assert len(signs.leases["10.0.0.5"]) == 2


def test_shares_cross_from_process_to_process_and_merge() -> None:
    one, two = Signs(), Signs()
    one.add_signals(PAIR, [sign(1)])
    one.add_unrelated(PAIR, "a.example", 10)
    two.add_pair(PAIR)
    two.add_signals(PAIR, [sign(2)])
    two.add_unrelated(PAIR, "b.example", 10)
    two.add_router(3)
    two.add_lease("10.0.0.5", 7)
    two.overflow = 4
    one.merge(pickle.loads(pickle.dumps(two)))  # noqa: S301 - made here
    assert one.pairs == {PAIR: None}
    assert one.evidence == {PAIR: {sign(1): None, sign(2): None}}
    assert one.unrelated == {PAIR: {"a.example", "b.example"}}
    assert (one.routers, one.leases, one.overflow) == ({3}, {"10.0.0.5": {7}}, 4)
