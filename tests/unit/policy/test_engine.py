from monitor.model.alerts import AlertChange
from monitor.model.rows import no_rows
from monitor.model.words import Purpose
from monitor.policy.engine import Engine
from monitor.policy.load import shipped_rules
from monitor.policy.status import Status
from tests.support.batches import batch_of
from tests.support.flow_records import CAMERA, flow, verdict

NOW = 1_700_000_010_000_000_000


def engine() -> Engine:
    return Engine(shipped_rules(), "gate-1", names={"10.20.3.11": "Gate"})


def test_a_flow_opens_the_alert_of_its_rule_and_names_the_camera() -> None:
    batch = batch_of(
        flow(verdict=verdict(Purpose.P2P_RENDEZVOUS), camera=camera)
        for camera in (CAMERA, CAMERA._replace(ip="10.20.3.12", mac=""))
    )
    (event,) = engine().take(batch, NOW)
    assert event.change is AlertChange.OPENED
    alert = event.alert
    assert (alert.rule, alert.operator, alert.operator_country) == ("p2p-active", "Example", "CN")
    assert [s.name for s in alert.subjects] == ["Gate", ""]
    assert (alert.times, alert.opened_ns, alert.runbook) == (2, NOW, "docs/rules/p2p-active.md")


def test_nothing_is_said_of_no_flows_and_of_flows_that_no_rule_is_about() -> None:
    made = engine()
    assert made.take(no_rows(), NOW) == []
    assert made.take(batch_of([flow(verdict=verdict(Purpose.USER_SERVICE))]), NOW) == []
    assert made.counts.hits == 0


def test_a_look_at_the_sensor_opens_and_resolves() -> None:
    made = engine()
    (opened,) = made.tick(NOW, Status(databases={"country": 0}))
    assert made.tick(NOW + 1, Status(databases={"country": 0}))[0].change is None
    (resolved,) = made.tick(NOW + 2, Status(databases={"country": NOW}))
    assert (opened.alert.rule, opened.change) == ("geo-old", AlertChange.OPENED)
    assert resolved.change is AlertChange.RESOLVED


def test_another_inventory_gives_other_names() -> None:
    made = engine()
    made.rename({"10.20.3.11": "Back door"})
    (event,) = made.take(batch_of([flow(verdict=verdict(Purpose.SCAN))]), NOW)
    assert event.alert.subjects[0].name == "Back door"
