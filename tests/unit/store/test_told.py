"""What is told again, on both databases."""

from monitor.model.alerts import AlertChange, AlertEvent
from monitor.store import alerts, retention, told
from monitor.store.outbox import DAY_NS, Outbox, Outgoing
from tests.support.told import T0, alert, resolved


def _deliver(outbox: Outbox, number: int, alert_id: str, target: str = "am") -> None:
    item = Outgoing(
        f"msg_{number}", target, "camwatch.alert.opened", alert_id, f"body {number}", T0
    )
    outbox.enqueue([item], T0)
    (leased,) = outbox.lease(target, T0, lease_ns=1, limit=1)
    outbox.settle(target, [leased.id], T0, 200)


def test_the_last_message_of_each_open_alert_is_told_again(store_url: str) -> None:
    outbox = Outbox.open(store_url)
    first, second, third = alert(1), resolved(alert(2), T0 + 1), alert(3)
    with outbox.writing() as connection:
        events = [AlertEvent(one, AlertChange.OPENED, T0) for one in (first, second, third)]
        alerts.write(connection, 1, events)
    for number, one in enumerate((first, second, first)):
        _deliver(outbox, number, one.id)
    _deliver(outbox, 9, third.id, "other")
    with outbox.reading() as connection:
        assert told.bodies(connection, "am") == ["body 2"]
    # A month later it is still known that the target was told of what is open.
    with outbox.writing() as connection:
        removed = {
            table: work(connection)
            for table, work in retention.works(retention.Retention(), T0 + 31 * DAY_NS)
        }
        assert removed["deliveries"] == 1
        assert told.bodies(connection, "am") == ["body 2"]
    outbox.close()
