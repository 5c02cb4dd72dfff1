from monitor.model.words import Purpose
from monitor.policy.engine import Engine
from monitor.policy.load import shipped_rules
from monitor.policy.talks import JUDGED_NS
from tests.support.batches import batch_of
from tests.support.flow_records import destination, flow, verdict

DAY_NS = 86_400 * 10**9


def test_a_first_contact_is_told_a_quarter_of_an_hour_later_with_flow_and_name() -> None:
    engine = Engine(shipped_rules(), "gate-1")
    events = []
    for day in range(10):
        engine.take(batch_of([flow(start_ns=day * DAY_NS, end_ns=day * DAY_NS)]), day * DAY_NS)
    at = 10 * DAY_NS
    to = destination(operator="Stranger", name="s.example.net")
    made = flow(start_ns=at, end_ns=at, destination=to)
    events += engine.take(batch_of([made]), at)
    assert engine.tick(at + JUDGED_NS - 1) == []
    (event,) = engine.tick(at + JUDGED_NS)
    alert = event.alert
    assert (alert.rule, alert.operator, alert.destinations) == (
        "new-operator", "Stranger", ("s.example.net",),
    )  # fmt: skip
    assert alert.flow_ids == ("00000000000000aa",)
    assert alert.subjects[0].vlan == 20


def test_fetched_firmware_is_listed_once() -> None:
    engine = Engine(shipped_rules(), "gate-1")
    side = flow().resp._replace(bytes=20_000_000)
    made = flow(verdict=verdict(Purpose.FIRMWARE_DOWNLOAD), resp=side)
    engine.take(batch_of([made]), made.end_ns)
    (update,) = engine.updates()
    assert (update.name, update.bytes) == ("api.example.org", 20_000_000)
    assert engine.updates() == []


def test_what_was_learnt_is_given_as_rows_and_taken_back() -> None:
    engine = Engine(shipped_rules(), "gate-1")
    engine.take(batch_of([flow()]), flow().end_ns)
    engine.tick(flow().end_ns + 2 * JUDGED_NS)
    rows = engine.dirty()
    assert {row.kind for row in rows} == {
        "events", "first-new-operator", "first-new-country", "purposes-purpose-changed",
    }  # fmt: skip
    other = Engine(shipped_rules(), "gate-1")
    other.restore(rows, [], 0)
    assert other.dirty() == []
    assert (other.forgotten, other.open_alerts) == (0, ())
