"""What people ask of the outbox, on both databases."""

from monitor.store import outbox_lists
from monitor.store.outbox import Failure, Outbox, Outgoing
from tests.support.told import T0

S = 1_000_000_000
LEASE = 90 * S


def _item(number: int, alert: str = "", target: str = "soc") -> Outgoing:
    return Outgoing(f"msg_{number}", target, "camwatch.alert.opened", alert, "{}", T0)


def test_dead_messages_are_listed_and_sent_again_with_their_ids(store_url: str) -> None:
    outbox = Outbox.open(store_url)
    outbox.enqueue([_item(1), _item(2)], T0)
    for _ in range(2):
        (leased,) = outbox.lease("soc", T0, lease_ns=LEASE, limit=1)
        outbox.fail("soc", Failure("it answered 500", 500, {leased.id: None}), T0)
    with outbox.writing() as connection:
        listed = outbox_lists.dead(connection)
        assert [(m.message_id, m.attempts, m.status, m.error) for m in listed] == [
            ("msg_2", 1, 500, "it answered 500"),
            ("msg_1", 1, 500, "it answered 500"),
        ]
        assert outbox_lists.dead(connection, "siem") == []
        assert outbox_lists.resend(connection, T0 + S, ids=[listed[0].id]) == 1
    (leased,) = outbox.lease("soc", T0 + S, lease_ns=LEASE, limit=9)
    assert (leased.message_id, leased.attempts) == ("msg_2", 0)
    outbox.close()


def test_an_alert_knows_what_became_of_its_messages(store_url: str) -> None:
    outbox = Outbox.open(store_url)
    outbox.enqueue([_item(1, "a"), _item(2, "b"), _item(1, "a", target="siem")], T0)
    with outbox.reading() as connection:
        listed = outbox_lists.of_alert(connection, "a")
    outbox.close()
    assert [(m.target, m.message_id, m.state) for m in listed] == [
        ("soc", "msg_1", "pending"),
        ("siem", "msg_1", "pending"),
    ]
