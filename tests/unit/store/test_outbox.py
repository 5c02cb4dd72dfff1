"""The outbox on both databases: order, leases, breaker, dead letters, bounds."""

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, func, select

from monitor.store import outbox as outboxes
from monitor.store import outbox_lists
from monitor.store.delivery_tables import DELIVERIES
from monitor.store.outbox import Failure, Outbox, Outgoing, TargetState
from tests.support.told import T0

S = 1_000_000_000
LEASE = 90 * S


@pytest.fixture
def outbox(store_url: str) -> Iterator[Outbox]:
    opened = Outbox.open(store_url)
    yield opened
    opened.close()


def _item(number: int, alert: str = "", target: str = "soc", **changes: object) -> Outgoing:
    made = Outgoing(f"msg_{number}", target, "camwatch.alert.opened", alert, "{}", T0)
    return made._replace(**changes)  # type: ignore[arg-type]  # any field


def _lease(outbox: Outbox, now_ns: int = T0, limit: int = 1, **more: bool) -> list[str]:
    return [m.message_id for m in outbox.lease("soc", now_ns, lease_ns=LEASE, limit=limit, **more)]


def test_a_message_is_written_once_for_each_target(outbox: Outbox) -> None:
    items = [_item(1), _item(2), _item(1, target="siem")]
    assert outbox.enqueue(items, T0) == 3
    assert outbox.enqueue(items, T0 + S) == 0
    with outbox.reading() as connection:
        tallies = outbox_lists.tallies(connection)
    assert tallies == {
        "soc": outbox_lists.Tally(pending=2, oldest_pending_ns=T0),
        "siem": outbox_lists.Tally(pending=1, oldest_pending_ns=T0),
    }


def test_what_is_leased_is_nobody_elses_until_the_lease_ends(outbox: Outbox) -> None:
    outbox.enqueue([_item(1)], T0)
    assert _lease(outbox) == ["msg_1"]
    assert _lease(outbox, T0 + LEASE - 1) == []
    assert _lease(outbox, T0 + LEASE) == ["msg_1"]


def test_what_was_acknowledged_is_not_given_out_again(outbox: Outbox) -> None:
    outbox.enqueue([_item(1)], T0)
    (leased,) = outbox.lease("soc", T0, lease_ns=LEASE, limit=1)
    outbox.settle("soc", [leased.id], T0 + S, 204)
    assert _lease(outbox, T0 + 10 * LEASE) == []
    assert outbox.target("soc") == TargetState(last_success_ns=T0 + S)


def test_a_failed_message_waits_and_others_go_first(outbox: Outbox) -> None:
    outbox.enqueue([_item(1), _item(2)], T0)
    (leased,) = outbox.lease("soc", T0, lease_ns=LEASE, limit=1)
    outbox.fail("soc", Failure("it answered 400", 400, {leased.id: T0 + 5 * S}), T0)
    assert outbox.target("soc") == TargetState(failures=1, last_error="it answered 400")
    assert _lease(outbox, T0 + 5 * S) == ["msg_2"]
    assert _lease(outbox, T0 + 5 * S) == ["msg_1"]


def test_messages_of_one_alert_keep_their_order(outbox: Outbox) -> None:
    outbox.enqueue([_item(1, "a"), _item(2, "a"), _item(3, "b")], T0)
    (first,) = outbox.lease("soc", T0, lease_ns=LEASE, limit=1)
    assert first.message_id == "msg_1"
    assert _lease(outbox) == ["msg_3"]
    assert _lease(outbox) == []
    outbox.fail("soc", Failure("no", None, {first.id: T0 + 9 * S}), T0)
    assert _lease(outbox, T0 + 8 * S) == []
    (first,) = outbox.lease("soc", T0 + 9 * S, lease_ns=LEASE, limit=1)
    outbox.settle("soc", [first.id], T0 + 9 * S, 200)
    assert _lease(outbox, T0 + 9 * S) == ["msg_2"]


