"""Intervals of several workers add up."""

import pytest

from monitor.coverage.parts import (
    MOST_CANARIES,
    CanarySighting,
    IntervalPart,
    Station,
    VlanCounts,
    merge_stations,
    vlan_label,
    vlan_text,
)


def test_counts_add_up_and_times_span_both() -> None:
    one = VlanCounts(frames=2, first_ns=50, last_ns=60, copies=1)
    one.add(VlanCounts(frames=3, first_ns=40, last_ns=55, copies=4))
    assert one == VlanCounts(frames=5, first_ns=40, last_ns=60, copies=5)
    one.add(VlanCounts())
    assert one.first_ns == 40


def test_nothing_and_something_is_something() -> None:
    one = VlanCounts()
    one.add(VlanCounts(frames=3, first_ns=40, last_ns=55))
    assert one == VlanCounts(frames=3, first_ns=40, last_ns=55)


def test_a_station_that_one_worker_heard_and_another_sent_to_is_one() -> None:
    heard = Station("10.0.0.1", "aa", 20, True, 10, 30, 4, 400, 0, 0)
    sent_to = Station("10.0.0.1", "aa", 20, False, 5, 90, 0, 0, 2, 200)
    assert merge_stations([sent_to, heard]) == [
        Station("10.0.0.1", "aa", 20, True, 5, 30, 4, 400, 2, 200)
    ]


def test_parts_merge_and_bound_their_canaries() -> None:
    def part(vlan: int) -> IntervalPart:
        return IntervalPart(
            start_ns=0,
            end_ns=60,
            vlans={vlan: VlanCounts(frames=1, first_ns=1, last_ns=1)},
            canaries=[CanarySighting(at, vlan, b"x") for at in range(200)],
            stations_left_out=1,
        )

    whole = part(20)
    whole.merge(part(30))
    assert sorted(whole.vlans, key=str) == [20, 30]
    assert (len(whole.canaries), whole.canaries_left_out) == (MOST_CANARIES, 144)
    assert (whole.frames, whole.stations_left_out) == (2, 2)


@pytest.mark.parametrize(
    "plain",
    [
        {},
        {"start_ns": 0, "end_ns": 1, "vlans": [[20, 1]], "stations": [], "canaries": []},
        {"start_ns": 0, "end_ns": 1, "vlans": 7, "stations": [], "canaries": []},
        {"start_ns": "x", "end_ns": 1, "vlans": [], "stations": [], "canaries": []},
    ],
)
def test_a_broken_message_is_refused(plain: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        IntervalPart.from_plain(plain)


def test_vlans_have_names() -> None:
    assert [vlan_text(20), vlan_text(None)] == ["VLAN 20", "untagged frames"]
    assert [vlan_label(20), vlan_label(None)] == ["20", "untagged"]
