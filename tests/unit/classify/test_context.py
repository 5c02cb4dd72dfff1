from collections.abc import Sized

from monitor.classify.context import BEFORE, TRIED, Recent
from monitor.model.records import FlowView, Verdict
from monitor.model.words import Confidence, Outcome, Protocol, Purpose

TCP = Protocol.TCP
SECOND = 10**9


def verdict(purpose: Purpose) -> Verdict:
    return Verdict(purpose, Confidence.HIGH, ())


def test_what_a_camera_did_before_is_told_newest_first_and_forgotten_in_time() -> None:
    recent = Recent()
    recent.note(FlowView(TCP), "cam", 0, verdict(Purpose.PUSH))
    recent.note(FlowView(TCP), "cam", SECOND, verdict(Purpose.UPDATE_CHECK))
    view = recent.with_context(FlowView(TCP), "cam", 2 * SECOND)
    assert view.before == (Purpose.UPDATE_CHECK, Purpose.PUSH)
    assert recent.with_context(FlowView(TCP), "cam", 601 * SECOND).before == (Purpose.UPDATE_CHECK,)
    assert recent.with_context(FlowView(TCP), "other", 2 * SECOND).before == ()


def test_siblings_are_flows_of_the_same_camera_and_destination() -> None:
    recent = Recent()
    there = FlowView(TCP, destination="203.0.113.1")
    recent.note(there, "cam", 0, verdict(Purpose.P2P_RENDEZVOUS))
    recent.note(there, "cam", 0, verdict(Purpose.P2P_RENDEZVOUS))
    assert recent.with_context(there, "cam", 0).siblings == (Purpose.P2P_RENDEZVOUS,)
    elsewhere = FlowView(TCP, destination="203.0.113.2")
    assert recent.with_context(elsewhere, "cam", 0).siblings == ()


def test_names_and_announcements_are_no_company() -> None:
    recent = Recent()
    for purpose in (Purpose.DNS, Purpose.NTP, Purpose.DISCOVERY, Purpose.UNKNOWN):
        recent.note(FlowView(TCP), "cam", 0, verdict(purpose))
    assert recent.with_context(FlowView(TCP), "cam", 0).before == ()


def test_vain_attempts_are_counted_by_port_and_by_host_and_forgotten_in_time() -> None:
    recent = Recent()
    for port in (1, 2, 2, 3):
        view = FlowView(TCP, resp_port=port, destination="198.51.100.1", outcome=Outcome.UNANSWERED)
        recent.note(view, "cam", 0, verdict(Purpose.UNKNOWN))
    asked = FlowView(TCP, resp_port=2, destination="198.51.100.1")
    view = recent.with_context(asked, "cam", SECOND)
    assert (view.ports_tried, view.hosts_tried) == (3, 1)
    assert recent.with_context(asked, "cam", 121 * SECOND).ports_tried == 0


def test_an_answered_flow_is_not_vain() -> None:
    recent = Recent()
    recent.note(FlowView(TCP, destination="x"), "cam", 0, verdict(Purpose.UNKNOWN))
    assert recent.with_context(FlowView(TCP, destination="x"), "cam", 0).ports_tried == 0


def test_every_table_has_a_bound_and_drops_the_oldest() -> None:
    recent = Recent(size=8)
    for number in range(100):
        view = FlowView(
            TCP,
            resp_port=number + 1,
            destination=f"h{number}",
            outcome=Outcome.UNANSWERED,
        )
        at_ns = number * 11 * SECOND
        recent.note(view, f"cam{number}", at_ns, verdict(Purpose.PUSH))
        recent.note(view._replace(destination="one"), "cam", at_ns, verdict(Purpose.PUSH))
    tables: tuple[Sized, ...] = (
        recent._before,
        recent._siblings,
        recent._ports,
        recent._hosts,
    )
    assert max(len(table) for table in tables) == 8
    one = recent._ports["cam", "one"]
    assert len(one) == TRIED
    assert 100 in one
    assert 1 not in one
    assert len(recent._before["cam"]) == BEFORE


def test_guesses_are_not_built_upon() -> None:
    recent = Recent()
    guess = Verdict(Purpose.MEDIA_RELAY, Confidence.LOW, ())
    recent.note(FlowView(TCP, destination="x"), "cam", 0, guess)
    assert recent.with_context(FlowView(TCP, destination="x"), "cam", 0).siblings == ()


def test_company_is_forgotten_after_an_hour() -> None:
    recent = Recent()
    there = FlowView(TCP, destination="203.0.113.1")
    recent.note(there, "cam", 0, verdict(Purpose.P2P_RENDEZVOUS))
    assert recent.with_context(there, "cam", 3600 * SECOND).siblings
    assert recent.with_context(there, "cam", 3601 * SECOND).siblings == ()


def test_repeats_within_ten_seconds_are_remembered_once() -> None:
    recent = Recent()
    for number in range(5):
        recent.note(FlowView(TCP, destination="x"), "cam", number, verdict(Purpose.PUSH))
    recent.note(FlowView(TCP, destination="x"), "cam", 11 * SECOND, verdict(Purpose.PUSH))
    view = recent.with_context(FlowView(TCP, destination="x"), "cam", 11 * SECOND)
    assert view.before == (Purpose.PUSH, Purpose.PUSH)


def test_a_friend_is_a_destination_with_which_the_camera_did_p2p() -> None:
    recent = Recent()
    recent.note_company("cam", "x", 0, Purpose.MEDIA_RELAY)
    recent.note_company("cam", "x", SECOND, Purpose.PUSH)
    recent.note_company("cam", "y", 0, Purpose.PUSH)
    assert recent.is_friend("cam", "x")
    assert not recent.is_friend("cam", "y")
    assert not recent.is_friend("other", "x")


def test_a_camera_searches_from_eight_hosts_or_twelve_tcp_ports_on_for_two_minutes() -> None:
    recent = Recent()
    for number in range(12):
        assert not recent.is_searching("cam", "x", TCP, 1, SECOND)
        recent.note_vain("cam", "x", TCP, number, SECOND)
    assert recent.is_searching("cam", "x", TCP, 1, 121 * SECOND)
    assert not recent.is_searching("cam", "x", TCP, 1, 122 * SECOND)
    assert not recent.is_searching("cam", "x", Protocol.UDP, 1, SECOND)
    for number in range(8):
        assert not recent.is_searching("cam", "y", Protocol.UDP, 1, SECOND)
        recent.note_vain("cam", f"h{number}", Protocol.UDP, 1, SECOND)
    assert recent.is_searching("cam", "y", Protocol.UDP, 1, SECOND)
