"""The scenario runner itself: it has to fail where it should."""

from typing import Any

from tests.support.expect import Replayed, agrees, check

FLOW: dict[str, Any] = {
    "start": "2026-11-09T08:30:00Z",
    "scope": "outside",
    "protocol": "udp",
    "service": "ntp",
    "initiated_by": "camera",
    "outcome": "answered",
    "purpose": "ntp",
    "confidence": "high",
    "camera": {"ip": "10.20.3.11", "maker": "Hikvision", "kind": "camera"},
    "destination": {"ip": "203.107.6.88", "port": 123, "name": "time.ys7.com", "country": None},
    "orig": {"packets": 1},
    "resp": {"packets": 1},
    "evidence": [{"kind": "service", "value": "ntp"}, {"kind": "port", "value": "123"}],
}
RUN = Replayed(
    [FLOW], [], {"counters": {"decode": {"frames": 9, "stopped_arp": 3, "stopped_not_ip": 1}}}
)


def test_alternatives_stand_between_bars() -> None:
    assert agrees("ntp|dns", "dns")
    assert not agrees("ntp|dns", "d")


def test_empty_text_wants_absence_and_a_star_presence() -> None:
    assert agrees("", None)
    assert not agrees("", "CN")
    assert agrees("*", "CN")
    assert not agrees("*", None)


def test_one_item_of_a_list_has_to_agree() -> None:
    assert agrees({"evidence": {"kind": "port"}}, FLOW)
    assert not agrees({"evidence": {"kind": "port", "value": "53"}}, FLOW)


def test_a_right_scenario_gives_no_lines() -> None:
    scenario = {
        "totals": {"flows": 1, "outside": 1, "site": 0, "findings": 0, "stopped": 4},
        "flows": [
            {"where": {"destination": {"port": 123}}, "count": 1, "expect": {"purpose": "ntp"}}
        ],
        "devices": [{"ip": "10.20.3.11", "expect": {"kind": "camera"}}],
    }
    assert check(scenario, RUN) == []


def test_each_difference_is_one_line_and_the_flows_follow() -> None:
    scenario = {
        "totals": {"outside": 2, "stopped": 3},
        "flows": [
            {"where": {"destination": {"port": 53}}, "count": 1},
            {"where": {"service": "ntp"}, "count": 1, "expect": {"destination": {"country": "CN"}}},
        ],
        "devices": [
            {"ip": "10.20.3.11", "expect": {"maker": "Dahua"}},
            {"ip": "10.20.3.12", "expect": {"maker": "Dahua"}},
        ],
    }
    assert check(scenario, RUN)[:7] == [
        "totals outside: want 2, have 1",
        "totals stopped: want 3, have 4",
        "flows 1 where destination.port=53: want 1, have 0",
        "flows 2 where service=ntp: destination.country: want 'CN', have None",
        "device 10.20.3.11: maker: want 'Dahua', have 'Hikvision'",
        "device 10.20.3.12: no flow of it",
        "flows of the replay:",
    ]


def test_a_total_that_nobody_counts_is_a_difference() -> None:
    assert check({"totals": {"alerts": 0}}, RUN)[0] == "totals alerts: want 0, have no such total"
