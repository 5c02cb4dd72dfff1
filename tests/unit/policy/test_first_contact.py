import pytest

from monitor.model.words import Confidence, Purpose
from monitor.policy.events import Events
from monitor.policy.first_contact import FirstContact
from monitor.policy.load import shipped_rules
from tests.support.policy_talks import DAY_NS, talk

RULES = {rule.id: rule for rule in shipped_rules()}


def settled(rule: str = "new-operator") -> tuple[FirstContact, Events]:
    events = Events()
    watch = FirstContact(RULES[rule], events)
    for day in range(10):
        for number in (1, 2, 3):
            assert watch.take(talk(day, number=number)) is None
    return watch, events


def test_a_company_is_told_the_first_time_after_learning_and_only_then() -> None:
    watch, _ = settled()
    assert watch.take(talk(10, operator="Other")) == (
        "first-contact", "Other: first time in 11 days (cloud-api)", "",
    )  # fmt: skip
    assert watch.take(talk(11, operator="Other")) is None
    assert watch.take(talk(11)) is None


def test_a_new_camera_learns_its_own_week() -> None:
    watch, _ = settled()
    assert watch.take(talk(10, number=9, operator="Other")) is None


def test_what_two_siblings_learnt_is_no_news_but_what_they_were_told_of_is() -> None:
    watch, _ = settled()
    for number in (8, 9):
        watch.take(talk(10, number=number, operator="Cloud"))
    assert watch.take(talk(12, operator="Cloud")) is None
    for number in (1, 2, 3):
        assert watch.take(talk(12, number=number, operator="Worm")) is not None


@pytest.mark.parametrize(
    ("purpose", "confidence", "is_told"),
    [
        (Purpose.PUSH, Confidence.HIGH, False),
        (Purpose.PUSH, Confidence.LOW, True),
        (Purpose.UNKNOWN, Confidence.HIGH, True),
        (Purpose.TUNNEL, Confidence.HIGH, True),
    ],
)
def test_the_first_start_shows_what_belongs_to_it_unless_it_is_doubtful(
    purpose: Purpose, confidence: Confidence, is_told: bool
) -> None:
    watch, events = settled()
    events.started("02:00:00:00:00:01", 18 * DAY_NS)
    made = talk(18, purpose, operator="Push", confidence=confidence)
    assert (watch.take(made) is not None) is is_told


def test_a_later_start_excuses_nothing() -> None:
    watch, events = settled()
    for day in (11, 12):
        events.started("02:00:00:00:00:01", day * DAY_NS)
    assert watch.take(talk(12, Purpose.PUSH, operator="Push")) is not None


def test_countries_are_watched_by_the_same_means_and_an_unknown_one_is_none() -> None:
    watch, _ = settled("new-country")
    assert watch.take(talk(10, country="")) is None
    found = watch.take(talk(10, country="RU"))
    assert found is not None
    assert found.value.startswith("RU: first time")


def test_what_was_learnt_survives_a_restart() -> None:
    before, events = settled()
    after = FirstContact(RULES["new-operator"], events)
    after.load(before.memory.dirty())
    assert after.take(talk(10)) is None
    assert after.take(talk(10, operator="Other")) is not None
