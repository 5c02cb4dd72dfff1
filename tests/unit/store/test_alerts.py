"""Alerts in both databases."""

from sqlalchemy import select, text

from monitor.model.alerts import AlertChange, AlertEvent, AlertState, Silence, Subject
from monitor.model.learnt import Update
from monitor.store import alerts
from monitor.store.alert_tables import ALERT_EVENTS, ALERTS, SILENCES, UPDATES
from monitor.store.live import LiveStore, Step
from tests.support import stores
from tests.support.alerts import alert

NOW = 1_794_211_200_000_000_000


def opened(**changes: object) -> AlertEvent:
    return AlertEvent(alert(**changes), AlertChange.OPENED, NOW)


def commit(store: LiveStore, *events: AlertEvent, now_ns: int = NOW) -> None:
    store.commit(Step(now_ns=now_ns, writes=[lambda c: alerts.write(c, store.run_no, events)]))


def test_an_open_alert_comes_back_as_it_was_and_a_resolved_one_does_not(store_url: str) -> None:
    store = LiveStore.open(store_url, "gate-1", version="1", started_ns=NOW)
    quiet = Subject("10.20.3.12", is_quiet=True)
    kept = alert(subjects=(*alert().subjects, quiet), title="na\u00efve \u2713", times=2**40)
    commit(store, AlertEvent(kept, AlertChange.OPENED, NOW), opened(id="b" * 32))
    assert store.read(lambda c: alerts.load_open(c, "gate-1")) == [kept, alert(id="b" * 32)]
    done = kept._replace(state=AlertState.RESOLVED, resolved_ns=NOW + 9)
    commit(store, AlertEvent(done, AlertChange.RESOLVED, NOW + 9))
    assert store.read(lambda c: alerts.load_open(c, "gate-1")) == [alert(id="b" * 32)]
    assert store.read(lambda c: alerts.load_open(c, "gate-2")) == []
    store.close()


def test_the_last_state_of_a_step_counts_and_each_message_has_a_line_of_history(
    store_url: str,
) -> None:
    store = LiveStore.open(store_url, "gate-1", version="1", started_ns=NOW)
    more = AlertEvent(alert(times=9, told=2), AlertChange.UPDATED, NOW + 1, "1 more camera")
    counted = AlertEvent(alert(times=10, told=2), None, NOW + 2)
    commit(store, opened(), more, counted)
    assert [row["times"] for row in stores.table(store_url, ALERTS)] == [10]
    history = stores.table(store_url, ALERT_EVENTS)
    assert [(row["kind"], row["at_ns"], row["text"]) for row in history] == [
        ("opened", NOW, ""),
        ("updated", NOW + 1, "1 more camera"),
    ]
    store.close()


def test_what_people_wrote_on_an_alert_stays_when_it_is_counted_on(store_url: str) -> None:
    store = LiveStore.open(store_url, "gate-1", version="1", started_ns=NOW)
    commit(store, opened())
    step = Step(
        now_ns=NOW,
        writes=[lambda c: c.execute(text("UPDATE alerts SET acknowledged_by = 'Ans'")).close()],
    )
    store.commit(step)
    commit(store, AlertEvent(alert(times=77), None, NOW + 1))
    (row,) = stores.table(store_url, ALERTS)
    assert (row["acknowledged_by"], row["times"]) == ("Ans", 77)
    store.close()


def test_fetched_firmware_is_kept_once_and_silences_are_read_until_they_end(
    store_url: str,
) -> None:
    store = LiveStore.open(store_url, "gate-1", version="1", started_ns=NOW)
    update = Update("00" * 8, "10.20.3.11", NOW, "dl.example.org", "/fw.bin\0", 32_000_000, "")
    silence = {
        "id": "c" * 32, "matches": {"rule": "scan"}, "author": "Ans", "reason": "known",
        "created_ns": NOW, "until_ns": NOW + 10,
    }  # fmt: skip
    step = Step(
        now_ns=NOW,
        writes=[
            lambda c: alerts.write_updates(c, store.run_no, [update, update]),
            lambda c: c.execute(SILENCES.insert(), [silence]).close(),
        ],
    )
    store.commit(step)
    (row,) = stores.table(store_url, UPDATES)
    assert (row["name"], row["url"], row["bytes"]) == (
        "dl.example.org",
        "/fw.bin\ufffd",
        32_000_000,
    )
    kept = Silence("c" * 32, {"rule": "scan"}, "Ans", "known", NOW, NOW + 10)
    assert store.read(lambda c: alerts.load_silences(c, NOW + 9)) == [kept]
    assert store.read(lambda c: alerts.load_silences(c, NOW + 10)) == []
    assert store.read(lambda c: list(c.execute(select(ALERTS.c.id)))) == []
    store.close()
