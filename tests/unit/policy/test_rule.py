from monitor.language import Unit
from monitor.language.values import read_number
from monitor.policy.load import shipped_rules
from monitor.policy.rule import WATCHES


def test_every_watch_is_used_by_a_shipped_rule_and_its_defaults_can_be_read() -> None:
    assert {rule.watch for rule in shipped_rules()} - {""} == set(WATCHES)
    for watch in WATCHES.values():
        for name, setting in watch.settings.items():
            if setting.words:
                assert setting.default in setting.words
            else:
                assert read_number(setting.default, setting.unit, name, "5") > 0


def test_a_replay_evaluates_what_needs_no_weeks_and_no_sensor() -> None:
    live = {rule.id for rule in shipped_rules() if rule.is_live_only}
    assert live == {
        "new-operator", "new-country", "purpose-changed", "diagnostics-drift", "camera-unlisted",
        "restricted-maker", "maker-differs", "coverage-lost", "capture-loss", "geo-old",
    }  # fmt: skip


def test_text_says_what_it_means_and_what_to_do() -> None:
    rule = next(rule for rule in shipped_rules() if rule.id == "scan")
    assert rule.text == (
        "Cameras have no reason to. Take it off the network and look at its firmware."
    )
    assert rule.settings == {}
    spread = next(rule for rule in shipped_rules() if rule.id == "spread")
    assert spread.settings == {"hosts": 10, "within": 600 * 10**9}
    assert WATCHES["many-hosts"].settings["within"].unit is Unit.NANOSECONDS
