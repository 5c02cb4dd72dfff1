"""The loop's own decisions; what it does against real receivers stands in tests/service/test_delivery.py."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from monitor.config.notify import TargetSettings
from monitor.daemon.delivery import Courier, Delivery
from monitor.daemon.targets import Target, outgoing
from monitor.model.alerts import AlertChange, AlertEvent
from monitor.notify.message import Message
from monitor.notify.receipt import Receipt, Result
from monitor.store.outbox import Outbox
from tests.support.notified import until
from tests.support.told import T0, alert

S = 1_000_000_000


class Hand:
    """A target that answers as told, and keeps what it was given."""

    batch = 1
    refresh_s = 0.0

    def __init__(self, *answers: Receipt | Exception) -> None:
        self.answers = list(answers)
        self.given: list[str] = []

    def check(self) -> None:
        pass

    def send(self, messages: Sequence[Message], now_ns: int) -> Receipt:  # noqa: ARG002  # as every sender
        self.given += [message.type for message in messages]
        answer = self.answers.pop(0) if self.answers else Receipt(Result.DELIVERED)
        if isinstance(answer, Exception):
            raise answer
        return answer


def _target(hand: Hand, **settings: object) -> Target:
    values = {"name": "soc", "kind": "file", "path": "/dev/null", "heartbeat_s": 0} | settings
    return Target(TargetSettings.model_validate(values), hand)


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox.open(f"sqlite:///{tmp_path / 'camwatch.db'}")


def _put(outbox: Outbox, target: Target, number: int = 1) -> None:
    event = AlertEvent(alert(number), AlertChange.OPENED, T0)
    outbox.enqueue(outgoing([event], [target], T0), T0)


def test_a_sender_that_breaks_costs_a_try_and_not_the_loop(outbox: Outbox) -> None:
    target = _target(Hand(KeyError("a bug")))
    _put(outbox, target)
    courier = Courier(target, outbox, chance=lambda: 0.5)
    assert courier.step(T0, lambda: T0)
    assert outbox.target("soc").last_error == "a bug in camwatch; see its log"
    assert courier.step(T0 + 5 * S, lambda: T0 + 5 * S)
    assert courier.counts == (2, 1, 1, 0)
    outbox.close()


def test_after_five_failures_the_target_is_left_alone_and_then_tried_with_one_message(
    outbox: Outbox,
) -> None:
    hand = Hand(*[Receipt(Result.FAILED, "it answered 503", 503)] * 6)
    target = _target(hand)
    for number in range(1, 9):
        _put(outbox, target, number)
    courier = Courier(target, outbox, chance=lambda: 0.5)
    while courier.step(T0, lambda: T0):
        pass
    assert len(hand.given) == 5
    assert not courier.step(T0 + 60 * S - 1, lambda: T0)
    late = T0 + 60 * S
    assert courier.step(late, lambda: late)
    assert not courier.step(late, lambda: late)
    assert len(hand.given) == 6
    later = T0 + 180 * S
    while courier.step(later, lambda: later):
        pass
    assert courier.counts == (14, 8, 6, 0)
    outbox.close()


def test_heartbeats_come_at_the_start_and_at_their_interval(outbox: Outbox) -> None:
    hand = Hand()
    clock = [T0]
    delivery = Delivery(
        [_target(hand, heartbeat_s=300)],
        outbox,
        sensor="hall-1",
        now_ns=lambda: clock[0],
        facts=lambda: {"flows": 3},
        look_s=0.01,
    )
    delivery.start()
    until(lambda: len(hand.given) == 1, "the first heartbeat")
    clock[0] += 299 * S
    delivery.wake()
    clock[0] += 1 * S
    until(lambda: len(hand.given) == 2, "the second heartbeat")
    assert delivery.stop()
    assert hand.given == ["camwatch.heartbeat"] * 2
    assert delivery.counts()["soc"].delivered == 2
    outbox.close()


def test_a_bug_in_a_step_does_not_end_a_targets_thread(outbox: Outbox) -> None:
    hand, asked = Hand(), []

    def _facts() -> dict[str, int]:
        asked.append(1)
        if len(asked) == 1:
            raise KeyError("a bug")
        return {}

    delivery = Delivery(
        [_target(hand, heartbeat_s=300)],
        outbox,
        sensor="hall-1",
        now_ns=lambda: T0,
        facts=_facts,
        look_s=0.01,
    )
    delivery.start()
    until(lambda: hand.given == ["camwatch.heartbeat"], "a heartbeat after the failure")
    assert delivery.stop()
    outbox.close()
