from typing import Any

from monitor.model.alerts import AlertChange, AlertEvent, AlertState, Silence, Subject
from monitor.policy.book import GRACE_NS, MOST_EVIDENCE, UPDATE_EVERY_NS, Book, Hit
from monitor.policy.cover import Cover
from monitor.policy.load import shipped_rules
from monitor.policy.rule import DAY_NS

RULES = {rule.id: rule for rule in shipped_rules()}
SECOND = 10**9
MINUTE = 60 * SECOND


class Script:
    """Hits and the passing of time, told as what the book says."""

    def __init__(self, *silences: Silence) -> None:
        self.cover = Cover()
        self.cover.silence(silences)
        self.book = Book(shipped_rules(), "gate-1", self.cover)
        self.events: list[AlertEvent] = []

    def hit(self, now_ns: int, *cameras: int, rule: str = "media-leaving", **more: Any) -> None:
        hits = [
            Hit(RULES[rule], ("Hikvision",), Subject(f"10.20.3.{n}"), now_ns, **more)
            for n in cameras
        ]
        self.book.add(hits, now_ns)
        self.at(now_ns)

    def at(self, now_ns: int) -> None:
        self.events += self.book.settle(now_ns)

    def told(self) -> list[tuple[str, int, str]]:
        return [(str(e.change), e.at_ns, e.text) for e in self.events if e.change is not None]


def test_forty_cameras_that_do_one_thing_are_one_alert_that_names_forty() -> None:
    script = Script()
    for n in range(40):
        script.hit(n * SECOND, n)
    script.at(UPDATE_EVERY_NS)
    assert script.told() == [("opened", 0, ""), ("updated", UPDATE_EVERY_NS, "39 more cameras")]
    assert len(script.events[-1].alert.subjects) == 40
    assert len({event.alert.id for event in script.events}) == 1


def test_what_goes_on_is_counted_and_not_sent_again() -> None:
    script = Script()
    for minute in range(60):
        script.hit(minute * MINUTE, 11, times=3)
    assert script.told() == [("opened", 0, "")]
    assert script.events[-1].alert.times == 180
    assert (script.book.counts.hits, script.book.counts.opened, script.book.counts.repeated) == (
        60, 1, 59,
    )  # fmt: skip


def test_an_alert_is_resolved_when_nothing_shows_it_and_then_opens_anew_with_the_same_fingerprint() -> (
    None
):
    script = Script()
    script.hit(0, 11)
    script.at(DAY_NS)
    assert script.told() == [("opened", 0, "")]
    script.at(DAY_NS + 1)
    script.hit(DAY_NS + 2, 11)
    assert [change for change, _, _ in script.told()] == ["opened", "resolved", "opened"]
    first, second = script.events[0].alert, script.events[-1].alert
    assert first.fingerprint == second.fingerprint
    assert first.id != second.id


def test_a_silenced_alert_is_kept_and_told_when_it_goes_on_after_the_silence() -> None:
    script = Script(Silence("s1", {"rule": "media-leaving"}, "Ans", "wanted", 0, 10 * MINUTE))
    script.hit(MINUTE, 11)
    assert script.told() == []
    assert [(e.change, e.silence) for e in script.events] == [(None, "silence s1")]
    script.at(11 * MINUTE)
    assert script.told() == []
    script.hit(12 * MINUTE, 11)
    assert script.told() == [("opened", 12 * MINUTE, "")]


def test_who_was_not_told_of_the_beginning_is_not_told_of_the_end() -> None:
    script = Script(Silence("s1", {"rule": "media-leaving"}, "Ans", "wanted", 0, 10 * MINUTE))
    script.hit(MINUTE, 11)
    script.at(2 * DAY_NS)
    assert script.told() == []
    assert script.events[-1].alert.state is AlertState.RESOLVED


def test_a_silence_of_one_camera_hides_no_other() -> None:
    script = Script(Silence("s1", {"camera": "10.20.3.11"}, "Ans", "wanted", 0, DAY_NS))
    script.hit(MINUTE, 11)
    script.hit(2 * MINUTE, 12)
    assert script.told() == [("opened", 2 * MINUTE, "")]
    alert = script.events[-1].alert
    assert [(s.ip, s.is_quiet) for s in alert.subjects] == [
        ("10.20.3.11", True),
        ("10.20.3.12", False),
    ]
    assert alert.told == 1


def test_a_camera_that_moves_to_another_address_is_still_one_camera() -> None:
    script = Script()
    mac = "44:19:b6:5e:20:a1"
    for ip in ("10.20.3.11", "10.20.3.99"):
        hit = Hit(RULES["media-leaving"], (), Subject(ip, mac), 0)
        script.book.add([hit], 0)
    script.at(0)
    (subject,) = script.events[-1].alert.subjects
    assert subject.ip == "10.20.3.99"


def test_after_a_start_nothing_is_resolved_before_it_could_be_seen_again() -> None:
    script = Script()
    script.hit(0, 11)
    later = Script()
    later.book.restore([script.events[-1].alert], 5 * DAY_NS)
    later.at(5 * DAY_NS + 1)
    assert later.told() == []
    later.hit(5 * DAY_NS + MINUTE, 11)
    later.at(5 * DAY_NS + GRACE_NS + 1)
    assert later.told() == []
    assert later.events[-1].alert.id == script.events[-1].alert.id
    other = Script()
    other.book.restore([script.events[-1].alert], 5 * DAY_NS)
    other.at(5 * DAY_NS + GRACE_NS + 1)
    assert [change for change, _, _ in other.told()] == ["resolved"]


def test_an_alert_of_a_rule_that_is_gone_is_resolved() -> None:
    script = Script()
    script.hit(0, 11)
    gone = Book([], "gate-1", Cover())
    gone.restore([script.events[-1].alert], MINUTE)
    (event,) = gone.settle(MINUTE)
    assert event.change is AlertChange.RESOLVED


def test_evidence_stays_within_its_bound() -> None:
    script = Script()
    for n in range(100):
        script.hit(n, 11, evidence=(("destination", str(n)),), destinations=(str(n),))
    alert = script.events[-1].alert
    assert len(alert.evidence) == MOST_EVIDENCE
    assert alert.destinations[0] == "0"


def test_what_the_sensor_shows_is_not_resolved_while_nobody_looks() -> None:
    script = Script()
    script.hit(0, 11, rule="coverage-lost")
    script.at(DAY_NS)
    assert script.told() == [("opened", 0, "")]
    script.events += script.book.settle(DAY_NS, is_status_known=True)
    assert [change for change, _, _ in script.told()] == ["opened", "resolved"]