def test_a_batch_takes_an_alerts_messages_together_but_none_past_one_that_waits(
    outbox: Outbox,
) -> None:
    outbox.enqueue([_item(1, "a", due_ns=T0 + S), _item(2, "a"), _item(3, "b")], T0)
    assert _lease(outbox, T0, limit=9, is_batch=True) == ["msg_3"]
    assert _lease(outbox, T0 + S, limit=9, is_batch=True) == ["msg_1", "msg_2"]


def test_times_of_a_clock_that_was_wrong_do_not_hold_a_message_for_ever(outbox: Outbox) -> None:
    later = T0 + 400 * outboxes.DAY_NS
    outbox.enqueue([_item(1, due_ns=later)], later)
    assert _lease(outbox, later) == ["msg_1"]
    assert _lease(outbox, T0) == ["msg_1"]


def test_success_after_the_breaker_was_open_makes_the_rest_due(outbox: Outbox) -> None:
    outbox.enqueue([_item(1), _item(2)], T0)
    first, second = (outbox.lease("soc", T0, lease_ns=LEASE, limit=1)[0] for _ in range(2))
    far = T0 + 20 * outboxes.HOUR_NS
    outbox.fail("soc", Failure("refused", None, {first.id: far, second.id: far}, T0 + 60 * S), T0)
    assert outbox.target("soc").open_until_ns == T0 + 60 * S
    assert _lease(outbox, T0 + 60 * S) == []
    outbox.enqueue([_item(3)], T0 + 60 * S)
    (third,) = outbox.lease("soc", T0 + 60 * S, lease_ns=LEASE, limit=1)
    outbox.settle("soc", [third.id], T0 + 61 * S, 200)
    assert _lease(outbox, T0 + 61 * S, limit=2) == ["msg_1", "msg_2"]


def test_a_heartbeat_takes_the_place_of_one_that_still_waits(outbox: Outbox) -> None:
    one, two, three = (_item(n, type="camwatch.heartbeat", is_replacing=True) for n in (2, 3, 4))
    outbox.enqueue([_item(1), one], T0)
    outbox.enqueue([two], T0 + S)
    assert _lease(outbox, T0 + S, limit=9) == ["msg_1", "msg_3"]
    outbox.enqueue([three], T0 + S)
    assert _lease(outbox, T0 + 2 * LEASE, limit=9) == ["msg_1", "msg_3", "msg_4"]


def test_what_is_too_old_is_given_up_whoever_it_was_for(outbox: Outbox) -> None:
    outbox.enqueue([_item(1), _item(2, target="removed")], T0)
    assert outbox.tidy("soc", T0 + outboxes.HORIZON_NS - 1) == 0
    assert outbox.tidy("soc", T0 + outboxes.HORIZON_NS) == 2
    with outbox.reading() as connection:
        assert {m.error for m in outbox_lists.dead(connection)} == {
            "it was not delivered in four days"
        }


def test_the_outbox_is_bounded_for_each_target(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outboxes, "PENDING_BOUND", 3)
    outbox.enqueue([_item(n) for n in range(5)] + [_item(9, target="siem")], T0)
    assert outbox.tidy("soc", T0) == 2
    assert _lease(outbox, limit=9) == ["msg_2", "msg_3", "msg_4"]


def test_an_alert_and_its_deliveries_commit_together_or_not_at_all(store_url: str) -> None:
    outbox = Outbox.open(store_url)

    def _broken_off() -> None:
        with outbox.writing() as connection:
            outboxes.enqueue(connection, [_item(1)], T0)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _broken_off()
    outbox.close()
    engine = create_engine(store_url)
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(DELIVERIES)).scalar() == 0
    engine.dispose()


def test_a_target_that_answered_a_test_is_on_again(outbox: Outbox) -> None:
    outbox.fail("soc", Failure("gone", 410, {}, T0 + S, is_gone=True), T0)
    assert outbox.target("soc").is_gone
    outbox.switch_on("soc")
    assert outbox.target("soc") == TargetState()
