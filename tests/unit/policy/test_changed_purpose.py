from monitor.model.words import Purpose
from monitor.policy.changed_purpose import ChangedPurpose
from monitor.policy.load import shipped_rules
from tests.support.policy_talks import talk

RULE = next(rule for rule in shipped_rules() if rule.id == "purpose-changed")


def settled() -> ChangedPurpose:
    watch = ChangedPurpose(RULE)
    for day in range(20):
        assert watch.take(talk(day, Purpose.UPDATE_CHECK)) is None
    return watch


def test_another_purpose_is_told_when_three_flows_show_it_and_only_once() -> None:
    watch = settled()
    told = [watch.take(talk(20 + n / 100, Purpose.DIAGNOSTICS)) for n in range(5)]
    assert [found is not None for found in told] == [False, False, True, False, False]
    assert told[2] is not None
    assert told[2].value == "api.example.org:443: update-check in 20 flows, now diagnostics"


def test_purposes_of_one_group_and_other_ports_and_no_names_are_no_change() -> None:
    watch = settled()
    for n in range(5):
        assert watch.take(talk(20, Purpose.FIRMWARE_DOWNLOAD, flows=9)) is None
        assert watch.take(talk(20, Purpose.DIAGNOSTICS, port=8443, flows=9)) is None
        assert watch.take(talk(20 + n, Purpose.DIAGNOSTICS, name="", flows=9)) is None


def test_what_was_learnt_survives_a_restart() -> None:
    after = ChangedPurpose(RULE)
    after.load(settled().memory.dirty())
    assert after.take(talk(20, Purpose.DIAGNOSTICS, flows=3)) is not None
